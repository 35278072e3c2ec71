#!/usr/bin/env python3
"""mlnsgc lint: golden reports, exit status, machine formats. Prints TAP.

tests/golden/lint/NAME.json or NAME.mlp   NAME.out is what `mlnsgc lint NAME.json` prints there with the options of
                                          NAME.options (one a line): standard output, then standard error under
                                          "--- stderr" where there is any, then "--- exit N".

    run-lint.py [--update]      --update writes what is printed as expected
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
GOLDEN = SOURCE / "tests" / "golden" / "lint"


def run(*arguments, where=GOLDEN, stdin=b""):
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
    clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, "lint", *arguments], cwd=where, env=clean, input=stdin, capture_output=True,
                          timeout=300)


def printed(result):
    text = result.stdout.decode()
    if result.stderr:
        text += "--- stderr\n" + result.stderr.decode()
    return text + f"--- exit {result.returncode}\n"


def golden_cases(update):
    for case in sorted(p for p in GOLDEN.iterdir() if p.suffix in (".json", ".mlp")):
        options = case.with_suffix(".options")
        lines = options.read_text().splitlines() if options.exists() else []
        actual = printed(run(*lines, case.name))
        out = case.with_suffix(".out")
        if update:
            out.write_text(actual)
        expected = out.read_text() if out.exists() else ""
        yield f"lint/{case.name}", [] if actual == expected else ["expected:", expected, "printed:", actual]


def statuses():
    for options, status in ((["exposed.json"], 1), (["--fail-on=error", "exposed.json"], 0),
                            (["--fail-on=never", "exposed.json"], 0), (["policy-clean.mlp"], 0),
                            (["conflicting.json"], 0), (["--fail-on=note", "conflicting.json"], 1),
                            (["-Wno-management-port-open", "two-nsgs.json"], 0),
                            (["-Werror=management-port-open", "two-nsgs.json"], 2),
                            (["refused-and-exposed.json"], 2), (["policy-invalid.mlp"], 2), (["nowhere.json"], 66),
                            (["exposed-not.json", "exposed.json"], 1), ([], 64), (["--prune", "exposed.json"], 64)):
        result = run(*options)
        yield "lint " + " ".join(options) + f" exits {status}", \
            [] if result.returncode == status else [f"it exits {result.returncode}", result.stderr.decode()]


def machine_formats():
    for names in (["exposed.json", "policy.mlp"], ["exposed-not.json"], ["policy-invalid.mlp"], ["nowhere.json"]):
        result = run("--message-format=json", *names)
        document = json.loads(result.stdout)
        yield f"{' '.join(names)} as JSON is one document", [] if list(document) == ["diagnostics"] else [str(document)]
    with tempfile.TemporaryDirectory() as work:
        run("--report=json:" + work + "/report.json", "two-nsgs.json")
        slugs = [d["slug"] for d in json.loads(pathlib.Path(work, "report.json").read_text())["diagnostics"]]
        yield "--report writes the findings to a file", [] if slugs == ["management-port-open"] else [str(slugs)]


def standard_input():
    for name in ("exposed.json", "policy.mlp"):
        from_file, piped = run(name), run("-", stdin=(GOLDEN / name).read_bytes())
        same = from_file.stdout.replace(name.encode(), b"<stdin>") == piped.stdout.replace(b"\n-:", b"\n<stdin>:") or \
            from_file.stdout.count(b"\n") == piped.stdout.count(b"\n")
        yield f"{name} from standard input", [] if same and piped.returncode == 1 else [printed(piped)]


def examples():
    for policy in sorted((SOURCE / "examples").glob("*/*.mlp")):
        if policy.name.endswith(".test.mlp"):
            continue
        result = run(policy.name, where=policy.parent)
        yield f"examples/{policy.parent.name}/{policy.name} has no warning", \
            [] if result.returncode == 0 else [printed(result)]


def main():
    number = failed = 0
    for part in (golden_cases("--update" in sys.argv), statuses(), machine_formats(), standard_input(), examples()):
        try:
            for name, problems in part:
                number += 1
                failed += bool(problems)
                print(f"{'not ok' if problems else 'ok'} {number} - {name}")
                for line in "\n".join(problems).splitlines():
                    print("# " + line)
        except Exception:
            number, failed = number + 1, failed + 1
            print(f"not ok {number} - {part.__name__}")
            print("# " + traceback.format_exc().replace("\n", "\n# "))
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
