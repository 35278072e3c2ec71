#!/usr/bin/env python3
"""mlnsgc query against what Azure answered about flows. Prints TAP; skipped where the answers are not at hand.

The files lie in ../shared/corpus beside the sources (or MLNSGC_SHARED/corpus) and are told in its README.md:
EXPECTED-FLOWS.tsv has verdict and deciding rule of IP flow verify; an answer of the configuration diagnostic tells of
every rule, up to the one that matched, which of its fields did. It does not show the rules themselves, so an NSG is made
here in which just these fields match."""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
MLNSGC = pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve()
CORPUS = pathlib.Path(os.environ.get("MLNSGC_SHARED", SOURCE.parent / "shared")) / "corpus"
FIELDS = {"protocol": "protocolMatched", "source": "sourceMatched", "source port": "sourcePortMatched",
          "destination": "destinationMatched", "destination port": "destinationPortMatched"}
NETWORK = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"
RESULTS = []


def check(name, good, detail=""):
    RESULTS.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(RESULTS)} - {name}")
    if not good:
        print(re.sub("^", "# ", str(detail)[:3000], flags=re.M))


def deployed(prefix, rules, beside=()):
    """An NSG on the one subnet of a network, whose address space may hold more."""
    nsg = {"name": "nsg", "id": NETWORK + "networkSecurityGroups/nsg", "location": "westeurope",
           "type": "Microsoft.Network/networkSecurityGroups", "properties": {"securityRules": rules}}
    subnet = {"name": "subnet", "id": NETWORK + "virtualNetworks/net/subnets/subnet",
              "properties": {"addressPrefix": prefix, "networkSecurityGroup": {"id": nsg["id"]}}}
    network = {"name": "net", "id": NETWORK + "virtualNetworks/net", "location": "westeurope",
               "type": "Microsoft.Network/virtualNetworks",
               "properties": {"addressSpace": {"addressPrefixes": [prefix, *beside]}, "subnets": [subnet]}}
    return [nsg, network]


def query(resources, *arguments):
    with tempfile.TemporaryDirectory() as where:
        path = pathlib.Path(where, "deployed.json")
        path.write_text(json.dumps(resources))
        done = subprocess.run([MLNSGC, "query", "--format=json", "--trace", *arguments, path], capture_output=True,
                              timeout=60, text=True)
    return json.loads(done.stdout)["answers"][0], done.stderr


def flows():
    with open(CORPUS / "EXPECTED-FLOWS.tsv", newline="", encoding="utf-8") as handle:
        for number, row in enumerate(csv.DictReader(handle, delimiter="\t"), 1):
            name = f"flow {number}: {row['direction']} {row['protocol']} {row['local']} {row['remote']}"
            network = re.search(r"VNet (\S+?),? .*default rules", row["context"])
            if not network:
                print(f"ok {len(RESULTS) + 1} - {name} # SKIP its rules are not told")
                RESULTS.append(True)
                continue
            inbound = row["direction"] == "Inbound"
            ends = (row["remote"], row["local"]) if inbound else (row["local"], row["remote"])
            answer, errors = query(deployed(network[1], []), "--from=" + ends[0], "--to=" + ends[1],
                                   "--proto=" + row["protocol"].lower())
            hops = [h for p in answer.get("packets", []) for h in p["hops"]
                    if h["direction"] == row["direction"].lower()]
            wanted = "allow" if row["answer"] == "Allow" else "deny"
            got = {(h["action"], h["rule"], h["azure_default"]) for h in hops}
            check(name, got == {(wanted, row["matched_rule"], True)}, f"{answer}\n{errors}")


def made_rule(result, priority, profile, action):
    """A rule of which the fields match that Azure says match, and no other."""
    def value(field, hit, miss):
        return hit if result[FIELDS[field]] else miss
    other = {"TCP": "Udp", "UDP": "Tcp"}[profile["protocol"].upper()]
    return {"name": result["name"], "properties": {
        "priority": priority, "direction": profile["direction"], "access": action,
        "protocol": value("protocol", "*", other),
        "sourceAddressPrefix": value("source", profile["source"], "192.0.2.1"),
        "sourcePortRange": value("source port", "*", "1"),
        "destinationAddressPrefix": value("destination", profile["destination"], "192.0.2.2"),
        "destinationPortRange": value("destination port", profile["destinationPort"], "1")}}


def traces():
    seen = set()
    for path in sorted(CORPUS.glob("rest-examples/*/NetworkWatcherNetworkConfigurationDiagnostic.json")):
        for code, response in json.loads(path.read_text())["responses"].items():
            for result in response["body"]["results"]:
                profile = result.get("profile") or result["trafficQuery"]
                for nsg in result["networkSecurityGroupResult"]["evaluatedNetworkSecurityGroups"]:
                    told = json.dumps(nsg, sort_keys=True)
                    if told in seen:
                        continue
                    seen.add(told)
                    check_trace(f"{path.parent.name} {code} {nsg['matchedRule']['ruleName']}", profile, nsg)
    check("there are traces to compare with", seen)


def check_trace(name, profile, nsg):
    evaluated, matched = nsg["rulesEvaluationResult"], nsg["matchedRule"]
    rules = [made_rule(r, 100 + i, profile, matched["action"] if r["name"] == matched["ruleName"] else
                       "Deny" if "Deny" in r["name"] else "Allow") for i, r in enumerate(evaluated)]
    # the last one repeats: nothing behind the rule that matched is looked at
    rules.append(made_rule({**evaluated[-1], "name": "behind"}, 1000, profile, "Deny"))
    around = [profile[end].rpartition(".")[0] + ".0/24" for end in ("destination", "source")]
    answer, errors = query(deployed(around[0], rules, around[1:]), "--from=" + profile["source"], f"--to={profile['destination']}:{profile['destinationPort']}",
                           "--proto=" + profile["protocol"].lower())
    hops = [h for p in answer.get("packets", []) for h in p["hops"] if h["direction"] == profile["direction"].lower()]
    got = [{"rule": s["rule"], "differs": s["differs"]} for h in hops for s in h["trace"]]
    wanted = [{"rule": r["name"], "differs": [f for f, key in FIELDS.items() if not r[key]]} for r in evaluated]
    check(f"{name}: the same fields of the same rules match", got == wanted, f"{got}\n{wanted}\n{answer}\n{errors}")
    check(f"{name}: the same rule decides", {(h["rule"], h["action"]) for h in hops} ==
          {(matched["ruleName"], matched["action"].lower())}, answer)


def main():
    if not (CORPUS / "EXPECTED-FLOWS.tsv").exists():
        print("1..0 # SKIP ../shared/corpus is not there")
        return 0
    flows()
    traces()
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
