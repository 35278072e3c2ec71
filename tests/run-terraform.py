#!/usr/bin/env python3
"""Terraform against what it is made from: for the examples, the golden cases and random policies, every reference leads
somewhere, every label and variable is there once and used, and the rules of each network security group are those of its
REST body, field by field. With the packages of contrib/install-checkers.sh also: HashiCorp's parser, azurerm's argument
schema, and the form of `terraform fmt`. Prints TAP."""

import pathlib
import sys
import tempfile

import checkers
import hcl
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
                used.update(head(ref) for ref in hcl.references(value))
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


# ---- subnets ----

def check_bindings(body):
    """Each subnet is bound to one NSG and one table at most, and each written subnet lies in a written network."""
    problems, bound = [], set()
    for block in body.blocks("resource"):
        if block.labels[0].endswith("_association"):
            key = (block.labels[0], str(block.get("subnet_id")))
            if key in bound:
                problems.append(f"{key} twice")
            bound.add(key)
    names = set()
    for block in body.blocks("resource"):
        if block.labels[0] == "azurerm_subnet":
            key = (str(block.get("virtual_network_name")), block.get("name").lower())
            if key in names:
                problems.append(f"{key} twice")
            names.add(key)
    return problems


def check(case):
    try:
        body = hcl.parse(case.files["main.tf"] + "\n" + case.files["variables.tf"])
    except hcl.Fault as fault:
        return [fault]
    return check_references(body) + check_rules(body, case.rules) + check_bindings(body)


def write_all(cases, folder):
    files = []
    for number, case in enumerate(cases):
        for name, text in case.files.items():
            path = pathlib.Path(folder, f"{number}-{name}")
            path.write_text(text, encoding="utf-8")
            files.append(path)
    return files


def main():
    tap = networks.Tap()
    everything = list(networks.cases("terraform"))
    for case in everything:
        problems = check(case)
        tap.result(f"terraform: {case.name}", problems + ([case.text] if problems else []))
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
