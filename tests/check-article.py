#!/usr/bin/env python3
"""The template of examples/secure-mlops has what the article asks for, figure by figure, and what the example's own page
says of it. Prints TAP.

The article's text is read from ../shared/reference, where it is: zones, ports and tags are taken from it, so that
nothing here has to be believed. The table of the example's README.md is read, too: each `TYPE NAME` of it has to be in the
template.
"""

import inspect
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
EXAMPLE = SOURCE / "examples" / "secure-mlops"
ARTICLE = SOURCE.parent / "shared" / "reference" / "network-security-for-mlops.txt"
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "tests"))
import templates  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Deployment:
    """What the template writes: (type without "Microsoft.Network/", name) -> resource; subnets count as resources."""

    def __init__(self, path):
        self.template = templates.Template(templates.load(path), templates.HERE)
        self.outputs = self.template.value(self.template.document.get("outputs", {}))
        self.resources = {}
        for resource in self.template.document["resources"]:
            resource = self.template.value(resource)
            kind = resource["type"].split("/", 1)[1]
            self.resources[kind, resource["name"]] = resource
            for subnet in resource.get("properties", {}).get("subnets", []):
                self.resources[kind + "/subnets", resource["name"] + "/" + subnet["name"]] = subnet

    def all(self, kind):
        return {name: resource for (type_, name), resource in self.resources.items() if type_ == kind}

    def links(self, zone):
        """Names of the networks that the zone is linked to."""
        return {link["properties"]["virtualNetwork"]["id"].rpartition("/")[2]
                for name, link in self.all("privateDnsZones/virtualNetworkLinks").items() if name.startswith(zone + "/")}

    def rules(self, nsg, direction):
        return [rule["properties"] for rule in self.all("networkSecurityGroups")[nsg]["properties"]["securityRules"]
                if rule["properties"]["direction"] == direction]


@test
def the_page_names_what_is_there(deployed):
    page = (EXAMPLE / "README.md").read_text()
    table = page.split("## The same in `build/azuredeploy.json`")[1].split("\n## ")[0]
    named = re.findall(r"`([A-Za-z/]+) ([^`\s]+)`", table)
    assert len(named) > 20, named
    missing = [pair for pair in named if pair not in deployed.resources]
    assert not missing, missing


@test
def both_networks_are_peered_both_ways(deployed, article):
    assert "AML VNET" in article and "BASTION VNET" in article and "virtual network peering" in article
    assert set(deployed.all("virtualNetworks")) == {"aml-vnet", "bastion-vnet"}
    ways = set()
    for name, peering in deployed.all("virtualNetworks/virtualNetworkPeerings").items():
        ways.add((name.split("/")[0], peering["properties"]["remoteVirtualNetwork"]["id"].rpartition("/")[2]))
        assert peering["properties"]["allowVirtualNetworkAccess"] is True
    assert ways == {("aml-vnet", "bastion-vnet"), ("bastion-vnet", "aml-vnet")}, ways


@test
def the_articles_services_have_private_endpoints(deployed, article):
    wanted = {"Azure Machine Learning workspace": "amlworkspace", "Azure Blob Storage": "blob",
              "Azure Container Registry": "registry", "Azure Key Vault": "vault"}
    sentence = re.search(r"four private endpoints tied to.*?\)", article).group()
    got = {group for endpoint in deployed.all("privateEndpoints").values()
           for link in endpoint["properties"]["privateLinkServiceConnections"] for group in link["properties"]["groupIds"]}
    for service, group in wanted.items():
        assert service in sentence, (service, sentence)
        assert group in got, (group, got)
    assert "file" in got    # the article's zones have one for it
    for endpoint in deployed.all("privateEndpoints").values():
        subnet = endpoint["properties"]["subnet"]["id"].split("/")
        assert (subnet[-3], subnet[-1]) == ("aml-vnet", "endpoints"), subnet
        given = {c["properties"]["privateIPAddress"] for c in endpoint["properties"]["ipConfigurations"]}
        assert given and all(ip.startswith("10.1.1.") for ip in given), given


@test
def the_articles_zones_are_there_with_their_links(deployed, article):
    zones = set(re.findall(r"^\* (privatelink\.\S+)$", article, re.M))
    assert len(zones) == 7, zones
    there = deployed.all("privateDnsZones")
    assert zones <= set(there), zones - set(there)
    for zone in zones:
        assert there[zone]["location"] == "global"
        assert "aml-vnet" in deployed.links(zone), (zone, deployed.links(zone))
    asked = re.search(r"link the private DNS zone \((\S+)\) to BASTION VNET", article).group(1)
    assert "bastion-vnet" in deployed.links(asked), deployed.links(asked)
    # The jump host and the agents are there for every one of these services.
    assert all("bastion-vnet" in deployed.links(zone) for zone in zones)


@test
def every_zone_serves_an_endpoint(deployed):
    used = {config["properties"]["privateDnsZoneId"].rpartition("/")[2]
            for group in deployed.all("privateEndpoints/privateDnsZoneGroups").values()
            for config in group["properties"]["privateDnsZoneConfigs"]}
    rest = set(deployed.all("privateDnsZones")) - used
    assert rest == {"privatelink.westeurope.azmk8s.io"}, rest    # given to the cluster, which makes its own endpoint


@test
def bastion_jump_host_agents_and_gateway_have_their_subnets(deployed, article):
    assert "The jump host, Azure Bastion and self-hosted agents are in another virutual network, BASTION VNET" in article
    subnets = deployed.all("virtualNetworks/subnets")
    groups = {name: subnet["properties"].get("networkSecurityGroup", {}).get("id", "").rpartition("/")[2]
              for name, subnet in subnets.items()}
    assert groups["bastion-vnet/AzureBastionSubnet"] == "nsg-bastion-subnet"
    assert groups["bastion-vnet/jump"] == "nsg-jump"
    assert groups["bastion-vnet/agents"] == "nsg-agents"
    assert groups["aml-vnet/GatewaySubnet"] == ""    # Azure takes none there
    assert groups["aml-vnet/endpoints"] == "nsg-endpoints"
    assert subnets["aml-vnet/endpoints"]["properties"]["privateEndpointNetworkPolicies"] == "NetworkSecurityGroupEnabled"


@test
def the_articles_inbound_rules_are_there(deployed, article):
    asked = re.findall(r"Allow inbound TCP traffic on ports? ([\d-]+) from the (\w+) service tag", article)
    assert len(asked) == 2, asked
    rules = deployed.rules("nsg-compute", "Inbound")
    for port, tag in asked:
        assert any(rule["access"] == "Allow" and rule["protocol"] == "Tcp" and rule.get("destinationPortRange") == port
                   and rule.get("sourceAddressPrefix") == tag for rule in rules), (port, tag)


@test
def bastion_has_azures_eight_rules(deployed):
    allows = [rule for way in ("Inbound", "Outbound") for rule in deployed.rules("nsg-bastion-subnet", way)
              if rule["access"] == "Allow"]
    assert len(allows) == 8, len(allows)


@test
def what_is_outside_the_network_is_said(deployed, article):
    said = " ".join(deployed.outputs["prerequisites"]["value"])
    for asked, word in (("must be Premium version", "Premium"), ("contributor role", "Contributor"),
                        ("must contain an Azure Machine Learning compute cluster", "compute cluster")):
        assert asked in article and word in said, (asked, said)


def main():
    failed, text = 0, ARTICLE.read_text(encoding="utf-8") if ARTICLE.exists() else None
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([MLNSGC, "compile", "-o", work, str(EXAMPLE / "policy.mlp")], check=True, timeout=120)
        deployed = Deployment(pathlib.Path(work, "azuredeploy.json"))
        for number, function in enumerate(TESTS, 1):
            read = "article" in inspect.signature(function).parameters
            if read and text is None:
                print("ok %d - %s # SKIP the article is not beside the checkout" % (number, function.__name__))
                continue
            try:
                function(deployed, *[text] * read)
                print("ok %d - %s" % (number, function.__name__))
            except (AssertionError, AttributeError, KeyError) as problem:
                failed += 1
                print("not ok %d - %s\n# %r" % (number, function.__name__, problem))
    print("1..%d" % len(TESTS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
