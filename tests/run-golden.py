#!/usr/bin/env python3
"""Golden tests. A case is an input with what is expected beside it; adding a case is adding files.

errors/NAME.mlp       NAME.out is what `mlnsgc check --message-format=short NAME.mlp` prints there; exit 2.
                      `compile` of it must also fail, write no file and stay silent on standard output.
                      NAME.options may hold options, one a line.
errors/NAME/          the same for a policy that needs files beside it: NAME/policy.mlp, NAME/out.
compile/NAME/         policy.mlp is compiled with the lines of `options` (if any) into the files of expected/,
                      with `stderr` (default: nothing) and `exit` (default: 0). It is compiled twice, in
                      different directories, locales and time zones; the bytes must be the same. Also, no
                      expected file exists when `exit` is not 0.
help/NAME.out         what `mlnsgc NAME` prints, where '+' in NAME stands for a blank.

    run-golden.py [--update] [CASE...]      prints TAP; --update writes what is printed as expected
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
GOLDEN = SOURCE / "tests" / "golden"
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
TODAY = "1893456000"  # 2030-01-01, so that no case expires by itself


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for line in "\n".join(problems).splitlines():
            print("# " + line)


def run(arguments, cwd, **environment):
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": TODAY}
    clean.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
    clean.update(environment)
    return subprocess.run([MLNSGC] + arguments, cwd=cwd, env=clean, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=300)


def read(path, default=b""):
    return path.read_bytes() if path.exists() else default


def options_of(path):
    return [line for line in read(path).decode().splitlines() if line and not line.startswith("#")]


def diff(what, expected, actual):
    if expected == actual:
        return []
    with tempfile.TemporaryDirectory() as where:
        old, new = pathlib.Path(where, "expected"), pathlib.Path(where, "actual")
        old.write_bytes(expected)
        new.write_bytes(actual)
        text = subprocess.run(["diff", "-u", "-a", str(old), str(new)], capture_output=True).stdout
    return [what + " differs"] + text.decode(errors="replace").splitlines()[2:60]


def expect(what, path, actual, update):
    if update:
        path.write_bytes(actual)
        return []
    if not path.exists():
        return [f"{path.name} is missing; --update writes it:"] + actual.decode(errors="replace").splitlines()
    return diff(what, path.read_bytes(), actual)


def status(expected, result):
    if result.returncode == expected:
        return []
    return [f"exit {result.returncode}, expected {expected}"] + result.stderr.decode(errors="replace").splitlines()


def fails_silently(policy, options, where):
    """The policy does not compile, and leaves nothing behind."""
    with tempfile.TemporaryDirectory() as output:
        result = run(["compile", "--message-format=short", "-o", output + "/out"] + options + [policy.name], where)
        problems = status(2, result)
        if os.path.exists(output + "/out"):
            problems.append("compile left output behind")
        if result.stdout:
            problems.append("compile printed on standard output")
    return problems


def error_case(policy, out, options, update):
    result = run(["check", "--message-format=short"] + options + [policy.name], policy.parent)
    problems = expect("output", out, result.stdout, update) + status(2, result)
    if result.stderr:
        problems += ["standard error is not empty"] + result.stderr.decode(errors="replace").splitlines()
    if b"error: " not in result.stdout:
        problems.append("no error was reported")
    return problems + fails_silently(policy, options, policy.parent)


def files_in(directory):
    if not directory.is_dir():
        return {}
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in sorted(directory.rglob("*")) if path.is_file()}


def compile_case(case, update):
    options = options_of(case / "options")
    wanted = int(read(case / "exit", b"0"))
    with tempfile.TemporaryDirectory() as where:
        first, second = pathlib.Path(where, "a", "out"), pathlib.Path(where, "another", "one")
        result = run(["compile", "-o", str(first)] + options + ["policy.mlp"], case)
        copy = pathlib.Path(where, "copy")
        shutil.copytree(case, copy)
        again = run(["compile", "-o", str(second)] + options + ["policy.mlp"], copy, LC_ALL="tr_TR.UTF-8",
                    LANG="tr_TR.UTF-8", TZ="Pacific/Kiritimati")
        made, made_again = files_in(first), files_in(second)
    problems = status(wanted, result) + diff("standard output", b"", result.stdout)
    if (made, result.stderr, result.returncode) != (made_again, again.stderr, again.returncode):
        problems.append("another directory, locale and time zone give other bytes")
    if result.stderr or (case / "stderr").exists():
        problems += expect("standard error", case / "stderr", result.stderr, update)
    expected = case / "expected"
    if update:
        shutil.rmtree(expected, ignore_errors=True)
        for name, data in made.items():
            (expected / name).parent.mkdir(parents=True, exist_ok=True)
            (expected / name).write_bytes(data)
        return problems
    known = files_in(expected)
    problems += [f"{name} was not written" for name in known if name not in made]
    problems += [f"{name} is not expected" for name in made if name not in known]
    for name in known:
        if name in made:
            problems += diff(name, known[name], made[name])
    return problems


def help_case(out, update):
    result = run(out.stem.split("+"), GOLDEN)
    return expect("output", out, result.stdout, update) + status(0, result)


def cases():
    for policy in sorted((GOLDEN / "errors").glob("*.mlp")):
        yield (f"errors/{policy.stem}", lambda update, p=policy: error_case(
            p, p.with_suffix(".out"), options_of(p.with_suffix(".options")), update))
    for policy in sorted((GOLDEN / "errors").glob("*/policy.mlp")):
        yield (f"errors/{policy.parent.name}", lambda update, p=policy: error_case(
            p, p.parent / "out", options_of(p.parent / "options"), update))
    for policy in sorted((GOLDEN / "compile").glob("*/policy.mlp")):
        yield f"compile/{policy.parent.name}", lambda update, p=policy: compile_case(p.parent, update)
    for out in sorted((GOLDEN / "help").glob("*.out")):
        yield f"help/{out.stem}", lambda update, o=out: help_case(o, update)


def main(arguments):
    update = "--update" in arguments
    chosen = [argument for argument in arguments if argument != "--update"]
    tap = Tap()
    for name, case in cases():
        if not chosen or any(name == word or name.startswith(word.rstrip("/") + "/") for word in chosen):
            try:
                tap.result(name, case(update))
            except (OSError, ValueError, subprocess.TimeoutExpired) as error:
                tap.result(name, [str(error)])
    if tap.count == 0:
        tap.result("there are cases", ["no case found"])
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
