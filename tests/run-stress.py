#!/usr/bin/env python3
"""Inputs built to blow packet sets up end in an answer, or in a message that says what was given up. Prints TAP.

Each is made by tests/bench/gen_stress.py. A run that takes more than SECONDS of processor time or MEGABYTES fails; the
bounds are wide, since the same runs under sanitizers take ten times as long.
"""

import os
import pathlib
import resource
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
GENERATOR = SOURCE / "tests" / "bench" / "gen_stress.py"
SECONDS, MEGABYTES = 60, 1500

# shape, size, command, exit statuses, texts that must be there
POLICIES = [
    ("overrides", 300, "check", (0, 2), []),
    ("ladder", 200, "check", (0,), []),
    ("ranges", 400, "check", (0, 2), []),
    ("tags", 200, "check", (0, 2), []),
    ("excepts", 60, "check", (2,), ["no order of the outbound rules of zone 'web'"]),
    ("excepts", 200, "check", (2,), ["gave up looking for an order", "[MLP0329 findings-gave-up]"]),
    ("groups", 200, "check", (0, 2), []),      # names few groups, but each of them often
    ("anys", 300, "check", (0, 2), []),
    ("six", 300, "check", (0, 2), []),
    ("appliance", 100, "check", (0,), []),
    ("appliance", 60, "reach", (0,), []),
]
NSGS = [
    ("firewall", 1000, "lint", (1,), []),
    ("boxes", 1000, "lint", (1,), []),
    ("tagged", 1000, "lint", (1,), []),
    ("firewall", 1000, "reach", (0,), []),
    ("boxes", 400, "reach", (0,), []),
    ("tagged", 400, "reach", (0,), []),
]
DIFFERENCES = [
    ("firewall", 1000, (1,), ["there are more differences than are listed"]),
    ("boxes", 1000, (1,), []),
    ("tagged", 200, (1,), []),
]


def generate(shape, size):
    return subprocess.run([sys.executable, str(GENERATOR), shape, "--size", str(size)], capture_output=True,
                          check=True).stdout


def bounded():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))


def run(folder, *arguments):
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
    clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, *arguments], cwd=folder, env=clean, capture_output=True, preexec_fn=bounded)


def complaints(result, statuses, texts):
    said = (result.stdout + result.stderr).decode("utf-8", "replace")
    wrong = [] if result.returncode in statuses else [f"it exits {result.returncode}", said[-2000:]]
    wrong += [f"not said: {text}" for text in texts if text not in said]
    wrong += ["it speaks of a fault" for word in ("fault in mlnsgc", "Sanitizer") if word in said]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return wrong + ([f"{peak} MB"] if peak > MEGABYTES and not os.environ.get("MLN_SANITIZED") else [])


def cases(folder):
    for shape, size, command, statuses, texts in POLICIES + NSGS:
        name = "input.json" if (shape, size, command, statuses, texts) in NSGS else "input.mlp"
        (folder / name).write_bytes(generate(shape, size))
        yield f"{command} of {shape}, {size}", complaints(run(folder, command, name), statuses, texts)
    for shape, size, statuses, texts in DIFFERENCES:
        (folder / "old.json").write_bytes(generate(shape, size))
        (folder / "new.json").write_bytes(generate("edited-" + shape, size))
        yield f"diff of {shape}, {size}", complaints(run(folder, "diff", "old.json", "new.json"), statuses, texts)


def main():
    failed = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for count, (name, wrong) in enumerate(cases(pathlib.Path(folder)), 1):
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {count} - {name}", flush=True)
            for line in "\n".join(wrong).splitlines():
                print("#", line)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
