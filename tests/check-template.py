#!/usr/bin/env python3
"""Deployment templates: every reference leads somewhere and is waited for, nothing waits without need, rules are those of
the NSG files, and the official schemas hold. On all examples and on random policies with a fixed, printed seed. Prints
TAP.

    check-template.py [--seed N] [--count M]

The random policies are those of tests/prop/generate.py, in which networks then get resource groups, subscriptions and
regions of their own, some networks and zones exist already, zones get service endpoints, routes and delegations, and
resources with private endpoints are added. Statements that the compiler refuses are taken out until it accepts.
"""

import argparse
import copy
import csv
import io
import ipaddress
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
sys.dont_write_bytecode = True
sys.path[:0] = [str(SOURCE / "tests"), str(SOURCE / "tests" / "prop")]
import checkers  # noqa: E402
import generate  # noqa: E402
import templates  # noqa: E402

EXAMPLES = sorted(path.parent.name for path in (SOURCE / "examples").glob("*/policy.mlp"))
SCOPES = ("all", "network", "nsg")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for line in problems[:40]:
            print("# " + str(line))

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")


def compile_policy(policy, out, *options):
    shutil.rmtree(out, ignore_errors=True)
    clean = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1893456000"}
    clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, "compile", "--message-format=short", "--max-errors=0", *options, "-o", str(out), str(policy)],
                          env=clean, capture_output=True, text=True, timeout=120)


# ---- random policies ----


class Topology:
    """Changes where things lie in the text of a random policy."""

    def __init__(self, rng, world):
        self.rng, self.world, self.lines = rng, world, world.render()[0].splitlines()
        self.several = rng.random() < 0.5

    def chance(self, p):
        return self.rng.random() < p

    def make(self):
        out, inside = [], False
        for line in self.lines:
            if line.startswith("network "):
                inside, self.existing = True, self.chance(0.1)
                out += [line] + self.network_lines()
            elif inside and line.lstrip().startswith("zone "):
                out.append(self.zone_line(line))
            elif not (inside and re.match(r"\s*(region|resource-group)\b", line)):
                out.append(line)
            inside = inside and line != "}"
        return "\n".join(out + self.resources()) + "\n"

    def network_lines(self):
        rng, lines = self.rng, []
        if self.chance(0.7):
            lines.append("    region %s" % rng.choice(["westeurope", "northeurope"]))
        if self.several and self.chance(0.8):
            lines.append('    resource-group "%s"' % rng.choice(["rg-a", "RG-A", "rg-b", "rg (c)"]))
        if self.several and self.chance(0.3):
            lines.append('    subscription "%s"' % rng.choice(["s-1", "s-2"]))
        if self.existing:
            lines.append("    existing")
            if self.chance(0.5):
                lines.append('    id "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/x"')
        if self.chance(0.15):
            lines.append("    dns 10.0.0.4, 10.0.0.5")
        return lines

    def zone_line(self, line):
        line = line.replace("nsg nsg-common ", "").replace("{ nsg nsg-common }", "")
        extra = []
        if self.chance(0.06):
            extra.append("existing")
        if self.chance(0.15):
            extra.append("service-endpoint Microsoft.Storage" + self.rng.choice(["", ", Microsoft.KeyVault"]))
        if self.chance(0.1):
            extra.append('service-endpoint Microsoft.Storage only "/services/Azure/Batch", '
                         '"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"')
        if self.chance(0.1):
            extra.append('delegation "Microsoft.Web/serverFarms"')
        if self.chance(0.12) and "10." in line:
            extra.append("route %s to %s" % (self.rng.choice(["20.0.0.0/8", "Storage", "AzureCloud.westeurope"]),
                                             self.rng.choice(["internet", "none", "gateway"])))
        if not extra:
            return line
        if line.rstrip().endswith("}"):
            return line.rstrip()[:-1] + " ".join(extra) + " }"
        return line + " { " + " ".join(extra) + " }"

    def resources(self):
        rng, lines = self.rng, []
        zones = [zone for zone in self.world.zones() if zone.prefixes[0].fam == 4 and zone.name != "nva"]
        for number in range(rng.randrange(4) if zones else 0):
            kind, subs = rng.choice([("storage-account", ["blob", "file"]), ("key-vault", ["vault"]),
                                     ("ml-workspace", ["amlworkspace"]), ("aks-cluster", ["management"]),
                                     ("container-registry", ["registry"]), ("monitor-scope", ["azuremonitor"])])
            body = []
            for sub in subs[:rng.choice([1, 2])]:
                zone = rng.choice(zones)
                body.append("endpoint %s in %s.%s" % (sub, zone.net.name, zone.name))
            body += [text for text, p in (("region westeurope", 0.4), ("name st%d" % number, 0.3), ('resource-group "rg-x"', 0.2),
                                          ('id "/subscriptions/s/resourceGroups/g/providers/A.B/c/d"', 0.1)) if self.chance(p)]
            lines.append("resource res%d %s { %s }" % (number, kind, " ".join(body)))
            source = rng.choice(self.world.zones())
            lines.append("allow any from %s.%s to res%d" % (source.net.name, source.name, number))
        return lines


def accepted(text, box, options):
    """The policy without the statements that the compiler refuses, compiled; None when nothing helps."""
    policy, out = pathlib.Path(box, "policy.mlp"), pathlib.Path(box, "out")
    for _ in range(40):
        policy.write_text(text)
        result = compile_policy(policy, out, "--emit=nsg,arm,snippet,csv", *options)
        if result.returncode != 2:
            return text, result
        wrong = {int(n) for n in re.findall(r"^[^:\n]+:(\d+):\d+: error:", result.stdout + result.stderr, re.M)}
        lines = text.splitlines()
        wrong |= {n for n in wrong for n in block_of(lines, n)}
        text = "\n".join(line for n, line in enumerate(lines, 1) if n not in wrong) + "\n"
        if not wrong:
            return None, result
    return None, result


def block_of(lines, number):
    """All lines of the statement: what stands in braces goes as a whole, but not networks."""
    if number > len(lines):
        return
    start = number
    while start > 1 and lines[start - 1].startswith((" ", "}")):
        start -= 1
    if lines[start - 1].startswith("network ") or not lines[start - 1].rstrip().endswith("{"):
        yield number
        return
    yield start
    for n in range(start + 1, len(lines) + 1):
        yield n
        if lines[n - 1].startswith("}"):
            return


# ---- what the checker must notice ----


def spoil(template, rng):
    """One fault for each kind that the template offers: (name, template)."""
    resources = template["resources"]
    waiting = [i for i, r in enumerate(resources) if r.get("dependsOn")]
    if waiting:
        at = rng.choice(waiting)
        spoilt = copy.deepcopy(template)
        spoilt["resources"][at]["dependsOn"].pop(rng.randrange(len(resources[at]["dependsOn"])))
        yield "a dependency left out", spoilt
        spoilt = copy.deepcopy(template)
        spoilt["resources"][at]["dependsOn"].append("[resourceId('Microsoft.Network/routeTables', 'absent')]")
        yield "a dependency on nothing", spoilt
        target = resources[at]["dependsOn"][0]
        spoilt = copy.deepcopy(template)
        for resource in spoilt["resources"]:
            kind, name = resource["type"], resource["name"]
            if "resourceId('%s', '%s')" % (kind, name) in target:
                other = resources[at]
                names = "', '".join(other["name"].split("/"))
                resource.setdefault("dependsOn", []).append("[resourceId('%s', '%s')]" % (other["type"], names))
                yield "a cycle", spoilt
                break
    nsgs = [i for i, r in enumerate(resources) if r["type"].endswith("/networkSecurityGroups")]
    bound = [i for i in nsgs if "'%s'" % resources[i]["name"] in json.dumps([r.get("properties") for r in resources
                                                                              if r["type"].endswith("virtualNetworks")])]
    if bound:
        spoilt = copy.deepcopy(template)
        spoilt["resources"][bound[0]]["name"] += "x"
        yield "an NSG that is called otherwise", spoilt
    if len(nsgs) > 1:
        spoilt = copy.deepcopy(template)
        first, second = (resources[i] for i in nsgs[:2])
        spoilt["resources"][nsgs[0]].setdefault("dependsOn", []).append(
            "[resourceId('%s', '%s')]" % (second["type"], second["name"]))
        yield "a dependency without need", spoilt
    for i in nsgs:
        if resources[i]["properties"]["securityRules"]:
            spoilt = copy.deepcopy(template)
            spoilt["resources"][i]["properties"]["securityRules"][0]["properties"]["priority"] += 1
            yield "a rule that differs", spoilt
            break


def unnoticed(out, text, rng):
    path, problems = pathlib.Path(out, "azuredeploy.json"), []
    if not path.exists():
        return []
    whole = path.read_text()
    for name, spoilt in spoil(json.loads(whole), rng):
        path.write_text(json.dumps(spoilt))
        if not templates.check(out, text):
            problems.append("not noticed: " + name)
    path.write_text(whole)
    return problems


# ---- the importer reads back what was meant ----

DUMP = pathlib.Path(os.environ.get("builddir", SOURCE / "build"), "tests", "conformance", "dump_import")


def read_back(out):
    """The importer's view of a single template."""
    result = subprocess.run([str(DUMP), str(out / "azuredeploy.json")], capture_output=True, text=True, timeout=60)
    view = json.loads(result.stdout)
    own = json.dumps(view).replace("{subscription().subscriptionId}", "SUBSCRIPTION").replace("{resourceGroup().name}", "GROUP")
    return json.loads(own)


def written(template, kind):
    for resource in template.document["resources"]:
        if resource["type"] == "Microsoft.Network/" + kind:
            yield template.value(resource)


def as_id(kind, *names):
    return templates.show_id(("SUBSCRIPTION", "GROUP", "Microsoft.Network/" + kind, *names))


def bare(prefixes):
    """In one spelling, whoever wrote them."""
    return sorted(str(ipaddress.ip_network(prefix)) for prefix in prefixes)


def subnets_of(template):
    """(network, subnet) -> prefixes, NSG, route table, as the template has them, inline or not."""
    found = {}
    for network in written(template, "virtualNetworks"):
        for subnet in network["properties"].get("subnets", []):
            found[network["name"], subnet["name"]] = subnet["properties"]
    for subnet in written(template, "virtualNetworks/subnets"):
        found[tuple(subnet["name"].split("/"))] = subnet["properties"]
    last = lambda properties, key: properties[key]["id"].rpartition("/")[2] if key in properties else None
    return {key: (bare(p.get("addressPrefixes") or [p["addressPrefix"]]), last(p, "networkSecurityGroup"), last(p, "routeTable"))
            for key, p in found.items()}


def round_trip(out):
    """Differences between the template and what the importer makes of it."""
    template, view, problems = templates.Template(templates.load(out / "azuredeploy.json"), templates.HERE), read_back(out), []

    def same(what, mine, theirs):
        if mine != theirs:
            problems.append("%s: the template has %r, the importer %r" % (what, mine, theirs))

    same("NSGs", {n["name"]: (as_id("networkSecurityGroups", n["name"]).lower(), len(n["properties"]["securityRules"]), False)
                  for n in written(template, "networkSecurityGroups")},
         {n["name"]: (n["id"].lower(), len(n["rules"]), n["incomplete"]) for n in view["nsgs"]})
    same("networks", {n["name"]: (as_id("virtualNetworks", n["name"]).lower(), bare(n["properties"]["addressSpace"]["addressPrefixes"]))
                      for n in written(template, "virtualNetworks")},
         {n["name"]: (n["id"].lower(), bare(n["prefixes"])) for n in view["networks"]})
    same("subnets", subnets_of(template),
         {(n["name"], s["name"]): (bare(s["prefixes"]), None if s["nsg"] < 0 else view["nsgs"][s["nsg"]]["name"], s.get("routes"))
          for n in view["networks"] for s in n["subnets"]})
    same("ids of subnets", {as_id("virtualNetworks/subnets", *key).lower() for key in subnets_of(template)},
         {s["id"].lower() for n in view["networks"] for s in n["subnets"]})
    return problems


def against_world(out, text, world):
    """The subnets of the template are the zones of the policy, with the NSGs that govern them."""
    template = templates.Template(templates.load(out / "azuredeploy.json"), templates.HERE)
    names = re.findall(r"^ +zone (\S+) ", text, re.M)
    wanted = {}
    for block in re.findall(r"^network (\S+) .*?\{$(.*?)^\}$", text, re.M | re.S):
        existing = re.search(r"^    existing$", block[1], re.M)
        for zone in world.zones():
            line = re.search(r"^ +zone %s .*$" % zone.name, block[1], re.M)
            if zone.net.name == block[0] and line and not existing and "existing" not in line.group():
                nsg = None if zone.nsg is None else \
                    "nsg-%s-%s" % (zone.net.name, zone.name) if names.count(zone.name) > 1 else "nsg-" + zone.name
                wanted[zone.net.name, zone.name] = (bare(p.text for p in zone.prefixes), nsg)
    got = {key: value[:2] for key, value in subnets_of(template).items()}
    return [] if got == wanted else ["zones %r, subnets %r" % (wanted, got)]


# ---- the tests ----


def snippets(out):
    """Each snippet is the resources of its NSG as the schema wants them; wrapped, it is a template."""
    for path in sorted(pathlib.Path(out).glob("*.arm.json")):
        document = {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                    "contentVersion": "1.0.0.0", "resources": json.loads(path.read_text())}
        wrapped = path.with_suffix(".wrapped")
        wrapped.write_text(json.dumps(document))
        yield wrapped


def check_snippets(out, text):
    problems = []
    for wrapped in snippets(out):
        world = templates.World(text)
        try:
            world.deploy(wrapped.name, templates.Template(json.loads(wrapped.read_text()), templates.HERE))
        except templates.Bad as bad:
            world.say(wrapped.name, bad)
        problems += world.problems
    return problems


def check_table(out):
    """rules.csv has a line for each rule of the NSG files, as RFC 4180 reads it, and no cell that a spreadsheet runs."""
    raw, problems = (out / "rules.csv").read_bytes(), []
    if raw.count(b"\n") != raw.count(b"\r\n"):
        problems.append("a line of rules.csv ends otherwise")
    head, *rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), strict=True)
    listed = [(row[0], row[1], int(row[2]), row[3], row[4]) for row in rows]
    wanted = [(path.name[:-9], p["direction"], p["priority"], rule["name"], p["access"]) for path in sorted(out.glob("*.nsg.json"))
              for rule in templates.load(path)["properties"]["securityRules"] for p in [rule["properties"]]]
    if sorted(listed) != sorted(wanted):
        problems.append("rules.csv has other rules than the NSG files")
    problems += ["a cell of rules.csv is %r" % cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    return problems + ["a line of rules.csv has %d cells" % len(row) for row in rows if len(row) != len(head)]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=25 if os.environ.get("MLN_SANITIZED") else 60)
    arguments = arguments.parse_args()
    tap, files = Tap(), []
    with tempfile.TemporaryDirectory() as work:
        for name in EXAMPLES:
            policy = SOURCE / "examples" / name / "policy.mlp"
            for scope in SCOPES:
                out = pathlib.Path(work, name, scope)
                result = compile_policy(policy, out, "--emit=nsg,arm,snippet,csv", "--arm-scope=" + scope)
                problems = [result.stderr] if result.returncode else templates.check(out, policy.read_text())
                tap.result("%s, scope %s: references and dependencies" % (name, scope),
                           problems + check_snippets(out, policy.read_text()) + check_table(out))
                files += [*out.glob("azuredeploy*.json"), *snippets(out)]
            # What verify says of traffic is another matter: a template has no overlays, VPN clients, Kubernetes pods.
            result = subprocess.run([MLNSGC, "verify", str(policy), "--live=" + str(pathlib.Path(work, name, "all", "azuredeploy.json"))],
                                    capture_output=True, text=True, timeout=300)
            tap.result("%s: verify reads the template's rules as the policy's" % name,
                       [] if "rules: no difference" in result.stdout + result.stderr or result.returncode == 0 else [result.stdout])
        random_policies(tap, arguments, work, files)
        check_schemas(tap, files)
    print("1..%d" % tap.count)
    return 1 if tap.failed else 0


def random_policies(tap, arguments, work, files):
    problems, blind, back, done, split = [], [], [], 0, 0
    for number in range(arguments.count):
        rng = random.Random(arguments.seed * 100003 + number)
        box = pathlib.Path(work, "random", str(number))
        box.mkdir(parents=True)
        scope = rng.choice(SCOPES + ("all",) * 4)
        world = generate.Generator(rng).make()
        text = Topology(rng, world).make()
        text, result = accepted(text, box, ["--arm-scope=" + scope])
        if text is None or result.returncode:
            problems.append("policy %d: exit %d: %s" % (number, result.returncode, result.stderr[:500]))
            continue
        done += 1
        split += pathlib.Path(box, "out", "azuredeploy.order").exists()
        problems += ["policy %d: %s" % (number, text_) for text_ in templates.check(box / "out", text)]
        problems += ["policy %d: %s" % (number, text_) for text_ in check_snippets(box / "out", text) + check_table(box / "out")]
        blind += ["policy %d: %s" % (number, text_) for text_ in unnoticed(box / "out", text, rng)]
        if (box / "out" / "azuredeploy.json").exists() and not (box / "out" / "azuredeploy.order").exists():
            if scope != "nsg":
                back += ["policy %d: %s" % (number, text_) for text_ in against_world(box / "out", text, world)]
            if DUMP.exists():
                back += ["policy %d: %s" % (number, text_) for text_ in round_trip(box / "out")]
        files += [*(box / "out").glob("azuredeploy*.json"), *snippets(box / "out")]
    tap.result("%d random policies, seed %d: references and dependencies" % (done, arguments.seed), problems)
    tap.result("the checker notices faults put into their templates", blind)
    tap.result("zones, NSGs and ids come back through the importer" if DUMP.exists() else "zones are subnets with their NSGs", back)
    tap.result("some of them need several templates", [] if split else ["none of %d" % done])


def check_schemas(tap, files):
    name = "official schemas, strict: every template and snippet"
    reason = checkers.missing()
    if reason:
        tap.skip(name, reason)
        return
    with checkers.Checkers() as check:
        good, text = check.arm(sorted(files))
    tap.result("%s (%d)" % (name, len(files)), [] if good else [line for line in text.splitlines() if not line.endswith(": ok")])


if __name__ == "__main__":
    sys.exit(main())
