#!/usr/bin/env python3
"""Compares what each errors/sem-*.mlp says of itself with the .out beside it.

The first line of a case is a comment that was written before the compiler's answer was seen:

    # expect: [warning|note] SLUG LINE:COLUMN{, SLUG LINE:COLUMN}

`-` for the place means anywhere. Every expected finding must be in the output, and no error besides.
Prints TAP; the exit status is 0 when every case agrees.
"""
import pathlib
import re
import sys

MESSAGE = re.compile(r"^[^:\n]+:(\d+):(\d+): (error|warning|note): .*\[MLP\d{4} ([a-z0-9-]+)\]$", re.M)
EXPECT = re.compile(r"^(?:(error|warning|note) )?([a-z0-9-]+) (\d+:\d+|-)$")


def expected(source):
    first = source.read_text(encoding="utf-8").splitlines()[0]
    if not first.startswith("# expect: "):
        raise ValueError("no expectation on the first line")
    out = []
    for part in first[len("# expect: "):].split(", "):
        found = EXPECT.match(part)
        if not found:
            raise ValueError("cannot read " + part)
        out.append((found[1] or "error", found[2], found[3]))
    return out


def reported(text):
    return [(m[3], m[4], "%s:%s" % (m[1], m[2])) for m in MESSAGE.finditer(text)]


def problems(source):
    out = source.with_suffix(".out")
    if not out.exists():
        return [out.name + " is missing"]
    wanted = expected(source)
    left = reported(out.read_text(encoding="utf-8"))
    bad = []
    for severity, slug, place in wanted:
        match = next((g for g in left if g[:2] == (severity, slug) and place in ("-", g[2])), None)
        if match:
            left.remove(match)
        else:
            bad.append("expected %s %s at %s" % (severity, slug, place))
    return bad + ["also %s %s at %s" % g for g in left if bad or g[0] == "error"]


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "errors")
    failed = 0
    cases = sorted(folder.glob("sem-*.mlp"))
    for number, source in enumerate(cases, 1):
        bad = problems(source)
        failed += bool(bad)
        print("%sok %d - %s" % ("not " if bad else "", number, source.stem))
        for line in bad:
            print("# " + line)
    print("1..%d" % len(cases))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
