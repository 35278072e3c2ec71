#!/usr/bin/env python3
"""Runs what README.md shows: its policies become files, its console blocks are run and compared. Prints TAP.

A block ```mlp NAME is written to NAME (policy.mlp without one). In a ```console block a line `$ COMMAND` is run by the
shell, and the lines below it are its output, standard error included."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve()


def blocks(text):
    for kind, argument, body in re.findall(r"^```(mlp|console)(?: (\S+))?\n(.*?)^```$", text, re.M | re.S):
        yield kind, argument, body


def commands(body):
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def main():
    count = failed = 0
    with tempfile.TemporaryDirectory() as where:
        environment = dict(os.environ, PATH=f"{MLNSGC.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                           SOURCE_DATE_EPOCH="1893456000")
        for kind, argument, body in blocks((SOURCE / "README.md").read_text()):
            if kind == "mlp":
                pathlib.Path(where, argument or "policy.mlp").write_text(body)
                continue
            for command, expected in commands(body):
                result = subprocess.run(command, shell=True, cwd=where, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
                good = result.stdout == expected
                count += 1
                failed += not good
                print(f"{'ok' if good else 'not ok'} {count} - {command}")
                if not good:
                    print("# expected:\n" + re.sub("^", "#   ", expected, flags=re.M))
                    print("# got:\n" + re.sub("^", "#   ", result.stdout, flags=re.M))
    print(f"1..{count}")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
