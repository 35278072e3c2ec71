#!/usr/bin/env python3
"""The standard library: the example of each module compiles and its assertions hold, every template is applied, and
every row of the published tables is in a module. Prints TAP.

The tables lie in ../shared and are skipped where that is missing. What a table has and the library has not is named
here with the reason (NOT_A_RULE, NOT_A_ZONE).
"""

import csv
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
TABLES = SOURCE.parent / "shared" / "azure" / "tables"
MODULES = {str(path.relative_to(SOURCE / "stdlib"))[:-4]: path.read_text()
           for path in sorted((SOURCE / "stdlib" / "azure").glob("*.mlp"))}
DATA_ONLY = {"azure/geographies", "azure/kinds", "azure/other-kinds", "azure/services"}


class Skip(Exception):
    pass


def run(command, policy, *options):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
    environment.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, command, *options, "-"], input=policy, env=environment, capture_output=True,
                          text=True, timeout=120)


def tests_hold(policy, *options):
    result = run("test", policy, *options)
    assert result.returncode == 0, policy + result.stdout + result.stderr
    return result.stdout


def rules_of(policy, *options):
    """{NSG name: [rule]} of what is emitted."""
    result = run("compile", policy, "--emit=nsg", "-o", "-", *options)
    assert result.returncode == 0, policy + result.stderr
    document = json.loads(result.stdout)
    nsgs = document if isinstance(document, list) else [document]
    return {nsg["name"]: [dict(rule["properties"], name=rule["name"]) for rule in nsg["properties"]["securityRules"]]
            for nsg in nsgs}


# ---- modules ----

def example_of(text):
    head = text.split("\n\n", 1)[0]
    assert "# Example:" in head, "the head comment has an example"
    lines = head.split("# Example:\n", 1)[1].splitlines()
    return "\n".join(line[6:] for line in lines if line.startswith("#     ")) + "\n"


def test_the_example_of_each_module_compiles_and_holds():
    for module, text in MODULES.items():
        if module not in DATA_ONLY:
            output = tests_hold(example_of(text))
            assert "hold" in output or "ok" in output or "passed" in output, (module, output)


def test_a_cloud_that_lacks_something_says_so():
    """In every cloud an example compiles, or the error is about a tag, region or endpoint that the cloud lacks."""
    lacking = {"unknown-tag", "tag-not-for-nsg", "unknown-region", "unknown-name"}
    compiled = 0
    for cloud, region in (("usgov", "usgovvirginia"), ("china", "chinanorth3")):
        for module, text in MODULES.items():
            if module in DATA_ONLY:
                continue
            policy = example_of(text).replace("westeurope", region)
            result = run("check", policy, "--cloud=" + cloud, "--message-format=short")
            slugs = set(re.findall(r"error: .* \[MLP\d+ ([\w-]+)\]", result.stdout))
            assert result.returncode in (0, 2) and slugs <= lacking, (cloud, module, result.stdout)
            assert (result.returncode == 2) == bool(slugs), (cloud, module, result.stdout)
            compiled += result.returncode == 0
    assert compiled > len(MODULES) // 2


# ---- every template, applied with its parameters turned ----

NETWORKS = """
network n 10.0.0.0/16 {
    region westeurope
    zone z     10.0.0.0/24 { %s }
    zone other 10.0.1.0/24
    zone third 10.0.2.0/24
}
external outside 203.0.113.0/24
resource workspace ml-workspace { endpoint amlworkspace in third }
"""
# Module -> [(role items of zone z, [application, ...])]; each application stands in a policy of its own.
APPLICATIONS = {
    "ai-services": [("", ["ai-services-client(z)", "ai-services-client(z, portals = yes)", "search-indexers(z, 1433)"])],
    "aks": [("role aks", ["aks-nodes(z, westeurope)", "aks-nodes(z, westeurope, private-cluster = yes, "
             "api-server = third, dns = other, monitor = no, old-nodes = yes)", "aks-load-balancer(z, other)"]),
            ("", ["aks-api-server(z, other)"])],
    "app-service": [("", ["app-service-integration(z)", "app-service-integration(z, other, ssh)",
                          "app-service-platform(z, westeurope)"])],
    "application-gateway": [("role app-gateway", ["application-gateway(z)", "application-gateway(z, outside, https)",
                             "application-gateway(z, v1 = yes)"]),
                            ("", ["application-gateway-isolated(z, outside)"])],
    "bastion": [("role bastion", ["bastion-host(z)", "bastion-host(z, outside)"]),
                ("", ["bastion-target(z, other)", "bastion-target(z, other, ssh)"])],
    "container-registry": [("", ["registry-client(z, westeurope)", "registry-client(z, westeurope, dedicated-data = yes)",
                                 "microsoft-images(z)", "tasks-agent-pool(z)", "tasks-agent-pool(z, diagnostics = no)"])],
    "cosmos-db": [("", ["cosmos-db-client(z, westeurope)", "cosmos-db-client(z, westeurope, direct = no, mongo = yes)"])],
    "databricks": [("role databricks", ["databricks-workers(z)", "databricks-workers(z, secure-connectivity = no)",
                                        "databricks-workers(z, private-link = yes)"])],
    "devops": [("", ["self-hosted-agents(z)", "self-hosted-agents(z, westeurope, other, ssh = yes, deploy = no, "
                     "updates = no)", "self-hosted-agents(z, private = none)", "service-hooks(z)"])],
    "github": [("", ["private-runners(z)", "private-runners(z, 203.0.113.9, none)"])],
    "key-vault": [("", ["key-vault-client(z, westeurope)"])],
    "machine-learning": [("role ml-compute", [
        "compute-cluster(z, westeurope)", "compute-cluster(z, westeurope, public-ip = no, legacy = no, private = other, "
        "monitor = no, studio = no, public-storage = yes, public-registry = yes, high-impact = yes)",
        "compute-cluster(z, westeurope, legacy = yes)", "compute-instance(z, westeurope)", "vscode-remote(z)",
        "image-build(z, westeurope)", "image-build(z, westeurope, other)"]),
        ("role ml-compute service-endpoint Microsoft.Storage only \"/services/Azure/MachineLearning\"",
         ["compute-exfiltration-protected(z, westeurope)", "compute-exfiltration-protected(z, westeurope, legacy = yes, "
          "public-ip = yes)"]),
        ("", ["studio-access(z, workspace)", "managed-online-endpoint(z, workspace)"])],
    "monitor": [("", ["monitor-agents(z)", "monitor-agents(z, log-analytics = no, hybrid = yes)",
                      "availability-tests(z)", "action-groups(z)"])],
    "platform": [("", ["own-dns(z, other)", "no-metadata(z)", "no-licensing(z)", "load-balanced(z)",
                       "windows-updates(z)"])],
    "sql": [("", ["sql-client(z, westeurope)", "sql-client(z, westeurope, redirect = no)",
                  "flexible-server(z, other, postgresql, westeurope)", "flexible-server(z, other, mysql, westeurope)"])],
    "storage": [("", ["storage-client(z, westeurope)", "storage-client(z, westeurope, smb = yes)",
                      "endpoint-clients(other, z)", "endpoint-clients(other, z, smb = yes)"])],
    "synapse": [("", ["synapse-clients(other, z)", "synapse-clients(other, z, third)"])],
    "vpn": [("", ["gateway-clients(outside, z)", "vpn-device(z, outside)"])],
}


def policy_for(module, items, *applications):
    return f"import azure/{module} as m\n" + NETWORKS % items + "".join(f"apply m.{one}\n" for one in applications)


def test_every_template_is_applied_and_its_assertions_hold():
    for module, groups in APPLICATIONS.items():
        for items, applications in groups:
            for application in applications:
                policy = policy_for(module, items, application)
                if application.startswith(("vscode-remote", "image-build")):
                    policy += "apply m.compute-cluster(z, westeurope)\n"
                if application.startswith("aks-load-balancer"):
                    policy += "apply m.aks-nodes(z, westeurope)\n"
                if application == "app-service-integration(z)":
                    policy += "assert deny ssh from z to Internet\n"  # it has none of its own for VirtualNetwork
                tests_hold(policy)


def test_no_template_is_left_out():
    internal = {"node-inbound", "node-control", "node-images", "node-private"}  # applied by the computes
    for module, text in MODULES.items():
        declared = set(re.findall(r"^template ([\w-]+)\(", text, re.M)) - internal
        applied = {one.split("(")[0] for _, group in APPLICATIONS.get(module[6:], []) for one in group}
        assert declared == applied, (module, declared ^ applied)


# ---- published rows ----

def table(name):
    if not (TABLES / name).is_file():
        raise Skip("../shared is not there")
    return TABLES / name


# Rule set -> (module, items of zone z, applications); rows that no security rule holds, with the reason.
ROWS = {
    "aml.compute.inbound.current": ("machine-learning", "role ml-compute", ["compute-cluster(z, westeurope)"]),
    "aml.compute.inbound.legacy": ("machine-learning", "role ml-compute", ["compute-cluster(z, westeurope, legacy = yes)"]),
    "aml.compute.outbound": ("machine-learning", "role ml-compute", [
        "compute-cluster(z, westeurope, public-storage = yes, public-registry = yes, high-impact = yes)"]),
    "aml.vscode": ("machine-learning", "role ml-compute", ["compute-cluster(z, westeurope)", "vscode-remote(z)"]),
    "bastion.subnet": ("bastion", "role bastion", ["bastion-host(z)"]),
    "jumphost.subnet": ("bastion", "", ["bastion-target(z, other)"]),
    "appgw.v2.subnet": ("application-gateway", "role app-gateway", ["application-gateway(z)"]),
    "databricks.subnets": ("databricks", "role databricks", ["databricks-workers(z, secure-connectivity = no)"]),
    "aks.nodes": ("aks", "role aks overlay 10.244.0.0/16", [
        "aks-nodes(z, westeurope, api-server = third, dns = other, old-nodes = yes)"]),
    "aks.apiserver.subnet": ("aks", "", ["aks-api-server(z, other)"]),
    "acr.client": ("container-registry", "", ["registry-client(z, westeurope)"]),
    "acr.tasks.agentpool": ("container-registry", "", ["tasks-agent-pool(z)"]),
    "azuredevops.agent": ("devops", "", ["self-hosted-agents(z, westeurope)"]),
    "github.privaterunners": ("github", "", ["private-runners(z, 203.0.113.9)"]),
    "privateendpoint.subnet": ("storage", "", ["endpoint-clients(other, z, smb = yes)"]),
    "monitor.agents": ("monitor", "", ["monitor-agents(z, hybrid = yes)"]),
    "platform": ("platform", "", ["own-dns(z, other)", "no-metadata(z)", "no-licensing(z)"]),
    "vpn.expressroute": ("vpn", "", ["gateway-clients(other, z)"]),
    "udr.aml": ("machine-learning", "role ml-compute", ["compute-cluster(z, westeurope)"]),
}
NOT_A_RULE = {
    ("jumphost.subnet", "deny the rest"): "default deny writes it",
    ("privateendpoint.subnet", "deny rest"): "default deny writes it",
    ("vpn.expressroute", "NSG refused on GatewaySubnet (NetworkSecurityGroupCannotBeAttachedToGatewaySubnet)"):
        "the role gateway refuses an NSG",
    ("udr.aml", "next hop Internet for public-IP computes behind a firewall (also legacy BatchNodeManagement.<Region>)"):
        "a route; the module's head comment tells it",
    ("platform", "DNS/DHCP/WireServer/probes: not subject to NSG unless the platform tags are used"):
        "passes every NSG without a rule",
    ("platform", "IMDS; implicit"): "passes every NSG without a rule",
    ("aks.nodes", "NTP"): "ours is narrower, Internet: the time servers lie there",
    ("aks.nodes", "tunnel", "22"): "21Vianet only: tried with --cloud=china",
}
PLACES = {"<AzureBastionSubnet CIDR>": "10.0.1.0/24", "<cluster subnet>": "10.0.1.0/24", "<client CIDRs>": "10.0.1.0/24",
          "<P2S pool / on-prem CIDRs>": "10.0.1.0/24", "<65 Actions /32s>": "203.0.113.9", "<clients>": "Internet",
          "<node CIDR>": "10.0.0.0/24", "<pod CIDR>": "10.244.0.0/16", "<custom DNS>": "10.0.1.0/24",
          "<API server IP>": "10.0.2.0/24", "<apiserver>": "10.0.2.0/24"}


def values(rule, single, several):
    return [rule[single]] if single in rule else rule[several]


def holds_address(rule_values, wanted):
    """Does the rule's side hold the wanted tag, address or place?"""
    for value in rule_values:
        if value == "*" or value.lower() == wanted.lower():
            return True
        try:
            if ipaddress.ip_network(wanted).subnet_of(ipaddress.ip_network(value)):
                return True
        except (ValueError, TypeError):
            continue
    return False


def holds_port(rule_values, low, high):
    for value in rule_values:
        first, _, last = value.partition("-")
        if value == "*" or int(first) <= low and high <= int(last or first):
            return True
    return False


def has_row(rules, direction, row, far, protocol, ports):
    low, _, high = ports.partition("-")
    low, high = (0, 65535) if ports == "*" else (int(low), int(high or low))
    side = "source" if direction == "Inbound" else "destination"
    return any(rule["direction"] == direction and rule["access"] == row["access"] and
               rule["protocol"] in ("*", protocol) and
               holds_address(values(rule, side + "AddressPrefix", side + "AddressPrefixes"), far) and
               holds_port(values(rule, "destinationPortRange", "destinationPortRanges"), low, high)
               for rule in rules)


def missing_of(rules, row):
    """The parts of a row that no rule holds."""
    for direction in ("Inbound", "Outbound") if row["direction"] == "Both" else (row["direction"],):
        far_side = row["source"] if direction == "Inbound" else row["destination"]
        for far in far_side.split(","):
            far = PLACES.get(far, far).replace("<Region>", "WestEurope")
            if far.startswith("<~"):
                continue  # a list that drifts: the module's $actions takes it
            for protocol in ("Tcp", "Udp") if row["protocol"] == "*" else (row["protocol"],):
                for ports in row["ports"].split(","):
                    if not has_row(rules, direction, row, far, protocol, ports):
                        yield f"{direction} {protocol} {far}:{ports}"


def test_every_published_row_is_in_a_module():
    sets = json.loads(table("stdlib-rules.json").read_text())
    assert set(sets) == set(ROWS), set(sets) ^ set(ROWS)
    problems, rows = [], 0
    for name, published in sets.items():
        module, items, applications = ROWS[name]
        rules = rules_of(policy_for(module, items, *applications))["nsg-z"]
        for row in published["rules"]:
            rows += 1
            if (name, row["purpose"]) in NOT_A_RULE or (name, row["purpose"], row["ports"]) in NOT_A_RULE:
                continue
            problems += [f"{name}: {row['purpose']}: {part}" for part in missing_of(rules, row)]
    assert not problems, "\n".join(problems)
    assert rows == 88, rows
    china = policy_for("aks", "role aks", "aks-nodes(z, chinanorth3)").replace("westeurope", "chinanorth3")
    rules = rules_of(china, "--cloud=china")["nsg-z"]
    row = {"access": "Allow"}
    assert has_row(rules, "Outbound", row, "AzureCloud.chinanorth3", "Tcp", "22")


# Zone names that the kinds do not list, with the reason.
NOT_A_ZONE = {"Backup": "its name holds a code of the region (eus) that no published list gives"}


def kinds_text():
    return MODULES["azure/kinds"] + MODULES["azure/other-kinds"]


def test_every_published_private_dns_zone_is_in_a_kind_or_named():
    lines = [line for line in table("private-dns-zones.tsv").read_text().splitlines() if not line.startswith("#")]
    text = kinds_text()
    problems = []
    for row in csv.DictReader(lines, delimiter="\t"):
        for cloud in ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud"):
            for zone in filter(None, (one.strip() for one in row[cloud].split(","))):
                if zone == "-" or not zone.startswith("privatelink"):
                    continue
                name = zone.split(" ")[0].rstrip("*").replace("{r}", "{region}")
                if f'"{name}"' not in text and zone not in NOT_A_ZONE and row["service"] not in NOT_A_ZONE:
                    problems.append(f"{row['service']} {cloud}: {zone}")
    assert not problems, "\n".join(problems)


def test_every_firewall_of_the_page_is_a_kind():
    page = table("allowlist-sizes-20260622.csv").parent.parent / "allowlists.md"
    section = page.read_text().split("## 3. Per-service firewall")[1].split("Minimal JSON")[0]
    text = kinds_text()
    types = set(re.findall(r"(Microsoft\.\w+/[\w/]+)", section))
    assert len(types) >= 14
    missing = [one for one in sorted(types) if one.split("/")[0] + "/" + one.split("/")[1] not in text]
    assert not missing, missing
    assert "kind databricks" in text


def main():
    tests = [(name[5:], value) for name, value in sorted(globals().items()) if name.startswith("test_")]
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        title = name.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {title}")
        except Skip as why:
            print(f"ok {number} - {title} # SKIP {why}")
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            failed += 1
            print(f"not ok {number} - {title}")
            for line in traceback.format_exc(limit=-2).splitlines():
                print("# " + line)
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
