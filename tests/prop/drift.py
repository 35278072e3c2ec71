#!/usr/bin/env python3
"""Random policies against what they compile to, and against the same with network interfaces. Prints TAP.

    drift.py [--seed N] [--count N] --binary mlnsgc

A policy must have no difference with its own template and its own NSGs as JSON, by `diff` in both directions and by `verify`.
With random network interfaces in the template, which have NSGs and application security groups of their own, `verify`, which
has its places from the policy, must find the packets that `diff` finds, which has them from the template (that diff finds the
right ones is what interfaces.py is for)."""

import argparse
import importlib.util
import ipaddress
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
ID = "[resourceId('Microsoft.Network/%s', %s)]"


def templates_of(binary):
    """The random topologies of check-template.py."""
    os.environ["MLNSGC"] = binary
    sys.path[:0] = [str(TESTS), str(TESTS / "prop")]
    spec = importlib.util.spec_from_file_location("check_template", TESTS / "check-template.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(binary, *arguments):
    result = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    return result.returncode, result.stdout, result.stderr


# --- the policy's own ---

def own(binary, policy, box):
    nsgs = [json.loads(path.read_text()) for path in sorted((box / "out").glob("*.nsg.json"))]
    (box / "nsgs.json").write_text(json.dumps(nsgs))
    template, alone = box / "out" / "azuredeploy.json", box / "nsgs.json"
    for arguments in (["diff", policy, template], ["diff", template, policy], ["diff", policy, alone], ["diff", alone, policy],
                      ["verify", policy, "--live=%s" % template], ["verify", policy, "--live=%s" % alone]):
        code, out, err = run(binary, *arguments)
        if code or "no difference in permitted traffic; rules: no difference\n" not in out:
            yield "%s: exit %d: %s" % (" ".join(map(str, arguments)), code, out + err)


# --- with interfaces ---

def random_rules(rng, asgs):
    sides = ["*", "*", "VirtualNetwork", "Internet", "10.0.0.0/16", "10.1.0.0/24", "10.0.1.7"]
    for number in range(rng.choice([0, 1, 1, 2, 4])):
        properties = {"priority": 100 + number, "direction": rng.choice(["Inbound", "Outbound"]),
                      "access": rng.choice(["Allow", "Deny"]), "protocol": rng.choice(["*", "Tcp", "Udp"]),
                      "sourcePortRange": "*", "destinationPortRange": rng.choice(["*", "443", "0-1023"])}
        for end in ("source", "destination"):
            if asgs and rng.random() < 0.2:
                properties[end + "ApplicationSecurityGroups"] = [{"id": ID % ("applicationSecurityGroups", "'%s'" % rng.choice(asgs))}]
            else:
                properties[end + "AddressPrefix"] = rng.choice(sides)
        yield {"name": "r%d" % number, "properties": properties}


def random_interfaces(rng, document):
    """New resources; an address is one of the subnet's, or not told."""
    subnets = [(network["name"], subnet) for network in document["resources"] if network["type"].endswith("/virtualNetworks")
               for subnet in network["properties"].get("subnets", [])]
    asgs = [r["name"] for r in document["resources"] if r["type"].endswith("/applicationSecurityGroups")]
    taken = set()
    for number in range(rng.choice([1, 1, 2, 3]) if subnets else 0):
        network, subnet = rng.choice(subnets)
        fields = subnet["properties"]
        prefixes = fields.get("addressPrefixes") or [fields["addressPrefix"]]
        prefix = ipaddress.ip_network(rng.choice(prefixes))
        address = prefix[rng.choice([4, 5, 7, 9])]
        ip = {"subnet": {"id": ID % ("virtualNetworks/subnets", "'%s', '%s'" % (network, subnet["name"]))},
              "privateIPAddressVersion": "IPv%d" % prefix.version}
        if rng.random() < 0.7 and address not in taken:
            ip.update(privateIPAllocationMethod="Static", privateIPAddress=str(address))
            taken.add(address)
        mine = [asg for asg in asgs if rng.random() < 0.4]
        if mine:
            ip["applicationSecurityGroups"] = [{"id": ID % ("applicationSecurityGroups", "'%s'" % name)} for name in mine]
        properties = {"ipConfigurations": [{"name": "a", "properties": ip}]}
        if rng.random() < 0.8:
            name = "own-%d" % number
            properties["networkSecurityGroup"] = {"id": ID % ("networkSecurityGroups", "'%s'" % name)}
            yield {"type": "Microsoft.Network/networkSecurityGroups", "apiVersion": "2023-09-01", "name": name,
                   "location": "westeurope", "properties": {"securityRules": list(random_rules(rng, asgs))}}
        yield {"type": "Microsoft.Network/networkInterfaces", "apiVersion": "2023-09-01", "name": "vm%d" % number,
               "location": "westeurope", "properties": properties}


def packets(flows):
    """The boxes of a report, whatever rows they stand in; families and unknown sets apart."""
    out = set()
    for flow in flows:
        for box in flow["boxes"]:
            for protocol in box["protocols"]:
                out.add(json.dumps([flow["change"], flow.get("undecidedBy"), protocol, box["family"], box["source"],
                                    box["destination"]], sort_keys=True))
    return out


def interfaces(binary, rng, policy, box):
    template = box / "out" / "azuredeploy.json"
    document = json.loads(template.read_text())
    added = list(random_interfaces(rng, document))
    document["resources"] += added
    live = box / "live.json"
    live.write_text(json.dumps(document))
    found = []
    for arguments in (["diff", "--format=json", policy, live], ["verify", "--format=json", policy, "--live=%s" % live]):
        code, out, err = run(binary, *arguments)
        if code > 1:
            yield "%s: exit %d: %s" % (arguments[0], code, err)
            return
        found.append(json.loads(out))
    diff, verify = (packets(report["flows"]) for report in found)
    if diff != verify:
        yield "%s\n diff alone %s\n verify alone %s" % (policy, "\n".join(sorted(diff - verify)), "\n".join(sorted(verify - diff)))
    if any("networkSecurityGroup" in r["properties"] for r in added) and found[1]["traffic"] != "differs":
        yield "%s: an NSG of an interface is no drift" % policy
    counts["flows"] += bool(diff)
    counts["undecided"] += any("undecidedBy" in flow for flow in found[1]["flows"])


counts = {"flows": 0, "undecided": 0}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=15 if os.environ.get("MLN_SANITIZED") else 60)
    arguments.add_argument("--binary", default=os.environ.get("MLNSGC", "mlnsgc"))
    arguments = arguments.parse_args()
    arguments.binary = str(pathlib.Path(arguments.binary).resolve())
    make, problems, drift, done = templates_of(arguments.binary), [], [], 0
    import generate
    with tempfile.TemporaryDirectory() as work:
        for number in range(arguments.count):
            rng, box = random.Random(arguments.seed * 1000003 + number), pathlib.Path(work, str(number))
            box.mkdir()
            world = generate.Generator(rng).make()
            text, result = make.accepted(make.Topology(rng, world).make(), box, [])
            if text is None or result.returncode or not (box / "out" / "azuredeploy.json").exists() or \
                    (box / "out" / "azuredeploy.order").exists():
                continue
            done += 1
            problems += ["policy %d: %s" % (number, p) for p in own(arguments.binary, box / "policy.mlp", box)]
            drift += ["policy %d: %s" % (number, p) for p in interfaces(arguments.binary, rng, box / "policy.mlp", box)]
    if arguments.count >= 40 and not (counts["flows"] and counts["undecided"]):
        drift.append("nothing was found: %r" % counts)
    failed = False
    for at, (name, wrong) in enumerate((("%d policies against what they compile to, seed %d" % (done, arguments.seed), problems),
                                        ("interfaces: verify finds what diff finds %r" % counts, drift)), 1):
        print("%s %d - %s" % ("not ok" if wrong else "ok", at, name))
        print("".join("# %s\n" % line for p in wrong[:5] for line in p.splitlines()), end="")
        failed |= bool(wrong)
    print("1..2")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
