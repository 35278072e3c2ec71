#!/usr/bin/env python3
"""What compile writes, read back as if others had deployed it. Prints TAP.

Of every example the rules in azuredeploy.json are those of the NSG JSON, each governed subnet of the template is bound to
its NSG, and verify finds no drift between the policy and its own template."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
BUILD = pathlib.Path(os.environ.get("builddir", ".")).resolve()
DUMP = pathlib.Path(os.environ.get("DUMP_IMPORT", BUILD / "tests/conformance/dump_import"))
COMMAND = os.environ.get("MLNSGC", str(BUILD / "mlnsgc"))
TODAY = ["--today=2026-06-30"]
RESULTS = []


def check(name, good, detail=""):
    RESULTS.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(RESULTS)} - {name}")
    if not good:
        for line in str(detail).splitlines()[:8]:
            print(f"# {line[:600]}")


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, timeout=120, check=False)


def dump(*paths):
    return [json.loads(line) for line in run(DUMP, *paths).stdout.splitlines()]


def bound(template):
    """Names of the NSGs that the template's own text binds to subnets: counted without our reader."""
    count = 0
    for resource in template["resources"]:
        subnets = resource.get("properties", {}).get("subnets", []) if resource["type"].endswith("/virtualNetworks") else \
            [resource] if resource["type"].endswith("/subnets") else []
        count += sum("networkSecurityGroup" in s.get("properties", {}) for s in subnets)
    return count


def test_example(policy, directory):
    name = policy.relative_to(SOURCE)
    done = run(COMMAND, "compile", *TODAY, "--emit=nsg,arm", "-o", directory, policy)
    template = directory / "azuredeploy.json"
    own = sorted(directory.glob("*.nsg.json"))
    if done.returncode != 0 or not template.exists() or not own:
        return False
    read, rules = dump(template)[0], {n["name"]: n["rules"] for d in dump(*own) for n in d["nsgs"]}
    check(f"{name}: the template has the same rules", {n["name"]: n["rules"] for n in read["nsgs"]} == rules and
          not read["diagnostics"], read["diagnostics"])
    bindings = sum(s["nsg"] >= 0 for n in read["networks"] for s in n["subnets"])
    check(f"{name}: {bindings} subnets are bound", bindings == bound(json.loads(template.read_text())) > 0)
    done = run(COMMAND, "verify", *TODAY, f"--live={template}", policy)
    check(f"{name}: no drift from its own template", done.returncode == 0, done.stdout.decode() + done.stderr.decode())
    return True


def main():
    if not DUMP.exists():
        print(f"1..0 # SKIP {DUMP} is not built")
        return 0
    count = 0
    for policy in sorted((SOURCE / "examples").glob("**/*.mlp")):
        if not policy.name.endswith(".test.mlp"):
            with tempfile.TemporaryDirectory() as directory:
                count += test_example(policy, pathlib.Path(directory) / "out")
    check(f"{count} examples were compiled", count >= 3)
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
