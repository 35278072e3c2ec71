#!/usr/bin/env python3
"""mlnsgc test: golden reports, the machine formats, selection, coverage, exit status. Prints TAP.

tests/golden/test/NAME.mlp   NAME.out is what `mlnsgc test NAME.mlp` prints there with the options of NAME.options (one a
                             line): standard output, then standard error under "--- stderr" where there is any, then
                             "--- exit N".

    run-test-command.py [--update]      --update writes what is printed as expected
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree as ElementTree

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
GOLDEN = SOURCE / "tests" / "golden" / "test"

POLICY = """network lab 10.0.0.0/16 {
    zone web 10.0.1.0/24
    zone data 10.0.2.0/24
}
allow https from web to data as to-data
allow ssh from data to web as back
assert allow https from web to data
assert deny rdp from any to any
"""
FAILS = POLICY + 'assert deny https from web to data because "a & b < c"\n'
BROKEN = POLICY + "allow https from webb to data\n"

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Box:
    """A directory of its own, and runs of mlnsgc in it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        for name, text in (("good.mlp", POLICY), ("fails.mlp", FAILS), ("broken.mlp", BROKEN)):
            self.write(name, text)

    def write(self, name, text):
        (self.path / name).write_text(text)

    def run(self, *arguments, where=None):
        clean = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1893456000"}
        clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
        result = subprocess.run([MLNSGC, "test", *arguments], cwd=where or self.path, env=clean,
                                capture_output=True, timeout=120)
        self.out, self.err = result.stdout.decode(), result.stderr.decode()
        return result.returncode


def same(actual, expected):
    assert actual == expected, f"got {actual!r}, expected {expected!r}"


def within(part, whole):
    assert part in whole, f"no {part!r} in {whole!r}"


def points(text):
    return re.findall(r"^(ok|not ok) (\d+)", text, re.M)


@test
def all_hold(box):
    same(box.run("good.mlp"), 0)
    same((box.out, box.err), ("2 assertions: 2 hold\n", ""))
    same(box.run("-q", "good.mlp"), 0)
    same((box.out, box.err), ("", ""))


@test
def several_files_are_each_tested(box):
    same(box.run("good.mlp", "fails.mlp"), 1)
    within("fails.mlp:9:1: fails: assert deny https from web to data because \"a & b < c\"\n", box.out)
    within("5 assertions: 4 hold, 1 fails\n", box.out)
    same(box.run("good.mlp", "broken.mlp"), 2)
    within("2 assertions: 2 hold; 1 invalid policy\n", box.out)
    within("unknown-name", box.err)
    same(box.run("fails.mlp", "none.mlp"), 66)


@test
def a_file_that_imports_the_policy(box):
    box.write("good.test.mlp", 'import "good.mlp"\nassert allow ssh from data to web\n')
    same(box.run("good.test.mlp"), 0)
    same(box.out, "1 assertion: 1 holds\n")


@test
def nothing_to_test_is_2(box):
    box.write("empty.mlp", POLICY.split("assert")[0])
    same(box.run("empty.mlp"), 2)
    within("[MLP0601 no-assertion]", box.err)
    same(box.run("-k", "nothing-like-it", "good.mlp"), 2)
    within("[MLP0601 no-assertion]", box.err)
    same(box.run("empty.mlp", "good.mlp"), 0)


@test
def patterns_select(box):
    same(box.run("-k", "rdp", "fails.mlp"), 0)
    same(box.out, "1 assertion: 1 holds\n")
    same(box.run("-k", "assert deny*", "fails.mlp"), 1)
    within("2 assertions: 1 holds, 1 fails", box.out)
    same(box.run("-k", "rdp", "-k", "assert allow", "fails.mlp"), 0)
    within("2 assertions: 2 hold", box.out)


@test
def junit_is_one_document(box):
    for arguments, status, counts in ((["good.mlp"], 0, ("2", "0", "0")), (["fails.mlp", "good.mlp"], 1, ("5", "1", "0")),
                                      (["broken.mlp", "fails.mlp"], 2, ("4", "1", "1")),
                                      (["none.mlp"], 66, ("1", "0", "1")),
                                      (["--params=none", "good.mlp"], 66, ("1", "0", "1")),
                                      (["-k", "nothing-like-it", "good.mlp"], 2, ("0", "0", "0")),
                                      (["--threshold=60", "good.mlp"], 1, ("3", "1", "0"))):
        same((arguments, box.run("--format=junit", *arguments)), (arguments, status))
        root = ElementTree.fromstring(box.out)
        same((root.get("tests"), root.get("failures"), root.get("errors")), counts)
        same(str(len(list(root.iter("testcase")))), counts[0])
        same(str(len(list(root.iter("failure")))), counts[1])
    box.run("--format=junit", "fails.mlp")
    case = list(ElementTree.fromstring(box.out).iter("testcase"))[-1]
    same(case.get("name"), 'assert deny https from web to data because "a & b < c"')
    within("packet: tcp 10.0.1.", case.find("failure").text)
    same((case.get("file"), case.get("line")), ("fails.mlp", "9"))
    box.write("odd.mlp", FAILS.replace("a & b < c", "\ufffe\uffff\x85]]> &amp;"))
    same(box.run("--format=junit", "odd.mlp"), 1)
    within('because "<U+FFFE><U+FFFF><U+0085>]]> &amp;"', list(ElementTree.fromstring(box.out).iter("testcase"))[-1].get("name"))


@test
def an_invalid_policy_says_why(box):
    box.write("<two>.mlp", POLICY + "allow sssh from webb to data\n")
    why = {"broken.mlp": "broken.mlp:9:18: error: unknown name 'webb' [MLP0201 unknown-name]\n",
           "<two>.mlp": "<two>.mlp:9:7: error: unknown service 'sssh' [MLP0201 unknown-name]\n"
                        "<two>.mlp:9:17: error: unknown name 'webb' [MLP0201 unknown-name]\n",
           "none.mlp": "mlnsgc: error: cannot read 'none.mlp': No such file or directory [MLP0901 cannot-read]\n"}
    same(box.run("--format=junit", "good.mlp", *why), 66)
    suites = {suite.get("name"): suite for suite in ElementTree.fromstring(box.out).iter("testsuite")}
    same({name: suites[name].find("testcase/error").text for name in why}, why)
    same(box.run("--format=tap", *why), 66)
    same([line[2:] + "\n" for line in box.out.splitlines() if line.startswith("# ")], "".join(why.values()).splitlines(True))
    same(box.run("--format=junit", "--params=no", "good.mlp"), 66)
    within("cannot read 'no'", ElementTree.fromstring(box.out).find("testsuite/testcase/error").text)
    same(box.run("--format=junit", "--max-errors=1", "<two>.mlp"), 2)
    within("mlnsgc: note: 1 more error not shown\n", ElementTree.fromstring(box.out).find("testsuite/testcase/error").text)


@test
def tap_is_one_document(box):
    for arguments, status, results in ((["fails.mlp", "good.mlp"], 1, ["ok", "ok", "not ok", "ok", "ok"]),
                                       (["broken.mlp"], 2, ["not ok"]), (["-k", "no-such", "good.mlp"], 2, [])):
        same(box.run("--format=tap", *arguments), status)
        same([result for result, _ in points(box.out)], results)
        same([int(number) for _, number in points(box.out)], list(range(1, len(results) + 1)))
        within(f"\n1..{len(results)}\n", box.out)
        assert box.out.startswith("TAP version 13\n")


@test
def prove_reads_the_report(box):
    """The harness that most people run TAP with knows no version beyond 13."""
    if not shutil.which("prove"):
        return
    for name, good in (("good.mlp", True), ("fails.mlp", False)):
        done = subprocess.run(["prove", "--exec", MLNSGC + " test --format=tap", name], cwd=box.path, capture_output=True)
        assert b"Parse errors" not in done.stdout, done.stdout
        same(done.returncode == 0, good)


@test
def coverage_counts_intents(box):
    same(box.run("--coverage", "good.mlp"), 0)
    within("good.mlp:6:1: decides no assertion: allow ssh from data to web as back\n", box.out)
    within("1 of 2 intents decide some assertion (50%)\n", box.out)
    same(box.run("--threshold=50", "good.mlp"), 0)
    same(box.run("--threshold=51", "good.mlp"), 1)
    within("fewer than --threshold=51 asks for", box.out)


@test
def several_witnesses(box):
    box.write("two.mlp", POLICY + "allow ssh from web to data\nassert deny any from web to data\n")
    same(box.run("two.mlp"), 1)
    same(box.out.count("packet: "), 1)
    same(box.run("--witnesses=5", "-Wno-adds-nothing", "two.mlp"), 1)
    packets = re.findall(r"packet: (.*)", box.out)
    assert len(packets) == len(set(packets)) >= 1, packets


@test
def wrong_calls(box):
    for arguments in (["--witnesses=0", "good.mlp"], ["--threshold=101", "good.mlp"], ["--format=xml", "good.mlp"],
                      ["--prune", "good.mlp"], []):
        same((arguments, box.run(*arguments)), (arguments, 64))
        same(box.out, "")


@test
def assertions_of_the_examples_hold(box):
    for policy in sorted((SOURCE / "examples").glob("*/policy.mlp")):
        tags = ["--tags=ServiceTags_abridged.json"] if (policy.parent / "ServiceTags_abridged.json").exists() else []
        if "assert " in policy.read_text():
            same((policy.parent.name, box.run(*tags, "policy.mlp", where=policy.parent)), (policy.parent.name, 0))


@test
def two_hundred_zones_take_no_time(box):
    zones = "".join(f"    zone z{i} 10.0.{i}.0/24\n" for i in range(200))
    allows = "".join(f"allow https from z{i} to z{(i * 7 + 3) % 200}\n" for i in range(200))
    box.write("wide.mlp", "network n 10.0.0.0/16 {\n" + zones + "}\n" + allows +
              "assert deny ssh from Internet to any\nassert deny ssh from any to any\n")
    start = time.monotonic()
    same(box.run("--no-prove", "wide.mlp"), 0)
    assert time.monotonic() - start < (30 if os.environ.get("MLN_SANITIZED") else 5)


@test
def random_assertions_are_decided_as_packets_are(box):
    count = "5" if os.environ.get("MLN_SANITIZED") else "25"
    result = subprocess.run([sys.executable, str(SOURCE / "tests/prop/assertions.py"), "--count", count, "--binary",
                             MLNSGC], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]


def golden(policy, update):
    options = policy.with_suffix(".options")
    with tempfile.TemporaryDirectory() as where:
        box = Box(where)
        status = box.run(*(options.read_text().split("\n")[:-1] if options.exists() else []), policy.name,
                         where=policy.parent)
    actual = box.out + (f"--- stderr\n{box.err}" if box.err else "") + f"--- exit {status}\n"
    out = policy.with_suffix(".out")
    if update:
        out.write_text(actual)
    same(actual.splitlines(), out.read_text().splitlines())


def cases(update):
    for function in TESTS:
        yield function.__name__.replace("_", " "), function
    for policy in sorted(GOLDEN.glob("*.mlp")):
        yield f"golden {policy.stem}", lambda box, p=policy: golden(p, update)


def main():
    failed = count = 0
    for count, (name, function) in enumerate(cases("--update" in sys.argv), 1):
        with tempfile.TemporaryDirectory() as where:
            try:
                function(Box(where))
                print(f"ok {count} - {name}")
            except Exception:  # whatever it is, it is a failed test
                failed += 1
                print(f"not ok {count} - {name}")
                print("\n".join("# " + line for line in traceback.format_exc().splitlines()))
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
