#!/usr/bin/env python3
"""The catalogue of diagnostics is in order, and a test shows each one. Prints TAP.

A diagnostic is shown by a golden case whose expected output carries "[MLPcode slug]", or by a test that names its slug
or identifier: some need two files, an option, or a disk that is full."""

import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
# No input can show these: they tell of a fault in mlnsgc itself, or of a machine without memory.
UNREACHABLE = {"proof-failed", "proof-gave-up", "too-complex", "lint-gave-up"}
ENTRY = re.compile(r'MLN_DIAG\((\w+),\s*"(\d{4})",\s*(MLN_\w+),\s*"([^"]+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)')


def texts(*patterns):
    return "\n".join(path.read_text(errors="replace") for pattern in patterns
                     for path in sorted((SOURCE / "tests").glob(pattern)) if path.is_file())


def main():
    catalogue = (SOURCE / "src/diag/diag.def").read_text()
    entries = ENTRY.findall(catalogue)
    golden = texts("golden/**/*.out", "golden/**/out", "golden/**/stderr", "golden/**/*.console")
    tests = texts("unit/*.c", "run-*.py", "conformance/*.py")
    results = [("every entry is read", len(entries) == len(re.findall(r"^MLN_DIAG\(", catalogue, re.M))),
               ("codes ascend", [e[1] for e in entries] == sorted({e[1] for e in entries})),
               ("slugs are unique", len({e[3] for e in entries}) == len(entries))]
    for identifier, code, _, slug, explanation in entries:
        explanation = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', explanation))
        results.append((f"{code} {slug} is explained", len(explanation) > 40 and explanation.endswith((".", ")"))))
        shown = f"[MLP{code} {slug}]" in golden or \
            re.search(rf"\bMLN_D_{identifier}\b|\b{slug}\b", tests)
        if slug not in UNREACHABLE:
            results.append((f"{code} {slug} is shown by a test", bool(shown)))
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    print(f"1..{len(results)}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
