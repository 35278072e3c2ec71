#!/usr/bin/env python3
"""Terraform against what it is made from: for the examples, the golden cases and random policies, every reference leads
somewhere, every label and variable is there once and used, and the rules of each network security group are those of its
REST body, field by field; networks, endpoints and DNS zones are those of the ARM template, property by property; DNS zones of
random worlds are linked to the networks that tests/links.py works out. With the packages of contrib/install-checkers.sh also: HashiCorp's parser, azurerm's argument
schema, and the form of `terraform fmt`. Prints TAP."""

import json
import pathlib
import re
import sys
import tempfile

import checkers
import hcl
import links
import networks

FIELDS = {"description": "description", "protocol": "protocol", "access": "access", "priority": "priority",
          "direction": "direction", "source_port_range": "sourcePortRange", "source_port_ranges": "sourcePortRanges",
          "destination_port_range": "destinationPortRange", "destination_port_ranges": "destinationPortRanges",
          "source_address_prefix": "sourceAddressPrefix", "source_address_prefixes": "sourceAddressPrefixes",
          "destination_address_prefix": "destinationAddressPrefix",
          "destination_address_prefixes": "destinationAddressPrefixes",
          "source_application_security_group_ids": "sourceApplicationSecurityGroups",
          "destination_application_security_group_ids": "destinationApplicationSecurityGroups"}


# ---- references ----

def declared(body):
    """Every name that an expression may begin with, and the problems of declaring them."""
    names, problems, seen = set(), [], set()
    for block in body.inside:
        name = {"resource": ".".join(block.labels), "data": ".".join(["data"] + block.labels),
                "variable": ".".join(["var"] + block.labels)}.get(block.kind)
        if block.kind == "provider" and block.get("alias"):
            name = "azurerm." + block.get("alias")
        if name and name.lower() in seen:
            problems.append(f"{name} is declared twice")
        if name:
            seen.add(name.lower())
            names.add(name)
    return names, problems


def head(reference):
    parts = reference.split("[")[0].split(".")
    count = 3 if parts[0] == "data" else 2
    return ".".join(parts[:count])


def check_references(body):
    names, problems = declared(body)
    used = set()
    for block in body.inside:
        for inner in block.walk():
            for key, value in inner.attributes.items():
                if block.kind == "variable" and key == "type" or key == "ignore_changes":
                    continue
                used.update(head(ref) for ref in hcl.references(value) if not ref.startswith("each."))
    problems += [f"{name} is declared nowhere" for name in sorted(used - names)]
    idle = [name for name in names if name.startswith(("var.", "data.")) and name not in used]
    return problems + [f"{name} is never used" for name in sorted(idle)]


# ---- rules ----

def plain(body, key, value):
    if key.endswith("_application_security_group_ids"):
        resources = {".".join(b.labels) + ".id": b.get("name") for b in body.blocks("resource")}
        return [resources.get(ref) for ref in value]
    return value


def rule_of(body, block):
    rule = {FIELDS[key]: plain(body, key, value) for key, value in block.attributes.items() if key != "name"}
    return block.get("name"), rule


def expected_rule(rule):
    out = dict(rule["properties"])
    for key, value in out.items():
        if key.endswith("SecurityGroups"):
            out[key] = [group["id"].rsplit("/", 1)[1] for group in value]
    return rule["name"], out


def check_rules(body, rules):
    problems, found = [], {}
    for block in body.blocks("resource"):
        if block.labels[0] == "azurerm_network_security_group":
            found[block.get("name")] = block
    if set(found) != set(rules):
        return [f"groups {sorted(found)}, not {sorted(rules)}"]
    for name, nsg in rules.items():
        got = [rule_of(body, rule) for rule in found[name].blocks("security_rule")]
        want = [expected_rule(rule) for rule in nsg["properties"]["securityRules"]]
        problems += [f"{name}: {g}, not {w}" for g, w in zip(got, want) if g != w]
        if len(got) != len(want):
            problems.append(f"{name}: {len(got)} rules, not {len(want)}")
        if not want and found[name].get("security_rule") != []:
            problems.append(f"{name} does not say that it has no rule")
    return problems


# ---- networks, as ARM has them ----

def last_name(value):
    """The name at the end of an id, be it a literal or an expression."""
    if not isinstance(value, str):
        return value
    quoted = re.findall(r"'((?:[^']|'')*)'", value) if value.startswith("[") else []
    return (quoted[-1] if quoted else value).rstrip("]").rsplit("/", 1)[-1]


def region(value):
    """A text that holds the location's parameter."""
    match = re.fullmatch(r"\[format\('(.*)', parameters\('location'\)\)\]", value)
    return match[1].replace("{0}", "{region}") if match else value


def known(value):
    """A literal; None for an expression."""
    return None if isinstance(value, str) and value.startswith("[") else value


def asked(value):
    """A literal; a parameter's name without case and signs; None for another expression."""
    match = re.fullmatch(r"\[parameters\('(.*)'\)\]|var\.(.*)", value)
    return "asked: " + (match[1] or match[2]).lower().replace("_", "") if match else known(value)


class FromArm:
    """What the templates say, as plain values."""

    def __init__(self, files):
        self.facts = {}
        for name, text in files.items():
            if name.startswith("azuredeploy") and name.endswith(".json"):
                template = json.loads(text)
                self.params = template.get("parameters", {})
                for resource in template["resources"]:
                    self.add(resource)

    def put(self, *key_and_value):
        self.facts[key_and_value[:-1]] = key_and_value[-1]

    def last(self, value):
        """An id that may be a parameter whose default is one."""
        match = re.fullmatch(r"\[parameters\('(.*)'\)\]", value)
        param = self.params[match[1]] if match else {}
        told = re.fullmatch(r"The resource id of the virtual network '(.*)'\.", param.get("metadata", {}).get("description", ""))
        if told:    # an existing network: in another subscription without a default
            return told[1]
        return last_name(param.get("defaultValue", value) if match else value)

    def add(self, resource):
        kind, name = resource["type"].split("/", 1)[1], resource["name"]
        inside = resource.get("properties", {})
        if name.startswith("[format(") and "parameters" not in name:
            name = "/".join(re.findall(r"'([^']*)'", name)[1:])
        add = getattr(self, "add_" + kind.replace("/", "_"), None)
        if add:
            add(name, inside, known(resource.get("location")))

    def add_virtualNetworks(self, name, inside, location):
        self.put("network", name, {"location": location, "space": inside["addressSpace"]["addressPrefixes"],
                                   "dns": inside.get("dhcpOptions", {}).get("dnsServers", [])})
        for subnet in inside.get("subnets", []):
            self.add_subnet(name, subnet["name"], subnet["properties"])

    def add_virtualNetworks_subnets(self, name, inside, _):
        self.add_subnet(*name.split("/"), inside)

    def add_subnet(self, network, name, inside):
        self.put("subnet", network, name, {
            "prefixes": inside.get("addressPrefixes") or [inside["addressPrefix"]],
            "nsg": last_name(inside.get("networkSecurityGroup", {}).get("id")),
            "routes": last_name(inside.get("routeTable", {}).get("id")),
            "services": [one["service"] for one in inside.get("serviceEndpoints", [])],
            "only": [last_name(one["id"]) for one in inside.get("serviceEndpointPolicies", [])],
            "delegation": [one["properties"]["serviceName"] for one in inside.get("delegations", [])],
            "policies": inside["privateEndpointNetworkPolicies"],
            "outbound": inside.get("defaultOutboundAccess")})

    def add_virtualNetworks_virtualNetworkPeerings(self, name, inside, _):
        flags = ("allowVirtualNetworkAccess", "allowForwardedTraffic", "allowGatewayTransit", "useRemoteGateways")
        uses = [inside[flag] if isinstance(inside[flag], bool) else "asked" for flag in flags]
        self.put("peering", name, [self.last(inside["remoteVirtualNetwork"]["id"])] + uses)

    def add_routeTables(self, name, inside, location):
        self.put("routes", name, [location] + [[r["name"], r["properties"]["addressPrefix"], r["properties"]["nextHopType"],
                                                r["properties"].get("nextHopIpAddress")] for r in inside["routes"]])

    def add_applicationSecurityGroups(self, name, _, location):
        self.put("asg", name, location)

    def add_networkSecurityGroups(self, name, _, location):
        self.put("nsg", name, location)

    def add_serviceEndpointPolicies(self, name, inside, _):
        self.put("only", name, [[d["properties"]["service"], len(d["properties"]["serviceResources"])]
                                for d in inside["serviceEndpointPolicyDefinitions"]])

    def add_privateDnsZones(self, name, _, __):
        self.put("dns", region(name), True)

    def add_privateDnsZones_virtualNetworkLinks(self, name, inside, _):
        zone, link = name.rsplit("/", 1) if "format(" not in name else (
            region("[" + re.search(r"format\('[^']*\{0\}[^']*', parameters\('location'\)\)", name[8:])[0] + "]"),
            re.findall(r"'([^']*)'", name)[-1])
        self.put("link", zone, link, self.last(inside["virtualNetwork"]["id"]))

    def add_privateEndpoints(self, name, inside, location):
        self.put("endpoint", name, {
            "location": location, "subnet": last_name(inside["subnet"]["id"]),
            "groups": inside["privateLinkServiceConnections"][0]["properties"]["groupIds"],
            "resource": asked(inside["privateLinkServiceConnections"][0]["properties"]["privateLinkServiceId"]),
            "addresses": [[one["properties"]["groupId"], region(one["properties"]["memberName"]),
                           one["properties"]["privateIPAddress"]] for one in inside.get("ipConfigurations", [])]})

    def add_privateEndpoints_privateDnsZoneGroups(self, name, inside, _):
        self.put("zones", name.split("/")[0], len(inside["privateDnsZoneConfigs"]))


class FromTerraform:
    """The same of main.tf."""

    def __init__(self, body):
        self.facts, self.names, self.bound = {}, {}, {}
        resources = body.blocks("resource")
        for block in resources + body.blocks("data"):
            self.names[("data." if block.kind == "data" else "") + ".".join(block.labels)] = block
        for block in resources:
            if block.labels[0].endswith("_association"):
                self.bound.setdefault(str(block.get("subnet_id")), []).append(block)
        for block in resources:
            add = getattr(self, "add_" + block.labels[0][len("azurerm_"):], None)
            if add:
                add(block, self.text(block.get("name")))

    def put(self, *key_and_value):
        self.facts[key_and_value[:-1]] = key_and_value[-1]

    def text(self, value):
        if isinstance(value, hcl.Template):
            return "".join("{region}" if part == "var.location" else str(part) for part in value.parts)
        return None if isinstance(value, hcl.Ref) else value

    def last(self, value):
        if isinstance(value, hcl.Ref):
            return self.text(self.names[head(value)].get("name"))
        return last_name(value)

    def add_virtual_network(self, block, name):
        self.put("network", name, {"location": self.text(block.get("location")), "space": block.get("address_space"),
                                   "dns": block.get("dns_servers") or []})

    def add_subnet(self, block, name):
        ours = self.bound.get(".".join(block.labels) + ".id", [])
        one = {b.labels[0]: b for b in ours}
        nsg = one.get("azurerm_subnet_network_security_group_association")
        routes = one.get("azurerm_subnet_route_table_association")
        self.put("subnet", self.last(block.get("virtual_network_name")), name, {
            "prefixes": block.get("address_prefixes"),
            "nsg": self.last(nsg.get("network_security_group_id")) if nsg else None,
            "routes": self.last(routes.get("route_table_id")) if routes else None,
            "services": block.get("service_endpoints") or [],
            "only": [self.last(ref) for ref in block.get("service_endpoint_policy_ids") or []],
            "delegation": [d.blocks("service_delegation")[0].get("name") for d in block.blocks("delegation")],
            "policies": block.get("private_endpoint_network_policies"),
            "outbound": block.get("default_outbound_access_enabled")})

    def add_virtual_network_peering(self, block, name):
        flags = ("allow_virtual_network_access", "allow_forwarded_traffic", "allow_gateway_transit", "use_remote_gateways")
        uses = ["asked" if isinstance(block.get(flag), hcl.Ref) else block.get(flag) for flag in flags]
        self.put("peering", self.last(block.get("virtual_network_name")) + "/" + name,
                 [self.last(block.get("remote_virtual_network_id"))] + uses)

    def add_route_table(self, block, name):
        self.put("routes", name, [self.text(block.get("location"))] + [
            [r.get("name"), r.get("address_prefix"), r.get("next_hop_type"), r.get("next_hop_in_ip_address")]
            for r in block.blocks("route")])

    def add_application_security_group(self, block, name):
        self.put("asg", name, self.text(block.get("location")))

    def add_network_security_group(self, block, name):
        self.put("nsg", name, self.text(block.get("location")))

    def add_subnet_service_endpoint_storage_policy(self, block, name):
        self.put("only", name, [[d.get("service"), len(d.get("service_resources"))] for d in block.blocks("definition")])

    def add_private_dns_zone(self, _, name):
        self.put("dns", name, True)

    def add_private_dns_zone_virtual_network_link(self, block, name):
        self.put("link", self.last(block.get("private_dns_zone_name")), name, self.last(block.get("virtual_network_id")))

    def add_private_endpoint(self, block, name):
        connection = block.blocks("private_service_connection")[0]
        resource = connection.get("private_connection_resource_id")
        self.put("endpoint", name, {
            "location": self.text(block.get("location")), "subnet": self.last(block.get("subnet_id")),
            "groups": connection.get("subresource_names"),
            "resource": asked(resource) if isinstance(resource, str) else None,
            "addresses": [[ip.get("subresource_name"), self.text(ip.get("member_name")), ip.get("private_ip_address")]
                          for ip in block.blocks("ip_configuration")]})
        for group in block.blocks("private_dns_zone_group"):
            self.put("zones", name, len(group.get("private_dns_zone_ids")))


def check_networks(body, files):
    got, want = FromTerraform(body).facts, FromArm(files).facts
    for key, value in got.items():
        if key[0] == "endpoint" and key in want and None in (want[key]["resource"], value["resource"]):
            value["resource"] = want[key]["resource"]   # an id that is put together
        elif key[0] == "endpoint" and key in want and want[key]["resource"].startswith("asked") and \
                value["resource"].startswith("/subscriptions/"):
            value["resource"] = want[key]["resource"]   # the subscription is said, so Terraform need not ask
    problems = [f"{key} is only in Terraform" for key in got if key not in want]
    problems += [f"{key} is only in ARM" for key in want if key not in got]
    return problems + [f"{key}: {got[key]}, not {want[key]}" for key in got if key in want and got[key] != want[key]]


def check_prerequisites(body, files):
    got = [re.sub("of this configuration$", "of this template", FromTerraform(body).text(item))
           for block in body.blocks("output") for item in block.get("value")]
    want = [item for name, text in files.items() if name.startswith("azuredeploy") and name.endswith(".json")
            for item in json.loads(text).get("outputs", {}).get("prerequisites", {}).get("value", [])]
    return [] if sorted(got) == sorted(want) else [f"prerequisites {got}, not {want}"]


def check_links(case):
    facts = FromTerraform(hcl.parse(case.files["main.tf"])).facts
    got = {key[1]: set() for key in facts if key[0] == "dns"}
    for key, network in facts.items():
        if key[0] == "link":
            got[key[1]].add(network)
    want = links.Links(case.world).expected()
    return [] if got == want else [f"{case.name}: {got}, not {want}", case.text]


# ---- firewalls ----

RANGES = {"azurerm_mssql_firewall_rule", "azurerm_mysql_flexible_server_firewall_rule",
          "azurerm_postgresql_flexible_server_firewall_rule", "azurerm_synapse_firewall_rule"}


def check_firewalls(body, text, files):
    """Each list of the allowlist back end is written, with the same entries, or a comment says that it is not."""
    got = {}
    for block in body.blocks("resource"):
        if block.labels[0] == "azurerm_storage_account_network_rules":
            got[block.labels[1]] = block.get("ip_rules")
        elif block.labels[0] in RANGES:
            got[block.labels[1]] = ["-".join(pair) for pair in block.get("for_each").attributes.values()]
    problems = []
    for name in files:
        if not name.endswith(".allowlist.txt"):
            continue
        resource, want = name[:-len(".allowlist.txt")], files[name].split()
        label = re.sub("[^A-Za-z0-9]", "_", resource)
        if f"# The firewall of {resource} (" in text:
            problems += [f"{resource} is written after all"] if label in got else []
        elif got.get(label, []) != want:
            problems.append(f"firewall of {resource}: {got.get(label)}, not {want}")
    return problems


def check(case):
    try:
        body = hcl.parse(case.files["main.tf"] + "\n" + case.files["variables.tf"])
    except hcl.Fault as fault:
        return [fault]
    return check_references(body) + check_rules(body, case.rules) + check_networks(body, case.files) + \
        check_firewalls(body, case.files["main.tf"], case.files) + check_prerequisites(body, case.files)


def write_all(cases, folder):
    files = []
    for number, case in enumerate(cases):
        for name, text in case.files.items():
            if not name.endswith(".tf"):
                continue
            path = pathlib.Path(folder, f"{number}-{name}")
            path.write_text(text, encoding="utf-8")
            files.append(path)
    return files


def main():
    tap = networks.Tap()
    everything = list(networks.cases("terraform,arm,allowlist"))
    for case in everything:
        problems = check(case)
        tap.result(f"terraform: {case.name}", problems + ([case.text] if problems else []))
    problems = [line for case in networks.worlds("terraform", networks.COUNT) for line in check_links(case)]
    tap.result(f"terraform: DNS links of {networks.COUNT} random worlds", problems)
    names = ["terraform: the provider knows every argument", "terraform: terraform fmt changes nothing"]
    if checkers.missing():
        for name in names:
            tap.skip(name, checkers.missing())
        return tap.done()
    with tempfile.TemporaryDirectory() as folder, checkers.Checkers() as tools:
        files = write_all(everything, folder)
        good, text = tools.terraform(files)
        tap.result(names[0], [] if good else [text])
        if tools.can_format():
            good, text = tools.format(files)
            tap.result(names[1], [] if good else [text])
        else:
            tap.skip(names[1], "no @cdktf/hcl-tools")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
