#!/usr/bin/env python3
"""mlnsgc diff and mlnsgc verify: golden reports, the machine formats, what is no difference, drift, exit status.
Prints TAP.

tests/golden/diff/NAME/     old.mlp and new.mlp, or old.json and new.json; with `verify`, the options of which are in that
                            file, policy.mlp and live.json. NAME/text, NAME/md and NAME/json are what is printed, then
                            "--- exit N".

    run-diff.py [--update]      --update writes what is printed as expected
"""

import ipaddress
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
GOLDEN = SOURCE / "tests" / "golden" / "diff"

PLACES = """network ml 10.20.0.0/16 {
    zone training  10.20.1.0/24
    zone endpoints 10.20.2.0/26
}
network hub 10.30.0.0/16 {
    zone jump   10.30.1.0/27
    zone agents 10.30.2.0/24
}
peer ml with hub
resource models storage-account { endpoint blob in endpoints at 10.20.2.4 }
"""
POLICY = PLACES + """allow https from agents to models
allow ssh from jump to training
forbid tcp 8000-8100 from any to agents
allow tcp 8101-9000 from jump to agents
"""
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Box:
    """A directory of its own, and runs of mlnsgc in it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.write("policy.mlp", POLICY)

    def write(self, name, text):
        if not isinstance(text, str):
            text = json.dumps(text)
        (self.path / name).write_text(text)

    def read(self, name):
        return json.loads((self.path / name).read_text())

    def run(self, *arguments, where=None, feed=None):
        clean = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1893456000"}
        clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
        result = subprocess.run([MLNSGC, *arguments], cwd=where or self.path, env=clean, input=feed,
                                capture_output=True, timeout=300)
        self.out, self.err = result.stdout.decode(), result.stderr.decode()
        return result.returncode

    def deploy(self):
        """The NSGs of the policy as JSON, by name."""
        same(self.run("compile", "-q", "--emit=nsg", "-o", "out", "policy.mlp"), 0)
        return {p.name[:-len(".nsg.json")]: json.loads(p.read_text())
                for p in sorted((self.path / "out").glob("*.nsg.json"))}


def same(actual, expected):
    assert actual == expected, f"got {actual!r}, expected {expected!r}"


def within(part, whole):
    assert part in whole, f"no {part!r} in {whole!r}"


def rule(name, priority, access="Allow", direction="Inbound", protocol="Tcp", ports="443", source="*", destination="*"):
    return {"name": name, "properties": {
        "priority": priority, "access": access, "direction": direction, "protocol": protocol, "sourcePortRange": "*",
        "destinationPortRange": ports, "sourceAddressPrefix": source, "destinationAddressPrefix": destination}}


def nsg(*rules, name="nsg-x"):
    return {"name": name, "properties": {"securityRules": list(rules)}}


@test
def one_difference_is_no_differences(box):
    box.write("old.json", nsg(rule("r", 100)))
    box.write("new.json", nsg(rule("r", 100, ports="80")))
    same(box.run("diff", "--format=md", "old.json", "new.json"), 1)
    within("<summary>1 difference in rules</summary>", box.out)


# --- no difference ---

@test
def the_same_is_equal(box):
    for form in ("text", "md", "json"):
        same(box.run("diff", f"--format={form}", "policy.mlp", "policy.mlp"), 0)
        same(box.err, "")
    same(json.loads(box.out)["traffic"], "equal")
    same(box.run("diff", "-q", "policy.mlp", "policy.mlp"), 0)
    same(box.out, "")


@test
def a_policy_written_otherwise_is_equal(box):
    """Reordered, split into modules, zones and NSGs renamed, groups and services for what was written out."""
    box.write("places.mlp", PLACES.replace("jump", "stepstone").replace("zone agents 10.30.2.0/24",
                                                                        "zone agents 10.30.2.0/24 { nsg builders }"))
    box.write("other.mlp", """import "places.mlp"
service range = tcp 8101-8500, tcp 8501-9000
group builders = agents
allow range from stepstone to builders
forbid tcp 8000-8100 from any to builders as no-alt
allow tcp 22 from stepstone to training as "ssh-in"
allow tcp 443 from builders to models.blob
""".replace('"ssh-in"', "ssh-in"))
    same(box.run("diff", "policy.mlp", "other.mlp"), 0)
    within("zone 'jump' is called 'stepstone' now\n", box.out)
    within("no difference in permitted traffic", box.out)


@test
def what_compile_writes_is_the_policy(box):
    live = box.deploy()
    for name, body in live.items():
        box.write(name + ".json", body)
    box.write("all.json", {"value": list(live.values())})
    same(box.run("verify", "--exact", "--live=all.json", "policy.mlp"), 0)
    same(box.out, "no difference in permitted traffic; rules: no difference\n")
    same(box.run("verify", "--exact", *(f"--live={name}.json" for name in live), "policy.mlp"), 0)
    same(box.run("diff", "all.json", "policy.mlp"), 0)
    same(box.run("compile", "-q", "--emit=arm", "-o", "arm", "policy.mlp"), 0)
    same(box.run("verify", "--exact", "--live=arm/azuredeploy.json", "policy.mlp"), 0)
    same(box.run("diff", "arm/azuredeploy.json", "all.json"), 0)


@test
def spelling_is_no_difference(box):
    """az network nsg show: flattened, with null, read-only fields, other case, order and forms."""
    live = list(box.deploy().values())
    shown = []
    for body in live:
        rules = []
        for one in reversed(body["properties"]["securityRules"]):
            fields = {k: (v.upper() if k in ("protocol", "access", "direction") else v)
                      for k, v in one["properties"].items()}
            for key in ("sourceAddressPrefix", "destinationPortRange"):
                if fields.get(key, "*") != "*":
                    fields[key + ("es" if key.endswith("x") else "s")] = [fields.pop(key)]
                    fields[key] = None
            fields["description"] = "somebody wrote this"
            rules.append({"name": one["name"], "etag": 'W/"1"', "provisioningState": "Succeeded",
                          "id": f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/"
                                f"{body['name']}/securityRules/{one['name']}", **fields})
        shown.append({"name": body["name"].upper(), "location": "westeurope", "etag": 'W/"1"',
                      "provisioningState": "Succeeded", "securityRules": rules, "subnets": None})
    box.write("live.json", shown)
    code = box.run("verify", "--exact", "--live=live.json", "policy.mlp")
    within("no difference in permitted traffic; rules: no difference\n", box.out)
    same(code, 0)


# --- differences ---

@test
def end_to_end_and_who_is_responsible(box):
    box.write("new.mlp", POLICY.replace("from agents to models", "from agents, training to models")
              .replace("allow ssh", "allow rdp"))
    same(box.run("diff", "policy.mlp", "new.mlp"), 1)
    within("+ newly permitted: https from training to models\n", box.out)
    within("    new: new.mlp:11:1: allow https from agents, training to models\n", box.out)
    within("+ newly permitted: rdp from jump to training\n", box.out)
    within("- newly denied: ssh from jump to training\n    old: policy.mlp:12:1: allow ssh from jump to training\n", box.out)
    within("2 newly permitted, 1 newly denied; rules: ", box.out)


@test
def nothing_has_an_effect_behind_another_end(box):
    box.write("a.mlp", PLACES + "allow https from agents to training\n")
    box.write("b.mlp", PLACES + "allow https from agents to training\nforbid udp 53 from agents to training\n")
    same(box.run("diff", "a.mlp", "b.mlp"), 0)
    live = box.deploy()
    for one in live["nsg-training"]["properties"]["securityRules"]:
        if "ssh" in one["name"]:
            one["properties"]["destinationPortRange"] = "22-24"
    box.write("live.json", list(live.values()))
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("+ newly permitted: tcp 23-24 from jump to training\n    at NSG 'nsg-training', inbound\n", box.out)


@test
def zones_of_one_side(box):
    box.write("new.mlp", POLICY.replace("zone agents", "zone build 10.30.3.0/24\n    zone agents") +
              "allow https from build to models\n")
    same(box.run("diff", "policy.mlp", "new.mlp"), 1)
    within("+ newly permitted: https from build to models\n", box.out)
    within("zone 'build' is new (governed by NSG 'nsg-build')\n", box.out)
    within("1 newly permitted; rules: ", box.out)
    same(box.run("diff", "new.mlp", "policy.mlp"), 1)
    within("- newly denied: https from build to models\n", box.out)
    within("zone 'build' is gone", box.out)


@test
def json_tells_the_packets(box):
    box.write("new.mlp", POLICY + "allow https from training to Storage\nallow udp 5000-5010 from agents to training\n")
    same(box.run("diff", "--format=json", "policy.mlp", "new.mlp"), 1)
    report = json.loads(box.out)
    same((report["old"], report["new"], report["traffic"], report["complete"]), ("policy.mlp", "new.mlp", "differs", True))
    flows = {f["services"]: f for f in report["flows"]}
    same(flows["https"]["to"], "Storage")
    same(flows["https"]["boxes"][0]["destination"]["in"], ["Storage"])
    same(flows["udp 5000-5010"]["boxes"], [
        {"family": "IPv4", "protocols": ["udp"],
         "source": {"prefixes": ["10.30.2.0/24"], "in": [], "notIn": [], "ports": ["0-65535"]},
         "destination": {"prefixes": ["10.20.1.0/24"], "in": [], "notIn": [], "ports": ["5000-5010"]}}])
    same([(r["side"], r["verdict"], r.get("place")) for r in flows["udp 5000-5010"]["reasons"]],
         [("old", "denied", None), ("new", "permitted", "new.mlp:16:1")])


@test
def equal_sets_of_other_rules(box):
    """Two halves for a whole, an order that does not matter, a rule nothing reaches."""
    box.write("a.json", nsg(rule("whole", 100, source="10.0.0.0/8"), rule("no", 110, "Deny", ports="*")))
    box.write("b.json", nsg(rule("lo", 300, source="10.0.0.0/9"), rule("hi", 200, source="10.128.0.0/9"),
                            rule("never", 310, ports="443", source="10.1.2.3"), rule("no", 4000, "Deny", ports="*")))
    same(box.run("diff", "a.json", "b.json"), 0)
    within("rules: 3 added, 1 removed, 1 changed\n", box.out)
    within("  ~ no of NSG 'nsg-x', inbound: priority 110 -> 4000\n", box.out)


@test
def priorities_decide(box):
    box.write("a.json", nsg(rule("yes", 100, source="10.0.0.0/8"), rule("no", 110, "Deny", source="10.1.0.0/16", ports="*")))
    box.write("b.json", nsg(rule("yes", 120, source="10.0.0.0/8"), rule("no", 110, "Deny", source="10.1.0.0/16", ports="*")))
    same(box.run("diff", "a.json", "b.json"), 1)
    within("- newly denied: https from 10.1.0.0/16", box.out)
    within("old: a.json:1:", box.out)
    within("permitted by rule yes (priority 100)", box.out)
    within("denied by rule no (priority 110)", box.out)


@test
def default_rules_are_compared(box):
    box.write("a.json", nsg())
    box.write("b.json", nsg(rule("no", 4096, "Deny", "Outbound", "*", "*")))
    same(box.run("diff", "a.json", "b.json"), 1)
    within("AllowInternetOutBound", box.out)
    box.write("c.json", nsg(rule("no", 4096, "Deny", "Inbound", "Udp", "*", "8.8.8.8")))
    same(box.run("diff", "a.json", "c.json"), 0)


@test
def two_files_of_one_nsg_each(box):
    box.write("a.json", nsg(rule("yes", 100), name="one"))
    box.write("b.json", nsg(rule("yes", 100), name="two"))
    same(box.run("diff", "a.json", "b.json"), 0)
    within("NSG 'one' is called 'two' now\n", box.out)
    box.write("c.json", [nsg(rule("yes", 100), name="two"), nsg(name="three")])
    same(box.run("diff", "a.json", "c.json"), 1)
    within("NSG 'one' is gone\n", box.out)


# --- tags and parameters ---

def tag_file(number, **prefixes):
    return {"changeNumber": number, "cloud": "Public", "values": [
        {"name": name.replace("_", "."), "id": name.replace("_", "."), "properties": {
            "changeNumber": number, "region": "westeurope" if "_" in name else "", "regionId": 18 if "_" in name else 0,
            "platform": "Azure", "systemService": "AzureStorage", "addressPrefixes": list(values),
            "networkFeatures": ["API", "NSG", "UDR", "FW"]}} for name, values in prefixes.items()]}


@test
def a_week_of_tags(box):
    box.write("old.json", tag_file(1, Storage=["20.60.0.0/16"], Sql=["51.0.0.0/24"]))
    box.write("new.json", tag_file(2, Storage=["20.60.0.0/17", "20.61.0.0/24"], Sql=["51.0.0.0/24"]))
    box.write("tags.mlp", PLACES + "allow https from training to Storage\nallow tcp 1433 from training to Sql\n")
    arguments = ["--old-tags=old.json", "--new-tags=new.json", "tags.mlp"]
    same(box.run("diff", *arguments), 1)
    within("+ newly permitted: https from training to 20.61.0.0/24\n", box.out)
    within("- newly denied: https from training to 20.60.128.0/17\n", box.out)
    within("new: tags.mlp:11:1: allow https from training to Storage\n", box.out)
    within("rules: no difference\n", box.out)
    same(box.run("diff", "--tags=old.json", "--new-tags=old.json", "tags.mlp"), 0)
    same(box.run("diff", "--tags=old.json", "--new-tags=new.json", "tags.mlp", "tags.mlp"), 1)
    same(box.run("diff", "--new-tags=new.json", "tags.mlp"), 64)
    within("--new-tags needs --old-tags or --tags", box.err)
    box.write("live.json", nsg())
    same(box.run("diff", *arguments, "live.json"), 64)
    within("are for policies on both sides", box.err)


@test
def hosted_agents_of_two_weeks(box):
    old = {"AzureCloud": ["20.0.0.0/8"], "AzureCloud_westeurope": [f"20.1.{n}.0/25" for n in range(40)],
           "AzureCloud_northeurope": ["20.2.0.0/24"]}
    new = dict(old, AzureCloud_westeurope=[f"20.1.{n}.128/25" for n in range(40)])
    for name, tags in (("old.json", old), ("new.json", new)):
        body = tag_file(1, **tags)
        for value in body["values"]:
            value["properties"].update(systemService="", region=value["name"].partition(".")[2])
        box.write(name, body)
    box.write("agents.mlp", "resource data key-vault { region swedencentral }\n"
              "geography near = westeurope, northeurope\nallow https from hosted-agents.near to data\n")
    arguments = ["--old-tags=old.json", "--new-tags=new.json", "agents.mlp"]
    same(box.run("diff", *arguments), 1)
    within("~ firewall of resource 'data'\n    + let in now: 40 prefixes, 5120 addresses, of hosted-agents.near: 20.1.0.128/25, "
           "20.1.1.128/25, 20.1.2.128/25, 20.1.3.128/25, 20.1.4.128/25, and 35 more\n    - no longer let in: 40 prefixes",
           box.out)
    same(box.run("diff", "--format=md", *arguments), 1)
    within("<details><summary>Firewall of resource data: 5120 addresses let in now, 5120 no longer</summary>", box.out)
    same(box.run("diff", "--format=json", *arguments), 1)
    same(len(json.loads(box.out)["firewalls"][0]["added"]), 40)


@test
def parameters_of_each_side(box):
    box.write("p.mlp", "param ports = 443\n" + PLACES + "allow tcp $ports from agents to training\n")
    same(box.run("diff", "--new-param", "ports=444", "p.mlp"), 1)
    within("+ newly permitted: tcp 444 from agents to training\n", box.out)
    within("- newly denied: https from agents to training\n", box.out)
    same(box.run("diff", "--old-param=ports=444", "--new-param", "ports=444", "p.mlp"), 0)
    same(box.run("diff", "--param=ports=444", "--new-param", "ports=443", "p.mlp", "p.mlp"), 1)
    same(box.run("diff", "p.mlp"), 64)
    within("diff needs two files", box.err)
    same(box.run("diff", "--new-param=ports", "p.mlp"), 64)


def with_port(box):
    """A template that asks for the port of a rule, beside a policy that has a parameter of its own."""
    box.write("p.mlp", "param ports = 443\n" + PLACES + "allow tcp $ports from agents to training\n")
    same(box.run("compile", "-q", "-o", "own", "p.mlp"), 0)
    template = json.dumps(box.read("own/azuredeploy.json"))
    template = json.loads(template.replace('"destinationPortRange": "443"', """"destinationPortRange": "[parameters('livePort')]\""""))
    template.setdefault("parameters", {})["livePort"] = {"type": "string"}
    box.write("t.json", template)
    template["parameters"]["livePort"]["defaultValue"] = "443"
    box.write("d.json", template)


@test
def parameters_that_one_side_declares(box):
    with_port(box)
    box.write("lines", "# both\nports = 445\nlivePort = 445\n")
    box.write("arm.json", {"parameters": {"livePort": {"value": "443"}}})
    for options in (["--param=livePort=443"], ["--param=LIVEPORT=443"], ["--params=lines"], ["--params=arm.json"],
                    ["--param=ports=444", "--param=livePort=444"], ["--param=livePort=1", "--param=livePort=443"]):
        same((options, box.run("verify", "--live=t.json", *options, "p.mlp"), box.err), (options, 0, ""))
        same((options, box.run("diff", *options, "p.mlp", "t.json"), box.err), (options, 0, ""))
    same(box.run("verify", "--live=d.json", "p.mlp"), 0)
    same(box.run("verify", "--live=d.json", "--param=livePort=444", "p.mlp"), 1)
    within("+ newly permitted: tcp 444 from agents to training\n", box.out)
    same(box.run("diff", "--new-param=livePort=443", "p.mlp", "t.json"), 0)
    same(box.run("diff", "--old-param=livePort=443", "t.json", "p.mlp"), 0)
    same(box.run("diff", "--old-param=livePort=443", "--new-param=livePort=444", "t.json", "t.json"), 1)
    within("- newly denied: https from agents to training\n", box.out)
    same(box.run("diff", "--new-param=ports=444", "d.json", "p.mlp"), 1)
    for options in ([], ["--param=livePort=444"]):
        same(box.run("query", "--from=agents", "--to=training:444", "--proto=tcp", "--expect=" + ("allow" if options else "deny"),
                     *options, "d.json"), 0)


@test
def parameters_that_nobody_declares(box):
    with_port(box)
    for command, message, meant in (
            (["verify", "--live=d.json", "--param=livPort=1", "p.mlp"], "neither 'p.mlp' nor 'd.json' declares a parameter 'livPort'",
             "did you mean 'livePort'?"),
            (["verify", "--live=d.json", "--live=t.json", "--param=port=1", "p.mlp"], "nor 'd.json, t.json' declares", "'ports'?"),
            (["diff", "--param=xyz=1", "d.json", "d.json"], "'d.json' declares no parameter 'xyz'", ""),
            (["diff", "--old-param=livePort=1", "p.mlp", "d.json"], "'p.mlp' declares no parameter 'livePort'",
             "'d.json' does: give it with --new-param"),
            (["diff", "--new-param=port=1", "p.mlp"], "'p.mlp' declares no parameter 'port'", "did you mean 'ports'?"),
            (["check", "--param=port=1", "p.mlp"], "the policy declares no parameter 'port'", "did you mean 'ports'?"),
            (["lint", "--param=livPort=1", "d.json"], "'d.json' declares no parameter 'livPort'", "did you mean 'livePort'?"),
            (["reach", "--param=livPort=1", "d.json"], "'d.json' declares no parameter 'livPort'", "did you mean 'livePort'?"),
            (["query", "--from=agents", "--to=training:22", "--proto=tcp", "--param=xyz=1", "d.json"],
             "'d.json' declares no parameter 'xyz'", "")):
        same((command, box.run(*command)), (command, 2))
        within(message, box.err + box.out)
        within(meant, box.err + box.out)
    same(box.run("lint", "--param=x=1", "-", feed=b'{"name": "n", "properties": {"securityRules": []}}'), 2)
    within("'<stdin>' declares no parameter 'x'", box.err + box.out)
    box.write("missing.mlp", "param port\n" + PLACES + "allow tcp $port from agents to training\n")
    same(box.run("verify", "--live=d.json", "--param=prt=1", "missing.mlp"), 2)
    within("parameter 'port' has no value", box.err)
    within("declares a parameter 'prt'", box.err)
    same(box.run("verify", "--live=d.json", "--format=json", "--param=prt=1", "missing.mlp"), 2)
    same(json.loads(box.out)["traffic"], "invalid")


@test
def firewalls_of_resources(box):
    base = PLACES + "resource data storage-account\nexternal office 203.0.113.0/28\nexternal home 198.51.100.7\n"
    box.write("a.mlp", base + "allow https from office to data\n")
    box.write("b.mlp", base + "allow https from office, home to data\n")
    same(box.run("diff", "a.mlp", "b.mlp"), 1)
    within("~ firewall of resource 'data'\n    + let in now: 1 prefix, 1 address, of home: 198.51.100.7\n", box.out)
    same(box.run("diff", "b.mlp", "a.mlp"), 1)
    within("    - no longer let in: 1 prefix, 1 address, of home: 198.51.100.7\n", box.out)
    same(box.run("diff", "--format=json", "a.mlp", "b.mlp"), 1)
    same(json.loads(box.out)["firewalls"], [{"resource": "data", "added": ["198.51.100.7"], "removed": [], "other": []}])


# --- drift ---

@test
def exceptions_stand_with_what_they_are_of(box):
    """IPv4 without the prefix, and IPv6 without what VirtualNetwork holds, are two things in one row."""
    box.write("a.json", nsg(rule("a", 100)))
    box.write("b.json", nsg(rule("a", 100, source="10.0.0.0/8")))
    same(box.run("diff", "a.json", "b.json"), 1)
    within("from (any except 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16), "
           "(100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16 except VirtualNetwork), "
           "2000::/3, (fc00::/7 except VirtualNetwork) to any\n", box.out)


@test
def drift_in_rules_alone(box):
    live = box.deploy()
    rules = live["nsg-agents"]["properties"]["securityRules"]
    rules.append(rule("portal", 150, "Allow", "Outbound", "Tcp", "443", "10.30.2.0/24", "10.20.2.4"))
    box.write("live.json", list(live.values()))
    same(box.run("verify", "--live=live.json", "policy.mlp"), 0)
    within("  + portal of NSG 'nsg-agents', outbound: allow https from 10.30.2.0/24 to 10.20.2.4, priority 150\n", box.out)
    same(box.run("verify", "--exact", "--live=live.json", "policy.mlp"), 1)
    same(box.run("verify", "--exact", "--ignore=PORT*", "--live=live.json", "policy.mlp"), 0)


@test
def drift_that_opens_and_closes(box):
    live = box.deploy()
    rules = live["nsg-training"]["properties"]["securityRules"]
    rules[:] = [r for r in rules if "ssh" not in r["name"]]
    rules.append(rule("hole", 101, "Allow", "Inbound", "Tcp", "3389", "Internet", "10.20.1.0/24"))
    box.write("live.json", list(live.values()))
    same(box.run("verify", "--live=-", "policy.mlp", feed=json.dumps(list(live.values())).encode()), 1)
    within("+ newly permitted: rdp from Internet to training\n    at NSG 'nsg-training', inbound\n", box.out)
    within("    live: <stdin>:1:", box.out)
    within("- newly denied: ssh from jump to training\n", box.out)
    same(box.run("verify", "--ignore=hole", "--live=live.json", "policy.mlp"), 1)
    assert "rdp" not in box.out, box.out


@test
def nsgs_of_one_side(box):
    live = box.deploy()
    del live["nsg-jump"]
    live["foreign"] = nsg(name="foreign")
    box.write("live.json", list(live.values()))
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("NSG 'nsg-jump' is not deployed\n", box.out)
    within("NSG 'foreign' is deployed, but not in the policy\n", box.out)
    same(box.run("verify", "--ignore=FOREIGN", "--ignore=nsg-j*", "--live=live.json", "policy.mlp"), 0)


@test
def a_family_alone_is_said(box):
    """Names that stand for addresses of both families would read as both."""
    box.write("old.mlp", """network lab 10.0.0.0/16, fd00::/48 {
    zone web 10.0.1.0/24, fd00:0:0:1::/64
    zone data 10.0.2.0/24, fd00:0:0:2::/64
    zone four 10.0.3.0/24
}
external office 203.0.113.0/24
allow https from web to data as pages
allow icmp from web to data as ping
allow https from web to Storage.westeurope as blobs
allow ssh from office, four to data as shells
""")
    same(box.run("compile", "-q", "--emit=nsg", "-o", "out", "old.mlp"), 0)
    live = [json.loads(p.read_text()) for p in sorted((box.path / "out").glob("*.nsg.json"))]
    for group in live:
        rules = group["properties"]["securityRules"]
        rules[:] = [r for r in rules if not r["name"].startswith(("pages-v6", "ping", "shells")) and r["name"] != "blobs"]
    box.write("live.json", live)
    same(box.run("verify", "--live=live.json", "old.mlp"), 1)
    within("- newly denied: https over IPv6 from web to data\n", box.out)
    within("- newly denied: https over IPv4 from web to Storage.WestEurope\n", box.out)
    within("- newly denied: icmp from web to data\n", box.out)      # there is no other
    within("- newly denied: ssh from four, office to data\n", box.out)  # have no IPv6 address
    box.run("verify", "--format=md", "--live=live.json", "old.mlp")
    within("| denied | https over IPv6 | web | data |", box.out)
    box.run("verify", "--format=json", "--live=live.json", "old.mlp")
    same({f.get("over") for f in json.loads(box.out)["atNsgs"]}, {None, "IPv4", "IPv6"})


@test
def all_but_little_is_said_in_few_words(box):
    """The default rule turned round, where one service is denied before it."""
    box.write("old.mlp", """network lab 10.0.0.0/16 {
    zone web 10.0.1.0/24
    zone data 10.0.2.0/24
}
allow https from web to data
deny ssh from any to data
deny https from any to data as no-https
""".replace("allow https from web to data", "allow https from web to data overrides no-https"))
    same(box.run("compile", "-q", "--emit=nsg", "-Wno-adds-nothing", "-o", "out", "old.mlp"), 0)
    live = [json.loads(p.read_text()) for p in sorted((box.path / "out").glob("*.nsg.json"))]
    for group in live:
        for r in group["properties"]["securityRules"]:
            if r["name"] == "default-deny-in":
                r["properties"]["access"] = "Allow"
    box.write("live.json", live)
    same(box.run("verify", "--live=live.json", "old.mlp"), 1)
    within("+ newly permitted: any from any to web\n", box.out)
    within("+ newly permitted: any except ssh, https from any to data\n", box.out)


@test
def a_list_that_is_cut_short_says_so(box):
    """Each of 600 rules, cut by one before it, is two differences in IPv4; the one in IPv6 is looked for afterwards."""
    cut = rule("cut", 100, "Deny", destination="10.9.0.0/16", ports="*")
    cut["properties"]["sourceAddressPrefixes"] = ["10.%d.%d.128/25" % (i // 256, i % 256) for i in range(600)]
    del cut["properties"]["sourceAddressPrefix"]
    rules = [rule("r%d" % i, 200 + i, source="10.%d.%d.0/24" % (i // 256, i % 256), ports=str(1000 + i)) for i in range(600)]
    for six in ([], [rule("six", 900, source="fd00::/64", ports="22")]):
        box.write("old.json", nsg(cut))
        box.write("new.json", nsg(cut, *rules, *six))
        same(box.run("diff", "old.json", "new.json"), 1)
        same("(there are more differences than are listed)\n" in box.out, True)
        same(box.run("diff", "--format=json", "old.json", "new.json"), 1)
        report = json.loads(box.out)
        same(report["complete"], False)
        families = [b["family"] for f in report["atNsgs"] for b in f["boxes"]]
        same((families.count("IPv4"), families.count("IPv6")), (1000, len(six)))
    box.write("new.json", nsg(cut, *rules[:400]))
    same(box.run("diff", "--format=json", "old.json", "new.json"), 1)
    report = json.loads(box.out)
    same((report["complete"], sum(len(f["boxes"]) for f in report["atNsgs"])), (True, 800))


@test
def what_is_read_twice_complains_once(box):
    """One policy is both sides here."""
    box.write("warned.mlp", "param port = 443\n" + POLICY + "deny ssh from agents to jump\ndeny tcp $port from agents to jump\n")
    same(box.run("diff", "--new-param=port=444", "warned.mlp"), 0)
    same(box.err.count("adds-nothing"), 2)
    same(box.run("diff", "--message-format=short", "-Werror", "--max-errors=1", "--new-param=port=444", "warned.mlp"), 2)
    within("mlnsgc: note: 1 more error not shown\n", box.err)
    same(box.err.count("\n"), 2)


@test
def nothing_deployed(box):
    box.write("live.json", [])
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    assert "newly" not in box.out, box.out
    within("NSG 'nsg-jump' is not deployed\n", box.out)
    same(box.run("diff", "live.json", "live.json"), 0)


@test
def nsgs_of_one_name(box):
    """Of several resource groups: taken in their order."""
    box.write("a.json", [nsg(rule("a", 100)), nsg(rule("b", 100, ports="22"))])
    box.write("b.json", [nsg(rule("a", 100)), nsg(rule("b", 100, ports="23"))])
    same(box.run("diff", "a.json", "a.json"), 0)
    same(box.run("diff", "a.json", "b.json"), 1)
    within("1 newly permitted, 1 newly denied; rules: 1 changed\n", box.out)
    box.write("c.json", [nsg(rule("a", 100))])
    same(box.run("diff", "a.json", "c.json"), 1)
    within("NSG 'nsg-x' is gone\n", box.out)


@test
def wrong_calls(box):
    for arguments, message in ((["verify", "policy.mlp"], "verify needs --live=FILE"),
                               (["verify", "--live=x", "policy.mlp", "policy.mlp"], "verify takes one policy, not 2"),
                               (["verify", "--live=-", "-"], "only once"),
                               (["diff", "policy.mlp", "policy.mlp", "policy.mlp"], "diff takes two files"),
                               (["diff", "-", "-"], "once")):
        same((arguments, box.run(*arguments)), (arguments, 64))
        within(message, box.err)
    same(box.run("diff", "policy.mlp", "none.mlp"), 66)


# --- network interfaces of what is deployed ---

BASE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"
GUARDED = """network app 10.0.0.0/16 {
    zone front 10.0.1.0/24
    zone back  10.0.2.0/24 { default outbound allow }
    zone data  10.0.3.0/24 { subnet "Data" }
}
asg web in front
allow https from front to back
allow ssh from web to data
allow tcp 9000 from front to back except 10.0.2.128/25
"""


def interface(name, subnet, ip=None, group=None, asgs=(), network="app"):
    fields = {"subnet": {"id": f"{BASE}virtualNetworks/{network}/subnets/{subnet}"}}
    if ip:
        fields["privateIPAddress"] = ip
    if asgs:
        fields["applicationSecurityGroups"] = [{"id": f"{BASE}applicationSecurityGroups/{a}"} for a in asgs]
    properties = {"ipConfigurations": [{"name": "a", "properties": fields}]}
    if group:
        properties["networkSecurityGroup"] = {"id": f"{BASE}networkSecurityGroups/{group}"}
    return {"id": f"{BASE}networkInterfaces/{name}", "name": name, "type": "Microsoft.Network/networkInterfaces",
            "properties": properties}


def with_id(document, name):
    return {"id": f"{BASE}networkSecurityGroups/{name}", **document}


def guarded(box, *more, policy=GUARDED):
    """What is deployed of the policy, with more beside it."""
    box.write("policy.mlp", policy)
    live = [with_id(n, name) for name, n in box.deploy().items()]
    box.write("live.json", live + list(more))
    return live


CLOSED = with_id(nsg(rule("none", 100, "Deny", protocol="*", ports="*"), name="own"), "own")


@test
def an_interface_that_closes(box):
    guarded(box, interface("vm", "BACK", "10.0.2.4", "own"), CLOSED)
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("- newly denied: https, tcp 9000 from front to vm\n    policy: policy.mlp:7:1: allow https from front to back\n", box.out)
    within(" denied by rule none (priority 100) of NSG 'own'\n", box.out)
    within("NSG 'own' is deployed, but not in the policy\n"
           "network interface 'vm' in zone 'back' has an NSG of its own, 'own'\n", box.out)
    same(box.run("verify", "--format=json", "--live=live.json", "policy.mlp"), 1)
    report = json.loads(box.out)
    same([(f["change"], f["from"], f["to"], f["boxes"][0]["destination"]) for f in report["flows"]],
         [("denied", "front", "vm", {"prefixes": ["10.0.2.4"], "in": [], "notIn": [], "ports": ["443", "9000"]})])
    same(box.run("verify", "--live=live.json", "--ignore=OWN", "policy.mlp"), 0)


@test
def an_interface_that_changes_nothing(box):
    """One that allows more than the subnet's, one without a rule, and the subnet's own."""
    opened = with_id(nsg(rule("all", 100, protocol="*", ports="*"), rule("out", 100, "Allow", "Outbound", "*", "*"),
                         name="own"), "own")
    for group, more in (("own", [opened]), ("empty", [with_id(nsg(name="empty"), "empty")]), ("nsg-data", [])):
        guarded(box, interface("vm", "data", "10.0.3.4", group), *more)
        same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
        assert "newly" not in box.out, box.out
        within(f"network interface 'vm' in zone 'data' has an NSG of its own, '{group}'; it changes no traffic\n", box.out)


@test
def an_address_that_only_azure_knows(box):
    """Whatever it is, https is denied; tcp 9000 only if it is in one half of the subnet."""
    guarded(box, interface("vm", "back", None, "own"), CLOSED)
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("- newly denied: https from front to vm\n    policy:", box.out)
    within("- newly denied: tcp 9000 from front to vm at 10.0.2.0/25\n"
           "    undecided: whether it is so hangs on the address of 'vm', which is not known\n    policy:", box.out)
    same(box.run("verify", "--format=json", "--live=live.json", "policy.mlp"), 1)
    same(sorted((f["services"], f.get("undecidedBy")) for f in json.loads(box.out)["flows"]),
         [("https", None), ("tcp 9000", ["vm"])])
    same(box.run("verify", "--format=md", "--live=live.json", "policy.mlp"), 1)
    within("undecided: whether it is so hangs on the address of 'vm'", box.out)


@test
def groups_of_interfaces(box):
    """In the zone that the policy says, membership is no drift; elsewhere it may open."""
    guarded(box, interface("vm", "front", "10.0.1.4", None, ["WEB"]))
    same(box.run("verify", "--live=live.json", "policy.mlp"), 0)
    same(box.out, "no difference in permitted traffic; rules: no difference\n")
    with_vm = box.read("live.json") + [{
        "id": f"{BASE}virtualNetworks/app", "name": "app", "type": "Microsoft.Network/virtualNetworks", "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
                {"id": f"{BASE}virtualNetworks/app/subnets/{name}", "name": name, "properties": {
                    "addressPrefix": f"10.0.{i}.0/24", "networkSecurityGroup": {
                        "id": f"{BASE}networkSecurityGroups/nsg-{name.lower()}"}}}
                for i, name in enumerate(("front", "back", "Data"), 1)]}}]
    box.write("whole.json", with_vm)
    same((box.run("diff", "policy.mlp", "whole.json"), box.out.count("\n")), (0, 2))
    within("taken from old, since new does not tell it: that application security group 'web' is in 'front'\n", box.out)
    guarded(box, interface("vm", "back", "10.0.2.4", None, ["WEB"]))
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("+ newly permitted: ssh from vm to data\n", box.out)
    within("network interface 'vm' in zone 'back' is in application security groups: 'WEB'\n", box.out)


@test
def what_an_interface_does_and_nobody_knows(box):
    live = guarded(box, interface("vm", "back", "10.0.2.4", "absent"))
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("network interface 'vm' in zone 'back' has NSG 'absent', which is not in the text: what it changes is undecided\n",
           box.out)
    box.write("live.json", [n for n in live if n["name"] != "nsg-back"] + [interface("vm", "back", "10.0.2.4", "own"), CLOSED])
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    assert "newly" not in box.out, box.out
    within("'own': what it changes is undecided, since NSG 'nsg-back' is not in the text\n", box.out)
    box.write("live.json", live + [interface("vm", "back", "10.0.2.4", "own", network="other"), CLOSED])
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("network interface 'vm' with NSG 'own' lies in no zone of the policy, but in 'other/back' at 10.0.2.4\n", box.out)
    box.write("live.json", live + [interface("vm", "back", "10.9.9.9", "own"), CLOSED])
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("lies in no zone of the policy, but in 'app/back' at 10.9.9.9\n", box.out)
    lost = interface("vm", "back", "10.0.2.4", "nsg-back")
    lost["properties"]["ipConfigurations"] = []
    box.write("live.json", live + [lost])
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("has NSG 'nsg-back' and lies in a subnet that is not known: what that changes is undecided\n", box.out)
    lost = interface("vm", "back", "10.0.2.4")
    lost["properties"]["ipConfigurations"][0]["properties"]["applicationSecurityGroups"] = [{}]
    box.write("live.json", live + [lost])
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("which application security groups network interface 'vm' in zone 'back' is in is not known: what that changes is "
           "undecided\n", box.out)


@test
def crowds_of_interfaces(box):
    """Those that are alike are one place; it holds the packets of each. One that is otherwise stands alone."""
    crowd = [interface(f"vm{i}", "back", f"10.0.2.{4 + i}", "own") for i in range(100)]
    guarded(box, *crowd, interface("other", "back", "10.0.2.200", "own", ["web"]), CLOSED)
    same(box.run("verify", "--format=json", "--live=live.json", "policy.mlp"), 1)
    report = json.loads(box.out)
    sets = [ipaddress.ip_network(p) for f in report["flows"] if "https" in f["services"] for b in f["boxes"]
            for p in b["destination"]["prefixes"]]
    same(sorted(str(a) for n in sets for a in n), sorted([f"10.0.2.{4 + i}" for i in range(100)] + ["10.0.2.200"]))
    same([p["text"] for p in report["places"] if "interface" in p["text"]],
         ["network interfaces 'vm0 and 99 others' in zone 'back' have an NSG of their own, 'own'",
          "network interface 'other' in zone 'back' has an NSG of its own, 'own'"])
    box.write("nics.json", [interface(f"vm{i}", "back", f"10.0.2.{4 + i % 200}", f"own{i}") for i in range(600)])
    box.write("nsgs.json", [with_id({**CLOSED, "name": f"own{i}"}, f"own{i}") for i in range(600)])
    guarded(box)
    same(box.run("verify", "-q", "--live=live.json", "--live=nics.json", "--live=nsgs.json", "policy.mlp"), 1)


@test
def several_files_are_one_state(box):
    """What refers to each other by id may be in any of them, in any order; what is in two is there once."""
    live = guarded(box)
    box.write("nsgs.json", {"value": live})
    box.write("own.json", CLOSED)
    box.write("nics.json", [interface("vm", "back", "10.0.2.4", "OWN")])
    for files in itertools.permutations(["nsgs.json", "own.json", "nics.json", "nics.json"]):
        same(box.run("verify", *(f"--live={f}" for f in files), "policy.mlp"), 1)
        same(box.out.count("- newly denied: https, tcp 9000 from front to vm\n"), 1)
        same((files, box.out.count("network interface"), box.out), (files, 1, box.out))
    same(box.run("verify", "--live=nsgs.json", "--live=nsgs.json", "policy.mlp"), 0)
    same(box.out, "no difference in permitted traffic; rules: no difference\n")


@test
def an_appliance_with_an_nsg_of_its_own(box):
    """It meets packets between zones."""
    policy = """network app 10.0.0.0/16 {
    zone front 10.0.1.0/24 { route 10.0.2.0/25 to appliance 10.0.9.4 }
    zone back  10.0.2.0/24
    zone hub   10.0.9.0/28 { nsg none }
}
allow https from front to back
"""
    guarded(box, interface("fw", "hub", "10.0.9.4", "own"), CLOSED, policy=policy)
    same(box.run("verify", "--live=live.json", "policy.mlp"), 1)
    within("- newly denied: https from front to 10.0.2.0/25\n", box.out)


# --- a policy against what it compiles to ---

def examples():
    for path in sorted((SOURCE / "examples").glob("*/policy.mlp")):
        tags = sorted(path.parent.glob("ServiceTags*.json"))
        yield path, [f"--tags={tag}" for tag in tags[:1]]


def equal_to_its_own(box, policy, *options):
    same((policy, box.run("compile", "-q", *options, "-o", "own", "--prune", policy), box.err), (policy, 0, ""))
    template, alone = "own/azuredeploy.json", "alone.json"
    box.write(alone, [json.loads(p.read_text()) for p in sorted((box.path / "own").glob("*.nsg.json"))])
    for old, new in ((policy, template), (template, policy), (policy, alone), (alone, policy)):
        if (box.path / template).exists() or alone in (old, new):
            same((old, new, box.run("diff", "-Wno-macos-agents", "-Wno-preview-firewall", *options, old, new), box.err),
                 (old, new, 0, ""))
            within("no difference in permitted traffic; rules: no difference\n", box.out)
            assert "zone '" not in box.out.split("taken from")[0], box.out


@test
def examples_are_equal_to_their_templates(box):
    seen = 0
    for path, options in examples():
        equal_to_its_own(box, str(path), *options)
        seen += 1
    assert seen >= 5, seen


OWN = """network hub 10.0.0.0/16 {
    existing
    zone shared 10.0.1.0/24 { nsg nsg-shared }
    zone open 10.0.2.0/24
    zone vpn 10.0.3.0/27 { role gateway }
}
network app 10.1.0.0/16 {
    zone web 10.1.1.0/24
    zone old 10.1.2.0/24 { existing }
    zone data 10.1.3.0/24 { subnet "Data" }
}
network far 10.2.0.0/16 { zone x 10.2.1.0/24 }
external office 192.168.0.0/24
connect office to hub via expressroute
peer app with hub { gateway hub }
peer far with app
asg a in web
asg sql in data
allow https from office to a
allow https from web to shared
allow ssh from old, open, x to web
allow tcp 1433 from a to sql
"""


@test
def policies_are_equal_to_their_templates(box):
    for number, text in enumerate((POLICY, GUARDED, OWN)):
        box.write(f"{number}.mlp", text)
        equal_to_its_own(box, f"{number}.mlp")


@test
def what_was_taken_is_said(box):
    box.write("own.mlp", OWN)
    same(box.run("compile", "-q", "-o", "own", "own.mlp"), 0)
    same(box.run("diff", "own.mlp", "own/azuredeploy.json"), 0)
    within("taken from old, since new does not tell it: network 'hub', which is there already, zone 'old', which is there "
           "already, that application security group 'a' is in 'web', that application security group 'sql' is in 'data'\n",
           box.out)
    same(box.run("diff", "--format=md", "own/azuredeploy.json", "own.mlp"), 0)
    within("taken from new, since old does not tell it: network 'hub'", box.out)
    same(box.run("diff", "--format=json", "own.mlp", "own/azuredeploy.json"), 0)
    same([(t["from"], t["what"], t["name"]) for t in json.loads(box.out)["taken"]],
         [("old", "network", "hub"), ("old", "zone", "old"), ("old", "asg", "a"), ("old", "asg", "sql")])
    same(box.run("diff", "own.mlp", "own.mlp"), 0)
    assert "taken" not in box.out, box.out


@test
def what_both_sides_tell_is_not_taken(box):
    """Statements that name other ends."""
    box.write("own.mlp", OWN)
    same(box.run("compile", "-q", "-o", "own", "own.mlp"), 0)
    for old, new, row in ((", x to web", " to web", "newly denied: ssh from x to web"),
                          ("allow tcp 1433 from a to sql", "allow tcp 1433 from web to sql", "newly permitted: mssql from web except a to sql")):
        box.write("new.mlp", OWN.replace(old, new))
        same((old, box.run("diff", "own/azuredeploy.json", "new.mlp")), (old, 1))
        within(row, box.out)


# --- what cannot be compared ---

@test
def machine_formats_are_documents_on_failure(box):
    box.write("broken.mlp", POLICY + "allow https from nowhere to models\n")
    box.write("broken.json", "{")
    for command in (["diff", "policy.mlp", "broken.mlp"], ["diff", "broken.json", "policy.mlp"],
                    ["verify", "--live=broken.json", "policy.mlp"]):
        same(box.run(command[0], "--format=json", *command[1:]), 2)
        same((json.loads(box.out)["traffic"], json.loads(box.out)["complete"]), ("invalid", False))
        assert box.err


def jungle(seed):
    """Rules that cut every field into hundreds of parts, all across each other."""
    rng, rules = random.Random(seed), []
    for i in range(900):
        low = rng.randrange(40000)
        one = rule(f"r{i}", 100 + i, rng.choice(["Allow", "Deny"]), ports=f"{low}-{low + 20000}")
        for side in ("source", "destination"):
            del one["properties"][side + "AddressPrefix"]
            one["properties"][side + "AddressPrefixes"] = [f"{n}.0.0.0/8" for n in sorted(rng.sample(range(1, 60), 4))]
        one["properties"]["sourcePortRange"] = f"{low // 2}-{low // 2 + 30000}"
        rules.append(one)
    return nsg(*rules)


def cut_ports(document):
    """Every tenth rule as two, of the lower and the upper part of its ports: the same packets."""
    rules = []
    for number, one in enumerate(document["properties"]["securityRules"]):
        low, high = map(int, one["properties"]["destinationPortRange"].split("-"))
        parts = [f"{low}-{low + 9}", f"{low + 10}-{high}"] if number % 10 == 0 else [f"{low}-{high}"]
        for part, ports in enumerate(parts):
            rules.append({"name": f"{one['name']}x{part}", "properties": dict(one["properties"], destinationPortRange=ports,
                                                                              priority=100 + len(rules))})
    return nsg(*rules)


@test
def too_much_ends_in_a_message(box):
    box.write("a.json", jungle(1))
    box.write("b.json", cut_ports(jungle(1)))
    same(box.run("diff", "--format=json", "a.json", "b.json"), 2)
    within("[MLP0610 diff-gave-up]", box.err)
    same((json.loads(box.out)["traffic"], json.loads(box.out)["complete"]), ("unknown", False))
    same(box.run("diff", "a.json", "a.json"), 0)


def random_list(count):
    """Rules of all kinds and sizes, with five tags whose contents nobody knows, allows and denies by chance."""
    rng, rules = random.Random(1), []

    def place():
        kind, length = rng.random(), rng.choice([16, 20, 24, 24, 28, 32])
        if kind < 0.2:
            return "*" if kind < 0.1 else rng.choice(["Storage.westeurope", "Sql", "AzureMonitor", "AzureKeyVault", "EventHub"])
        return str(ipaddress.ip_network((10 << 24 | rng.getrandbits(24), length), strict=False))

    for i in range(count):
        low = rng.randrange(65000)
        ports = rng.choice(["*", "22", "80", "443", "3389", "1433", f"{low}-{low + 400}"])
        rules.append(rule(f"r{i}", 100 + i, rng.choice(["Allow", "Deny"]), protocol=rng.choice(["Tcp", "Udp", "*"]),
                          ports=ports, source=place(), destination=place()))
    return rules


def shuffled_within_runs(rules, rng):
    """Neighbours of one action in another order; priorities stay where they are."""
    places = [r["properties"]["priority"] for r in rules]
    out = []
    for _, run in itertools.groupby(rules, lambda r: r["properties"]["access"]):
        run = list(run)
        rng.shuffle(run)
        out += run
    return [dict(r, properties=dict(r["properties"], priority=p)) for r, p in zip(out, places)]


@test
def order_without_a_meaning_in_a_long_list(box):
    """As diagrams these 1,000 rules are too much; that their order means nothing is seen without."""
    old = random_list(1000)
    new = shuffled_within_runs(old, random.Random(2))
    box.write("a.json", nsg(*old))
    box.write("b.json", nsg(*new))
    same(box.run("diff", "a.json", "b.json"), 0)
    within("no difference in permitted traffic", box.out)
    new[0]["properties"].update(destinationPortRange="4444", sourceAddressPrefix="10.0.0.0/9")
    box.write("b.json", nsg(*new))
    same(box.run("diff", "--format=json", "a.json", "b.json"), 1)
    same(json.loads(box.out)["complete"], True)


@test
def a_rule_moved_in_a_long_list(box):
    """One deny of a host goes from the end to the front, past hundreds of allows it meets."""
    old = random_list(900)
    stop = rule("stop", 3000, "Deny", source="10.1.2.3", destination="10.9.8.7")
    box.write("a.json", nsg(*old, stop))
    box.write("b.json", nsg(dict(stop, properties=dict(stop["properties"], priority=100)),
                            *(dict(r, properties=dict(r["properties"], priority=r["properties"]["priority"] + 1)) for r in old)))
    assert box.run("diff", "--format=json", "a.json", "b.json") in (0, 1), box.err
    same(json.loads(box.out)["complete"], True)


@test
def too_much_to_list_is_told_by_one_packet(box):
    """Two lists without a rule in common: the packets that differ are not counted, but there is one."""
    box.write("a.json", jungle(1))
    box.write("b.json", jungle(2))
    same(box.run("diff", "--format=json", "a.json", "b.json"), 1)
    same(box.err, "")
    report = json.loads(box.out)
    same((report["traffic"], report["complete"]), ("differs", False))
    same(box.run("diff", "a.json", "b.json"), 1)
    within("there are more differences than are listed", box.out)


@test
def a_full_nsg_against_itself_in_other_words(box):
    """1,000 rules, the permutable ones shuffled, prefixes cut in half."""
    rng = random.Random(7)
    old, new = [], []
    for block in range(10):
        access = "Allow" if block % 2 else "Deny"
        body = []
        for i in range(60):
            net = f"10.{rng.randrange(256)}.{rng.randrange(256)}.0"
            body.append((f"b{block}r{i}", net, str(rng.randrange(1, 9000)), f"10.1.{rng.randrange(256)}.0/25"))
        for place, (name, net, port, to) in enumerate(body):
            old.append(rule(name, 100 + 100 * block + place, access, ports=port, source=net + "/24", destination=to))
        rng.shuffle(body)
        for place, (name, net, port, to) in enumerate(body):
            for half, start in (("a", net), ("b", net[:-1] + "128")):
                if len(new) < 990 or half == "a":
                    new.append(rule(name + half, 100 + 380 * block + 2 * place + (half == "b"), access, ports=port,
                                    source=start + ("/25" if len(new) < 990 else "/24"), destination=to))
    old, new = old[:480], new[:960]
    box.write("a.json", nsg(*old))
    box.write("b.json", nsg(*new))
    same(box.run("diff", "a.json", "b.json"), 0)
    new[501]["properties"]["destinationPortRange"] = "9999"
    box.write("b.json", nsg(*new))
    same(box.run("diff", "a.json", "b.json"), 1)
    within("tcp 9999", box.out)


# --- golden ---

def golden_command(case):
    if (case / "verify").exists():
        return ["verify", *(case / "verify").read_text().split()]
    kind = "mlp" if (case / "old.mlp").exists() else "json"
    return ["diff", f"old.{kind}", f"new.{kind}"]


def golden(box, case, update):
    for form in ("text", "md", "json"):
        command = golden_command(case)
        code = box.run(command[0], f"--format={form}", *command[1:], where=case)
        printed = box.out + ("--- stderr\n" + box.err if box.err else "") + f"--- exit {code}\n"
        if form == "json":
            json.loads(box.out)
        if update:
            (case / form).write_text(printed)
        same(printed, (case / form).read_text())


def main():
    update = "--update" in sys.argv[1:]
    jobs = [(f.__name__, f) for f in TESTS]
    for case in sorted(p for p in GOLDEN.iterdir() if p.is_dir()):
        jobs.append((f"golden {case.name}", lambda box, case=case: golden(box, case, update)))
    failed = False
    for number, (name, job) in enumerate(jobs, 1):
        problem = None
        with tempfile.TemporaryDirectory() as folder:
            try:
                job(Box(folder))
            except Exception:
                problem = traceback.format_exc()
        print(f"{'not ok' if problem else 'ok'} {number} - {name}")
        if problem:
            failed = True
            print("".join(f"# {line}\n" for line in problem.splitlines()), end="")
    print(f"1..{len(jobs)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
