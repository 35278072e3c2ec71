#!/usr/bin/env python3
"""mlnsgc query and reach: golden answers. Prints TAP.

tests/golden/query/NAME.console   lines `$ COMMAND` are run by the shell there; the lines below each are its output,
                                  standard error included, and `[exit N]` where the status is not 0.

    run-query.py [--update] [NAME]...     --update writes what is printed as expected
"""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve()
GOLDEN = SOURCE / "tests" / "golden" / "query"


def run(command, where=GOLDEN):
    clean = {"PATH": "%s:%s" % (MLNSGC.parent, os.environ["PATH"]), "SOURCE_DATE_EPOCH": "1893456000",
             "LC_ALL": "C.UTF-8"}
    clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
    done = subprocess.run(command, shell=True, cwd=where, env=clean, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.stdout.decode() + ("[exit %d]\n" % done.returncode if done.returncode else "")


def commands(text):
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def manual_examples():
    """What the EXAMPLES of mlnsgc(1) say of these commands runs on the policy that README.md begins with; what Azure
    would be asked for is an NSG from a file."""
    page = (SOURCE / "man" / "mlnsgc.1").read_text()
    policy = re.search(r"^```mlp\n(.*?)^```$", (SOURCE / "README.md").read_text(), re.M | re.S)[1]
    with tempfile.TemporaryDirectory() as where:
        pathlib.Path(where, "policy.mlp").write_text(policy)
        nsg = GOLDEN / "web.nsg.json"
        for line in re.findall(r"^\.Dl (.*mlnsgc (?:query|reach) .*)$", page, re.M):
            command = re.sub(r"^az network nsg show \.\.\.", "cat '%s'" % nsg, line.replace("\\-", "-"))
            yield line, run(command, where)


def long_list():
    """1,000 rules, as many as Azure takes, that cut private addresses and ports at random."""
    rng = random.Random(5)

    def prefix():
        length = rng.choice([8, 12, 16, 20, 24, 28, 32])
        value = (10 << 24 | rng.getrandbits(24)) >> (32 - length) << (32 - length)
        return "%d.%d.%d.%d/%d" % (value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255, length)

    def port():
        low = rng.randrange(65536)
        return "%d-%d" % (low, min(65535, low + rng.choice([0, 10, 1000, 20000])))
    rules = [{"name": "r%d" % i, "properties": {
        "priority": 100 + i, "direction": "Inbound", "access": rng.choice(["Allow", "Deny"]), "protocol": rng.choice(["Tcp", "Udp", "*"]),
        "sourceAddressPrefix": prefix(), "destinationAddressPrefix": prefix(), "sourcePortRange": port() if rng.random() < 0.3 else "*",
        "destinationPortRanges": [port() for _ in range(3)]}} for i in range(1000)]
    return {"name": "long", "properties": {"securityRules": rules}}


def long_answers():
    """What is asked about little is answered, and all of it fits into memory."""
    limit = "" if os.environ.get("MLN_SANITIZED") else "ulimit -v 3000000; "
    with tempfile.TemporaryDirectory() as where:
        pathlib.Path(where, "long.json").write_text(json.dumps(long_list()))
        for ends, verdict in (("--from=8.8.8.8 --to=long", "denied"), ("--from=Storage --to=long", "denied"),
                              ("--from=10.1.2.3 --to=long", "mixed")):
            got = run(limit + "mlnsgc query -q %s long.json" % ends, where)
            yield "a long list: query " + ends, got.startswith(verdict + ":"), got
        got = run(limit + "mlnsgc reach long.json | wc -l", where)
        yield "a long list: reach", got == "3\n", got


def main():
    update = "--update" in sys.argv
    names = [a for a in sys.argv[1:] if a != "--update"]
    count = failed = 0
    for path in sorted(GOLDEN.glob("*.console")):
        if names and path.stem not in names:
            continue
        made = []
        for command, expected in commands(path.read_text()):
            got = run(command)
            made.append("$ %s\n%s" % (command, got))
            count += 1
            good = update or got == expected
            failed += not good
            print("%s %d - %s: %s" % ("ok" if good else "not ok", count, path.stem, command.replace("#", "\\#")))
            if not good:
                print(re.sub("^", "# ", "expected:\n%sgot:\n%s" % (expected, got), flags=re.M))
        if update:
            path.write_text("".join(made))
    examples = [] if names or update else list(manual_examples())
    for command, got in examples:
        count += 1
        good = "[exit" not in got
        failed += not good
        print("%s %d - manual page: %s" % ("ok" if good else "not ok", count, command))
        if not good:
            print(re.sub("^", "# ", got, flags=re.M))
    if not names and not update and len(examples) < 3:
        count, failed = count + 1, failed + 1
        print("not ok %d - the manual page has examples of query and reach" % count)
    for name, good, got in [] if names or update else long_answers():
        count, failed = count + 1, failed + (not good)
        print("%s %d - %s" % ("ok" if good else "not ok", count, name))
        if not good:
            print(re.sub("^", "# ", got[:2000], flags=re.M))
    print("1..%d" % count)
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
