#!/usr/bin/env python3
"""Firewalls of resources: what --emit=allowlist writes, held against the policy by other means. Prints TAP.

What a firewall has to let in is worked out here, with the addresses of the service-tag file and address by address; what
is written is read back from each artefact in the service's own spelling, which stands in the table below and not in the
library. Scripts are run against a stand-in of `az` that records what is asked of it, or changes a made-up server.

    run-firewalls.py [--seed N] [--count M]
"""

import argparse
import csv
import io
import ipaddress
import json
import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
TAGS = SOURCE / "examples" / "hosted-agents" / "ServiceTags_abridged.json"
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "tests"))
import checkers  # noqa: E402

# Of each kind: type, path of the list, how an entry is read, limit, entries to a rule; from the services' documentation.
SERVICES = {
    "storage-account": ("Microsoft.Storage/storageAccounts", "networkAcls.ipRules", "value", 400, 1),
    "key-vault": ("Microsoft.KeyVault/vaults", "networkAcls.ipRules", "value", 1000, 1),
    "managed-hsm": ("Microsoft.KeyVault/managedHSMs", "networkAcls.ipRules", "value", 10, 1),
    "container-registry": ("Microsoft.ContainerRegistry/registries", "networkRuleSet.ipRules", "value", 200, 1),
    "ml-workspace": ("Microsoft.MachineLearningServices/workspaces", "networkAcls.ipRules", "value", 200, 1),
    "aks-cluster": ("Microsoft.ContainerService/managedClusters", "apiServerAccessProfile.authorizedIPRanges", None,
                    200, 1),
    "app-service": ("Microsoft.Web/sites/config", "ipSecurityRestrictions", "ipAddress", 512, 8),
    "sql-server": ("Microsoft.Sql/servers/firewallRules", None, "range", 128, 1),
    "postgresql-server": ("Microsoft.DBforPostgreSQL/flexibleServers/firewallRules", None, "range", None, 1),
    "mysql-server": ("Microsoft.DBforMySQL/flexibleServers/firewallRules", None, "range", None, 1),
    "synapse-workspace": ("Microsoft.Synapse/workspaces/firewallRules", None, "range", 128, 1),
    "cosmos-db": ("Microsoft.DocumentDB/databaseAccounts", "ipRules", "ipAddressOrRange", None, 1),
    "ai-services": ("Microsoft.CognitiveServices/accounts", "networkAcls.ipRules", "value", 100, 1),
    "search": ("Microsoft.Search/searchServices", "networkRuleSet.ipRules", "value", None, 1),
    "event-hubs": ("Microsoft.EventHub/namespaces/networkRuleSets", "ipRules", "ipMask", None, 1),
    "service-bus": ("Microsoft.ServiceBus/namespaces/networkRuleSets", "ipRules", "ipMask", None, 1),
    "container-app": ("Microsoft.App/containerApps", "configuration.ingress.ipSecurityRestrictions", "ipAddressRange",
                      None, 1),
    "databricks": (None, None, "requests", 1000, 1),
}
DENIES = {"storage-account": "networkAcls.defaultAction", "key-vault": "networkAcls.defaultAction",
          "managed-hsm": "networkAcls.defaultAction", "container-registry": "networkRuleSet.defaultAction",
          "ml-workspace": "networkAcls.defaultAction", "ai-services": "networkAcls.defaultAction",
          "event-hubs": "defaultAction", "service-bus": "defaultAction",
          "app-service": "ipSecurityRestrictionsDefaultAction"}
SINGLES = {"storage-account", "ai-services"}  # refuse /31 and /32
PORTS = {"sql-server": "tcp 1433", "synapse-workspace": "tcp 1433", "postgresql-server": "tcp 5432", "mysql-server": "tcp 3306"}
PRIVATE = [ipaddress.ip_network(text) for text in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/4", "240.0.0.0/4")]


# ---- sets of addresses: sorted lists of pairs ----

def merged(pairs):
    out = []
    for lo, hi in sorted(pairs):
        if out and lo <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(hi, out[-1][1]))
        else:
            out.append((lo, hi))
    return out


def span(text):
    network = ipaddress.ip_network(text)
    return int(network[0]), int(network[-1])


def covers(outer, inner):
    return all(any(lo <= a and b <= hi for lo, hi in outer) for a, b in inner)


def minus(left, right):
    out = []
    for lo, hi in left:
        for a, b in right:
            if b < lo or a > hi:
                continue
            if a > lo:
                out.append((lo, a - 1))
            lo = b + 1
        if lo <= hi:
            out.append((lo, hi))
    return out


def size(pairs):
    return sum(hi - lo + 1 for lo, hi in pairs)


def published(tag, version=4):
    values = json.loads(TAGS.read_text())["values"]
    found = [v for v in values if v["name"].lower() == tag.lower()]
    assert len(found) == 1, tag
    return merged(span(p) for p in found[0]["properties"]["addressPrefixes"] if (":" in p) == (version == 6))


def agents(*regions):
    return merged(pair for region in regions for pair in published("AzureCloud." + region))


# ---- running ----

def run(*arguments, where=None, **more):
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": "1893456000"}
    clean.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, *map(str, arguments)], cwd=where, env=clean, capture_output=True, text=True, timeout=300, **more)


def compiled(policy, *options, tags=TAGS):
    """The files that the policy becomes, by name."""
    with tempfile.TemporaryDirectory() as where:
        known = [f"--tags={tags}"] if tags else []
        result = run("compile", "--emit=allowlist", *known, *options, "-o", where + "/out", "-", input=policy)
        assert result.returncode == 0, result.stderr + policy
        return {path.name: path.read_text() for path in pathlib.Path(where, "out").iterdir()}


def at(tree, path):
    for key in path.split("."):
        tree = tree[key]
    return tree


def read_back(kind, files, name):
    """The entries of an artefact as pairs, with how many rules they are."""
    document = json.loads(files[name + ".allowlist.json"])
    typename, path, form, limit, packed = SERVICES[kind]
    if form == "requests":
        (request,) = document["requests"]
        assert (request["method"], request["path"]) == ("POST", "/api/2.0/ip-access-lists")
        assert request["body"]["list_type"] == "ALLOW"
        texts = request["body"]["ip_addresses"]
        return document, texts, len(texts)
    assert all(part["type"] == typename for part in document["resources"]), document["resources"][0]["type"]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", part["apiVersion"]) for part in document["resources"])
    if form == "range":
        texts = [part["properties"]["startIpAddress"] + "-" + part["properties"]["endIpAddress"]
                 for part in document["resources"]]
        names = [part["name"] for part in document["resources"]]
        assert len(set(names)) == len(names) and all(re.fullmatch(r"[\w.'$ -]+/[\w-]{1,126}", n) for n in names), names[:3]
        return document, texts, len(texts)
    (part,) = document["resources"]
    rules = at(part["properties"], path)
    if kind in DENIES:
        assert at(part["properties"], DENIES[kind]) == "Deny"
    if packed > 1:
        check_rules(part["properties"], rules, packed)
    texts = [text for rule in rules for text in (rule if form is None else rule[form]).split(",")]
    return document, texts, len(rules)


def check_rules(properties, rules, packed):
    assert rules == properties["scmIpSecurityRestrictions"] and not properties["scmIpSecurityRestrictionsUseMain"]
    assert properties["scmIpSecurityRestrictionsDefaultAction"] == "Deny"
    assert len({rule["priority"] for rule in rules}) == len({rule["name"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["action"] == "Allow" and 1 <= len(rule["ipAddress"].split(",")) <= packed
        assert rule["tag"] == ("Default" if rule["ipAddress"][0].isdigit() else "ServiceTag")


def pair_of(text):
    if "-" in text:
        lo, hi = text.split("-")
        return int(ipaddress.ip_address(lo)), int(ipaddress.ip_address(hi))
    return span(text)


def check_list(kind, files, name, wanted, barred=()):
    """Every fact about one resource's artefacts; returns what they let in."""
    document, texts, rules = read_back(kind, files, name)
    about, limit = document["metadata"], SERVICES[kind][3]
    pairs = [pair_of(text) for text in texts]
    held = merged(pairs)
    assert size(held) == sum(hi - lo + 1 for lo, hi in pairs), "entries overlap"
    assert covers(held, wanted), "not everything is let in"
    extra = minus(held, wanted)
    assert not covers_any(held, [span(str(p)) for p in PRIVATE]), "a private address is let in"
    assert not covers_any(held, barred), "what is kept out is let in"
    assert limit is None or rules <= limit, (rules, limit)
    for text in texts:
        if "/" in text and kind in SINGLES:
            assert int(text.split("/")[1]) <= 30, text
        if "-" not in text:
            ipaddress.ip_network(text)  # host bits are an error
    assert (about["kind"], about["limit"], about["entries"]) == (kind, limit, rules), about
    assert about["addresses"] == size(wanted) and about["extra"] == size(extra), about
    assert about["strangers"] == size(minus(extra, published("AzureCloud"))), about
    assert files[name + ".allowlist.txt"].splitlines() == texts
    check_table(files[name + ".allowlist.csv"], texts, about)
    return held


def covers_any(held, pairs):
    return any(lo <= b and a <= hi for lo, hi in held for a, b in pairs)


def check_table(text, texts, about):
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["entry"] for row in rows] == texts
    for row in rows:
        lo, hi = pair_of(row["entry"])
        assert (int(ipaddress.ip_address(row["first"])), int(ipaddress.ip_address(row["last"]))) == (lo, hi)
        assert int(row["addresses"]) == hi - lo + 1 and row["sources"]
    assert sum(int(row["extra"]) for row in rows) == about["extra"]
    assert sum(int(row["strangers"]) for row in rows) == about["strangers"]


# ---- tests ----

TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
def every_kind_in_its_own_spelling(arguments):
    """Few sources, which fit everywhere as they are; then a geography, fitted."""
    office = merged(map(span, ("203.0.113.0/28", "198.51.100.7/32", "198.51.100.8/31")))
    corner = [span("203.0.113.5/32")]
    for kind in SERVICES:
        policy = (f"external office 203.0.113.0/28, 198.51.100.7, 198.51.100.8/31\nexternal corner 203.0.113.5\n"
                  f"resource r {kind} {{ widen yes }}\nresource w {kind} {{ widen yes }}\n"
                  f"allow {PORTS.get(kind, 'https')} from office except corner to r\n"
                  f"allow {PORTS.get(kind, 'https')} from hosted-agents.united-kingdom, office except corner to w\n")
        files = compiled(policy, "--expand-tags=agents")
        held = check_list(kind, files, "r", minus(office, corner), corner)
        assert held == minus(office, corner), kind
        check_list(kind, files, "w", merged(agents("uksouth", "ukwest") + minus(office, corner)), corner)


@test
def geographies_at_every_limit(arguments):
    geographies = {"europe": ("northeurope", "westeurope"), "united-kingdom": ("uksouth", "ukwest"),
                   "europe-france": ("northeurope", "westeurope", "francecentral", "francesouth")}
    for name, regions in geographies.items():
        wanted = agents(*(r.replace("francecentral", "centralfrance").replace("francesouth", "southfrance") for r in regions))
        for kind in ("storage-account", "container-registry", "sql-server", "managed-hsm", "key-vault", "app-service"):
            policy = f"resource r {kind} {{ widen yes region swedencentral }}\n" \
                     f"allow {PORTS.get(kind, 'https')} from hosted-agents.{name} to r\n"
            held = check_list(kind, compiled(policy, "--expand-tags=agents"), "r", wanted)
            if kind in ("key-vault", "app-service"):
                assert held == wanted, "widened without need"


def apply_intents(rng, prefixes):
    """A random policy for one resource over 64 addresses, and what it means: an address at a time."""
    names, statements, lines = {}, [], []
    for i in range(rng.randint(1, 6)):
        names[f"x{i}"] = rng.sample(prefixes, rng.randint(1, 3))
        lines.append(f"external x{i} " + ", ".join(map(str, names[f"x{i}"])))
    for i in range(rng.randint(1, 7)):
        verb = rng.choice(("allow", "allow", "allow", "deny", "deny", "forbid"))
        side, gone = rng.choice(sorted(names)), rng.choice([None] * 8 + sorted(names))
        statements.append({"verb": verb, "name": f"s{i}", "from": names[side], "except": names[gone] if gone else [],
                           "text": side + (f" except {gone}" if gone else ""), "overrides": []})
    denies = [s for s in statements if s["verb"] == "deny"]
    for s in statements:
        if s["verb"] == "allow" and denies and rng.random() < 0.7:
            s["overrides"] = rng.sample(denies, rng.randint(1, len(denies)))
    for s in statements:
        over = " overrides " + ", ".join(d["name"] for d in s["overrides"]) if s["overrides"] else ""
        lines.append(f"{s['verb']} https from {s['text']} to r as {s['name']}{over}")
    return "\n".join(lines) + "\n", statements


def meets(statement, address):
    return any(address in p for p in statement["from"]) and not any(address in p for p in statement["except"])


def permitted(statements, address):
    matching = [s for s in statements if meets(s, address)]
    denies = [s for s in matching if s["verb"] == "deny"]
    return not any(s["verb"] == "forbid" for s in matching) and any(
        s["verb"] == "allow" and all(d in s["overrides"] for d in denies) for s in matching)


def mistakes(statements, block):
    """What has to be refused: slugs, from the language's rules on swallowed and forbidden allows."""
    found = set()
    for s in statements:
        wanted = {a for a in block if meets(s, a)}
        if not wanted:
            found.add("empty-side")
        if s["verb"] != "allow" or not wanted:
            continue
        left = {a for a in wanted if not any(f["verb"] == "forbid" and meets(f, a) for f in statements)}
        if not left:
            found.add("forbidden")
        elif left != wanted:
            found.add("partly-forbidden")
        if left and not any(permitted([s] + [d for d in statements if d["verb"] != "allow"], a) for a in left):
            found.add("swallowed")
    return found


@test
def random_policies_mean_what_the_language_says(arguments):
    rng = random.Random(arguments.seed)
    block = ipaddress.ip_network("198.51.100.0/26")
    prefixes = [p for length in range(26, 33) for p in block.subnets(new_prefix=length)]
    weights = prefixes[:1] + [p for p in prefixes if p.prefixlen > 27]
    compared = refused = lists = 0
    for number in range(arguments.count):
        text, statements = apply_intents(rng, weights)
        policy = "resource r cosmos-db\n" + text
        wanted = merged((int(a), int(a)) for a in block if permitted(statements, a))
        result = run("check", "--message-format=json", "-", input=policy)
        assert result.stdout, result.stderr[:3000] + policy
        findings = {d["slug"] for d in json.loads(result.stdout)["diagnostics"] if d["severity"] == "error"}
        compared += 1
        expected = mistakes(statements, block)
        if "empty-side" in expected:  # such a statement is left out, and nothing more is said about it
            assert "empty-side" in findings, policy
            continue
        assert findings == expected, (findings, expected, policy)
        if findings:
            refused += 1
            continue
        files = compiled(policy, tags=None)
        if not wanted:
            assert "r.allowlist.txt" not in files or files["r.allowlist.txt"] == "", policy
            continue
        lists += 1
        held = merged(span(line) for line in files["r.allowlist.txt"].splitlines())
        assert held == wanted, (policy, held, wanted)
    assert lists > arguments.count // 10 and refused > arguments.count // 20, (lists, refused)
    return f"{compared} policies, seed {arguments.seed}: {lists} lists, {refused} refused"


@test
def assertions_are_decided_on_the_list_that_is_written(arguments):
    policy = ("resource r container-registry { widen yes }\nallow https from hosted-agents.united-kingdom to r\n")
    files = compiled(policy)
    held = merged(span(line) for line in files["r.allowlist.txt"].splitlines())
    extra = minus(held, agents("uksouth", "ukwest"))
    outside = minus([span("198.18.0.0/15")], held)
    assert extra and outside
    address = lambda pair: str(ipaddress.ip_address(pair[0]))
    claims = [f"assert allow https from {address(extra[0])} to r", f"assert deny https from {address(outside[0])} to r",
              "assert allow https from hosted-agents.united-kingdom to r"]
    result = run("test", f"--tags={TAGS}", "-", input=policy + "\n".join(claims) + "\n")
    assert result.returncode == 0, result.stdout
    wrong = [f"assert deny https from {address(extra[-1])} to r", f"assert allow https from {address(outside[-1])} to r"]
    for claim in wrong:
        assert run("test", f"--tags={TAGS}", "-", input=policy + claim + "\n").returncode == 1, claim


@test
def the_cost_says_what_there_is_the_fewest_of(arguments):
    policy = ("resource r container-registry { widen yes }\nallow https from hosted-agents.united-kingdom to r\n")
    counted = {}
    for cost in ("strangers", "total"):
        about = json.loads(compiled(policy, "--cost=" + cost)["r.allowlist.json"])["metadata"]
        assert about["cost"] == cost and about["entries"] == 200, about
        counted[cost] = about
    assert counted["strangers"]["strangers"] < counted["total"]["strangers"], counted
    assert counted["total"]["extra"] < counted["strangers"]["extra"], counted


@test
def an_app_takes_tags_by_name_and_needs_no_file(arguments):
    policy = "resource r app-service\nallow https from hosted-agents.united-states, AzureFrontDoor.Backend to r\n"
    rules = json.loads(compiled(policy, tags=None)["r.allowlist.json"])["resources"][0]["properties"]["ipSecurityRestrictions"]
    named = [text for rule in rules for text in rule["ipAddress"].split(",")]
    assert all(rule["tag"] == "ServiceTag" and len(rule["ipAddress"].split(",")) <= 8 for rule in rules)
    assert len(named) == 11 and "AzureFrontDoor.Backend" in named and "AzureCloud.eastus3" in named, named


@test
def agents_for_macos_come_from_github(arguments):
    with tempfile.TemporaryDirectory() as where:
        meta = pathlib.Path(where, "meta.json")
        meta.write_text(json.dumps({"actions": ["192.0.2.128/25"], "actions_macos": ["192.0.2.0/27", "192.0.2.64/31", "2001:db8:5::/48"]}))
        mac = merged([span("192.0.2.0/27"), span("192.0.2.64/31")])
        for kind in ("storage-account", "app-service"):
            policy = f"resource r {kind} {{ region swedencentral }}\nallow https from hosted-agents.united-kingdom to r\n" \
                     "assert allow https from 192.0.2.65 to r\nassert deny https from 192.0.2.66 to r\n"
            with_mac = compiled(policy, f"--github-meta={meta}", "--expand-tags=agents")
            if kind == "storage-account":
                check_list(kind, with_mac, "r", merged(agents("uksouth", "ukwest") + mac))
            result = run("test", f"--github-meta={meta}", f"--tags={TAGS}", "-", input=policy)
            assert result.returncode == 0, result.stdout
            assert run("test", f"--tags={TAGS}", "-", input=policy).returncode == 1
        # Tags by name and addresses side by side; and the NSG of a zone.
        rules = json.loads(compiled("resource r app-service\nallow https from hosted-agents.united-kingdom to r\n",
                                    f"--github-meta={meta}")["r.allowlist.json"])["resources"][0]["properties"]["ipSecurityRestrictions"]
        assert [rule["ipAddress"] for rule in rules] == ["AzureCloud.uksouth,AzureCloud.ukwest",
                                                         "192.0.2.0/27,192.0.2.64/31,2001:db8:5::/48"], rules
        zone = "network n 10.0.0.0/16 { zone z 10.0.0.0/24 }\nallow ssh from hosted-agents.united-kingdom to z\n"
        result = run("compile", "--emit=nsg", f"--github-meta={meta}", "-o", "-", "-", input=zone)
        assert result.returncode == 0, result.stderr
        assert '"192.0.2.64/31"' in result.stdout and '"AzureCloud.ukwest"' in result.stdout, result.stdout
        assert "macos-agents" not in run("check", f"--github-meta={meta}", f"--tags={TAGS}", "-", input=policy).stdout
        meta.write_text('{"actions_macos": ["192.0.2.1/24"]}')
        assert "github-meta" in run("check", f"--github-meta={meta}", "-", input=zone).stdout


@test
def lists_are_written_only_for_firewalls_in_use(arguments):
    policy = ("resource a key-vault\nresource b key-vault { public no }\nresource c key-vault { public yes }\n"
              "external office 203.0.113.0/28\nresource d key-vault\nallow https from office to d\n")
    names = sorted(compiled(policy, tags=None))
    assert names == ["MANIFEST", "b.allowlist.json", "b.allowlist.sh", "c.allowlist.json", "c.allowlist.sh",
                     *(f"d.allowlist.{suffix}" for suffix in ("csv", "json", "sh", "txt"))], names
    policy = "network n 10.0.0.0/16 { zone a 10.0.0.0/24 zone b 10.0.1.0/24 }\nallow https from a to b\n"
    assert not [name for name in compiled(policy, tags=None) if "allowlist" in name]


CLOSED = {"storage-account": "publicNetworkAccess", "key-vault": "publicNetworkAccess", "container-registry": "publicNetworkAccess",
          "managed-hsm": "publicNetworkAccess", "ml-workspace": "publicNetworkAccess", "app-service": "publicNetworkAccess",
          "sql-server": "publicNetworkAccess", "synapse-workspace": "publicNetworkAccess", "cosmos-db": "publicNetworkAccess",
          "postgresql-server": "network.publicNetworkAccess", "mysql-server": "network.publicNetworkAccess",
          "ai-services": "publicNetworkAccess", "search": "publicNetworkAccess", "event-hubs": "publicNetworkAccess",
          "service-bus": "publicNetworkAccess"}


@test
def closed_and_open_firewalls_are_spelled(arguments):
    for kind in SERVICES:
        for word, value, action in (("no", "Disabled", "Deny"), ("yes", "Enabled", "Allow")):
            files = compiled(f"resource r {kind} {{ public {word} }}\n", tags=None)
            if kind not in CLOSED:
                assert list(files) == ["MANIFEST"], kind
                continue
            document = json.loads(files["r.allowlist.json"])
            part = document["resources"][0]["properties"]
            assert document["metadata"]["state"] == ("closed" if word == "no" else "open")
            assert at(part, CLOSED[kind]) == value, (kind, part)
            if kind in DENIES:
                assert at(part, DENIES[kind]) == action, kind
            if SERVICES[kind][1]:
                assert at(part, SERVICES[kind][1]) == [], kind
            log, state = run_script(files["r.allowlist.sh"], {"firewallRules/old": {}} if SERVICES[kind][2] == "range" else {})
            bodies = [entry["body"]["properties"] for entry in log if entry["body"]]
            assert bodies == [part], (kind, bodies)
            if SERVICES[kind][2] == "range":
                assert state == ({"firewallRules/old": {}} if word == "no" else {"firewallRules/allow-0-0-0-0-to-255-255-255-255": {
                    "startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}}), (kind, state)


@test
def one_stream_is_one_document(arguments):
    policy = "external office 203.0.113.0/28\nresource a key-vault\nresource b search\nallow https from office to a, b\n"
    result = run("compile", "--emit=allowlist", "-o", "-", "-", input=policy)
    assert result.returncode == 0 and [d["metadata"]["resource"] for d in json.loads(result.stdout)] == ["a", "b"]


@test
def resources_of_one_name_get_files_of_their_own(arguments):
    policy = ("external office 203.0.113.0/28\ntemplate t() { resource x key-vault\n allow https from office to x }\n"
              "apply t()\napply t() as again\n")
    names = {name for name in compiled(policy, tags=None) if name.endswith(".json")}
    assert names == {"x.allowlist.json", "x-2.allowlist.json"}, names


@test
def ten_thousand_sources_take_no_time(arguments):
    texts = [f"{20 + i // 60000}.{i // 250 % 240}.{i % 250}.0/25" for i in range(10000)]
    policy = "resource r cosmos-db\n" + "".join(f"external x{i} {t}\n" for i, t in enumerate(texts)) + \
        "".join(f"allow https from x{i} to r\n" for i in range(len(texts)))
    files = compiled(policy, tags=None)
    assert merged(map(span, files["r.allowlist.txt"].split())) == merged(map(span, texts))


@test
def thousands_of_denies_take_no_time(arguments):
    count = 150 if os.environ.get("MLN_SANITIZED") else 3000
    for overrides in ("", " overrides d{}"):
        policy, expected = "resource r cosmos-db\n", []
        for i in range(count):
            lines = ("external x{0} {1}.0.0/24\nexternal y{0} {1}.0.128/25\nallow https from x{0} to r" + overrides + "\n"
                     "deny https from y{0} to r as d{0}\n")
            policy += lines.replace("d{}", "d{0}").format(i, f"{20 + i // 250}.{i % 250}")
            expected.append(span(f"{20 + i // 250}.{i % 250}.0.0/{24 if overrides else 25}"))
        start = time.monotonic()
        files = compiled(policy, tags=None)
        assert time.monotonic() - start < 10, "it grows with the square"
        assert merged(map(span, files["r.allowlist.txt"].split())) == merged(expected)


# ---- scripts ----

AZ = r'''#!/usr/bin/env python3
import json, os, sys
here, line = os.path.dirname(os.path.abspath(__file__)), sys.argv[1:]
def option(name):
    return line[line.index(name) + 1] if name in line else None
body = option("--body")
if body:
    assert body[0] == "@"
    body = json.load(open(body[1:]))
with open(os.path.join(here, "log"), "a") as log:
    log.write(json.dumps({"line": line, "body": body}) + "\n")
state = json.load(open(os.path.join(here, "state")))
if line[:2] == ["resource", "show"]:
    print("/subscriptions/s/resourceGroups/" + option("--resource-group") + "/providers/" + option("--resource-type") + "/" + option("--name"))
elif line[:2] == ["account", "show"]:
    print("11111111-2222-3333-4444-555555555555")
elif line[:1] == ["rest"] and option("--method") == "get":
    there = option("--url").split("?")[0].rsplit("/", 1)[1] + "/"
    print("\n".join(key[len(there):] for key in state if key.startswith(there)))
elif line[:2] == ["resource", "delete"]:
    state.pop("/".join(option("--ids").rsplit("/", 2)[1:]))
elif line[:2] == ["resource", "create"]:
    state["/".join(option("--id").rsplit("/", 2)[1:])] = json.loads(option("--properties"))["properties"]
json.dump(state, open(os.path.join(here, "state"), "w"))
'''


def run_script(text, state=None, **variables):
    """What the script asked for, and the rules there are afterwards."""
    with tempfile.TemporaryDirectory() as where:
        box = pathlib.Path(where)
        (box / "az").write_text(AZ)
        (box / "az").chmod(0o755)
        (box / "state").write_text(json.dumps(state or {}))
        (box / "log").write_text("")
        (box / "script").write_text(text)
        (box / "tmp").mkdir()
        clean = {"PATH": f"{where}:{os.environ['PATH']}", "TMPDIR": str(box / "tmp"), "RESOURCE_GROUP": "rg one", **variables}
        result = subprocess.run(["sh", "script"], cwd=where, env=clean, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr
        assert not list((box / "tmp").iterdir()), "a temporary file is left"
        assert sorted(p.name for p in box.iterdir()) == ["az", "log", "script", "state", "tmp"], "the script made files"
        return [json.loads(line) for line in (box / "log").read_text().splitlines()], json.loads((box / "state").read_text())


NAMES = r"""resource r %s { name "it's \"\$(touch made)\" `touch made` \\ x" }
external office 203.0.113.0/28, 198.51.100.7
network n 10.0.0.0/16 { region westeurope zone z 10.0.0.0/24 { nsg none service-endpoint Microsoft.Storage, Microsoft.Sql } }
allow %s from office to r
"""


@test
def scripts_send_what_the_artefact_says(arguments):
    for kind, (typename, path, form, _, _) in SERVICES.items():
        files = compiled(NAMES % (kind, PORTS.get(kind, "https")), tags=None)
        if form in ("range", "requests") or kind == "aks-cluster":
            continue
        part = json.loads(files["r.allowlist.json"])["resources"][0]
        log, _ = run_script(files["r.allowlist.sh"])
        (call,) = [entry for entry in log if entry["line"][0] == "rest"]
        assert call["body"] == {"properties": part["properties"]}, kind
        url = call["line"][call["line"].index("--url") + 1]
        assert url.endswith("?api-version=" + part["apiVersion"]) and url.startswith("/subscriptions/s/resourceGroups/rg one/"), url
        assert "/it's \"$(touch made)\" `touch made` \\ x" in url, url
        assert call["line"][call["line"].index("--method") + 1] == ("put" if kind in ("event-hubs", "service-bus") else "patch")


@test
def scripts_leave_exactly_the_rules_of_the_list(arguments):
    for kind in ("sql-server", "postgresql-server", "mysql-server", "synapse-workspace"):
        files = compiled(f"resource r {kind}\nexternal office 203.0.113.0/28, 203.0.113.31, 198.51.100.7, 198.51.100.9\n"
                         f"allow {PORTS[kind]} from office to r\n", tags=None)
        rules = {"firewallRules/" + part["name"].split("/", 1)[1]: part["properties"]
                 for part in json.loads(files["r.allowlist.json"])["resources"]}
        kept = sorted(rules)[0]
        stale = {f"firewallRules/old rule {i}": {"startIpAddress": "1.2.3.4", "endIpAddress": "1.2.3.4"} for i in range(3)}
        log, state = run_script(files["r.allowlist.sh"], {**stale, kept: rules[kept]})
        assert state == rules, (kind, state, rules, log)
        steps = [entry["line"][1] for entry in log if entry["line"][0] == "resource" and entry["line"][1] != "show"]
        assert steps == ["delete"] * 3 + ["create"] * len(rules), "stale rules go first: both together may be too many"
    files = compiled("resource r sql-server\nnetwork n 10.0.0.0/16 { zone z 10.0.0.0/24 { nsg none service-endpoint Microsoft.Sql } }\n"
                     "allow tcp 1433 from z to r\n", tags=None)
    log, state = run_script(files["r.allowlist.sh"], NETWORK_GROUP="rg-net")
    assert state == {"virtualNetworkRules/allow-n-z": {"virtualNetworkSubnetId": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/"
                                   "rg-net/providers/Microsoft.Network/virtualNetworks/n/subnets/z"}}, state


@test
def a_cluster_is_updated_in_one_call(arguments):
    files = compiled(NAMES % ("aks-cluster", "https"), tags=None)
    log, _ = run_script(files["r.allowlist.sh"])
    assert log[-1]["line"] == ["aks", "update", "--resource-group", "rg one", "--name", "it's \"$(touch made)\" `touch made` \\ x",
                               "--api-server-authorized-ip-ranges", files["r.allowlist.txt"].strip().replace("\n", ","),
                               "--output", "none"], log


@test
def subnets_are_completed_when_the_script_runs(arguments):
    policy = ("resource r storage-account\nnetwork n 10.0.0.0/16 { zone z 10.0.0.0/24 { nsg none service-endpoint Microsoft.Storage } }\n"
              "allow https from z to r\n")
    files = compiled(policy, tags=None)
    assert files["r.allowlist.txt"] == ""
    log, _ = run_script(files["r.allowlist.sh"], SUBSCRIPTION="sub", NETWORK_GROUP="rg-net")
    rules = [entry for entry in log if entry["line"][0] == "rest"][0]["body"]["properties"]["networkAcls"]
    assert rules["defaultAction"] == "Deny" and rules["ipRules"] == [] and rules["virtualNetworkRules"] == [
        {"id": "/subscriptions/sub/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/n/subnets/z", "action": "Allow"}]


@test
def scripts_are_clean(arguments):
    if not shutil.which("shellcheck"):
        return "SKIP no shellcheck"
    for kind in SERVICES:
        files = compiled(NAMES % (kind, PORTS.get(kind, "https")) +
                         ("allow https from z to r\n" if kind == "storage-account" else ""), tags=None)
        files.update((name + word, text) for word in ("no", "yes")
                     for name, text in compiled(f"resource r {kind} {{ public {word} }}\n", tags=None).items())
        for name in files:
            if ".allowlist.sh" not in name:
                continue
            result = subprocess.run(["shellcheck", "--norc", "-s", "sh", "-"], input=files[name], capture_output=True, text=True,
                                    timeout=120)
            assert result.returncode == 0, kind + result.stdout


# ---- the weekly job ----

def week(box, name, number, more):
    """The example's service tags with prefixes added to one region, as the file of another week."""
    document = json.loads(TAGS.read_text())
    document["changeNumber"] = number
    for value in document["values"]:
        if value["name"] in ("AzureCloud", "AzureCloud.uksouth"):
            value["properties"]["addressPrefixes"] = sorted({*value["properties"]["addressPrefixes"], *more})
            value["properties"]["changeNumber"] = number
    (box / name).write_text(json.dumps(document))


@test
def the_weekly_job_reports_and_fails_when_a_list_is_full(arguments):
    if not shutil.which("make") or not shutil.which("awk"):
        return "SKIP no make or awk"
    with tempfile.TemporaryDirectory() as where:
        box = pathlib.Path(where, "hosted-agents")
        shutil.copytree(SOURCE / "examples" / "hosted-agents", box)
        os.chmod(box, 0o755)
        shutil.rmtree(box / "build", ignore_errors=True)
        block = ipaddress.ip_network("198.19.240.0/20")
        week(box, "next.json", 2, ["198.19.255.0/28"])
        week(box, "grown.json", 3, [str(p) for p in list(block.subnets(new_prefix=30))[::2][:200]])

        def make(*words):
            clean = {"PATH": f"{pathlib.Path(MLNSGC).parent}:{os.environ['PATH']}", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
            clean.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
            return subprocess.run(["make", f"MLNSGC={MLNSGC}", *words], cwd=box, env=clean, capture_output=True, text=True, timeout=300)

        result = make("weekly", "NEW=next.json")
        assert result.returncode == 0, result.stdout + result.stderr
        report = (box / "build" / "weekly.md").read_text()
        assert "198.19.255.0/28" in report and "resource data: 16 addresses let in now" in report, report
        sizes = json.loads((box / "build" / "data.allowlist.json").read_text())["metadata"]
        assert f"| data | {sizes['entries']} | 400 | {sizes['addresses']} | 0 | 0 |" in report, report
        assert "| portal | 1 | 512 |" in report and report.count("\n| ") == 7, report
        before = {path.name: path.read_bytes() for path in (box / "build").iterdir()}
        result = make("weekly", "NEW=grown.json")
        assert result.returncode != 0 and "allowlist-limit" in result.stderr, result.stdout + result.stderr
        assert {path.name: path.read_bytes() for path in (box / "build").iterdir()} == before, "lists changed all the same"
        result = make("weekly")
        assert result.returncode == 0, result.stdout + result.stderr
        assert "198.19.255.0/28" not in (box / "build" / "weekly.md").read_text()


# ---- the schemas of Azure ----

REST = {"storage-account": ("2024-01-01", {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}),
        "container-registry": ("2023-07-01", {"sku": {"name": "Premium"}}),
        "key-vault": ("2023-07-01", {})}


@test
def parts_hold_against_the_official_schemas(arguments):
    """The property is the same in the versions of which there is a schema; what a whole resource needs besides is added."""
    reason = checkers.missing()
    if reason:
        return "SKIP " + reason
    with tempfile.TemporaryDirectory() as where, checkers.Checkers() as check:
        for kind, (api, rest) in REST.items():
            policy = ("external office 203.0.113.0/28\nnetwork n 10.0.0.0/16 { zone z 10.0.0.0/24 { nsg none service-endpoint "
                      "Microsoft.Storage, Microsoft.KeyVault } }\n"
                      f"resource r {kind}\nallow https from office to r\n" +
                      ("allow https from z to r\n" if kind != "container-registry" else ""))
            (part,) = json.loads(compiled(policy, tags=None)["r.allowlist.json"])["resources"]
            part.update(rest, apiVersion=api, location="westeurope", name="resource01")
            if kind == "key-vault":
                part["properties"].update(tenantId="11111111-2222-3333-4444-555555555555", sku={"family": "A", "name": "standard"})
            path = pathlib.Path(where, kind + ".json")
            path.write_text(json.dumps({
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0", "resources": [part]}))
            good, text = check.arm([path])
            assert good, text
            part["properties"][list(part["properties"])[-1]]["misspelt"] = 1
            path.write_text(json.dumps({
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0", "resources": [part]}))
            assert not check.arm([path])[0], "the checker finds nothing"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=25 if os.environ.get("MLN_SANITIZED") else 300)
    parser.add_argument("-k", default="")
    arguments = parser.parse_args()
    failed, tests = 0, [t for t in TESTS if arguments.k in t.__name__]
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            said = function(arguments)
            skip = said[4:] if said and said.startswith("SKIP") else None
            print(f"ok {number} - {name}" + (f" # SKIP{skip}" if skip else f": {said}" if said else ""))
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().rstrip().replace("\n", "\n# "))
    print(f"1..{len(tests)}")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
