#!/usr/bin/env python3
"""The judge judged: decisions worked out by hand from mlp(5), and rules read as Azure reads them."""
import ipaddress
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import nsg  # noqa: E402
import oracle as O  # noqa: E402
from world import Asg, External, Intent, Item, Leaf, Network, Prefix, Service, Side, World, Zone  # noqa: E402

ANY = Leaf("any")
HTTPS = [Service(["tcp"], None, (443, 443))]


def small_world():
    """Two peered networks, a third alone, an office connected to the second, whose gateway is lent."""
    world = World()
    for number, name in enumerate(("one", "two", "three")):
        net = Network(name, [Prefix("10.%d.0.0/16" % number)])
        for index, letter in enumerate("ab"):
            net.zones.append(Zone(name + letter, net, [Prefix("10.%d.%d.0/24" % (number, index))]))
        world.networks.append(net)
    one, two, _ = world.networks
    world.peers.append((one, two, two))
    world.externals.append(External("office", [Prefix("192.168.0.0/16"), Prefix("51.8.0.0/16")]))
    world.connects.append((world.externals[0], two, "expressroute"))
    return world


class Case(unittest.TestCase):
    def setUp(self):
        self.world = small_world()
        self.zones = {z.name: z for z in self.world.zones()}

    def side(self, *words):
        return Side([w if not isinstance(w, str) else self.leaf(w) for w in words])

    def leaf(self, word):
        if word in self.zones:
            return Leaf("zone", self.zones[word])
        return Leaf("prefix", Prefix(word)) if word[0].isdigit() else Leaf("tag", word)

    def add(self, verb, frm, to, services=None, name=None, overrides=()):
        intent = Intent(verb, services or HTTPS, "https", frm if isinstance(frm, Side) else self.side(frm),
                        to if isinstance(to, Side) else self.side(to))
        intent.name, intent.overrides = name, list(overrides)
        self.world.items.append(Item([intent.text()], [intent]))
        return intent

    def point(self, text, **more):
        return O.Point(self.world, 4, int(ipaddress.ip_address(text)), **more)

    def verdict(self, zone, outbound, src, dst, service=("tcp", 50000, 443)):
        oracle = O.Oracle(self.world)
        src, dst = [p if isinstance(p, O.Point) else self.point(p) for p in (src, dst)]
        relevant = oracle.relevant(self.zones[zone], outbound, src, dst, False)
        return oracle.decide(self.zones[zone], outbound, src, dst, relevant, *service, False)[0]


class Meaning(Case):
    def test_each_end_on_its_own(self):
        self.add("allow", "onea", "10.0.1.0/24")
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "10.0.1.4"))
        self.assertFalse(self.verdict("oneb", False, "10.0.0.4", "10.0.1.4"), "a prefix names no zone")

    def test_order_of_strength(self):
        deny = self.add("deny", self.side(ANY), "oneb", name="d")
        self.add("allow", "onea", "oneb", overrides=[deny])
        self.assertTrue(self.verdict("oneb", False, "10.0.0.4", "10.0.1.4"))
        self.assertFalse(self.verdict("oneb", False, "10.1.0.4", "10.0.1.4"))
        self.add("deny", "onea", "oneb", name="e")
        self.assertFalse(self.verdict("oneb", False, "10.0.0.4", "10.0.1.4"), "every deny must be named")

    def test_forbid_above_override(self):
        deny = self.add("deny", "onea", "oneb", name="d")
        self.add("allow", "onea", "oneb", overrides=[deny])
        self.add("forbid", self.side(ANY), "oneb")
        self.assertFalse(self.verdict("oneb", False, "10.0.0.4", "10.0.1.4"))

    def test_innermost_default(self):
        self.world.defaults = [(None, "allow")]
        self.zones["onea"].net.defaults = [("outbound", "deny"), (None, "allow")]
        self.assertFalse(self.verdict("onea", True, "10.0.0.4", "10.0.1.4"))
        self.assertTrue(self.verdict("onea", False, "10.0.1.4", "10.0.0.4"))
        self.zones["onea"].defaults = [(None, "allow")]
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "10.0.1.4"))

    def test_azure_default(self):
        self.world.defaults = [(None, "azure")]
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "10.1.0.4"), "peered")
        self.assertTrue(self.verdict("onea", False, "192.168.1.1", "10.0.0.4"), "through the lent gateway")
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "8.8.8.8"))
        self.assertFalse(self.verdict("onea", False, "8.8.8.8", "10.0.0.4"))
        self.assertTrue(self.verdict("onea", False, self.balancer(), "10.0.0.4"))

    def balancer(self):
        return self.point("168.63.129.16", platform="source")

    def test_any_has_no_platform_addresses(self):
        self.add("allow", self.side(ANY), "onea")
        self.assertTrue(self.verdict("onea", False, "8.8.8.8", "10.0.0.4"))
        self.assertFalse(self.verdict("onea", False, self.balancer(), "10.0.0.4"))

    def test_platform_passes_unless_denied(self):
        dns = self.point("168.63.129.16", platform="AzurePlatformDNS")
        self.add("deny", "onea", self.side(ANY))
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", dns))
        self.add("deny", "onea", "AzurePlatformDNS")
        self.assertFalse(self.verdict("onea", True, "10.0.0.4", dns))

    def test_connected_public_prefix_is_in_both_tags(self):
        oracle, zone = O.Oracle(self.world), self.zones["onea"]
        office = self.point("51.8.1.1")
        self.assertTrue(oracle.in_tag("VirtualNetwork", office, zone, False))
        self.assertTrue(oracle.in_tag("Internet", office, zone, False))
        self.assertFalse(oracle.in_tag("Internet", self.point("192.168.1.1"), zone, False))

    def test_paths(self):
        oracle = O.Oracle(self.world)
        joined = lambda zone, ip: oracle.joins(self.zones[zone], self.point(ip)) is not None
        self.assertTrue(joined("onea", "10.1.0.4"))
        self.assertFalse(joined("onea", "10.2.0.4"))
        self.assertTrue(joined("onea", "192.168.1.1"))
        self.assertFalse(joined("threea", "192.168.1.1"))
        self.assertTrue(joined("threea", "51.8.1.1"))

    def test_far_security_group_is_its_zone_for_an_allow(self):
        web = Asg("web", self.zones["twoa"])
        self.add("allow", "onea", self.side(Leaf("asg", web)))
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "10.1.0.4"))
        self.assertFalse(self.verdict("twoa", False, "10.0.0.4", "10.1.0.4"))
        self.assertTrue(self.verdict("twoa", False, "10.0.0.4", self.point("10.1.0.4", asgs=[web])))

    def test_a_packet_without_ports_matches_no_port(self):
        self.add("allow", "onea", "oneb", [Service(O.W.PROTOS)])
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "10.0.1.4", ("esp", None, None)))
        self.add("deny", "onea", "oneb", [Service(O.W.WITH_PORTS, None, (443, 443))])
        self.assertTrue(self.verdict("onea", True, "10.0.0.4", "10.0.1.4", ("esp", None, None)))
        self.assertFalse(self.verdict("onea", True, "10.0.0.4", "10.0.1.4"))


class Reading(unittest.TestCase):
    BODY = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "10.0.0.0/24",
            "destinationPortRange": "443"}

    def problems(self, drop=(), **change):
        found = []
        body = {k: v for k, v in {**self.BODY, **change}.items() if k not in drop}
        nsg.Rule({"name": "r", "properties": body}, found)
        return found

    def test_legal(self):
        self.assertEqual(self.problems(), [])

    def test_illegal(self):
        self.assertTrue(self.problems(sourceAddressPrefixes=["10.0.0.0/8", "20.0.0.0/8"]))
        self.assertTrue(self.problems(priority=99))
        self.assertTrue(self.problems(drop=["sourceAddressPrefix"], sourceAddressPrefixes=["10.0.0.0/8", "10.1.0.0/16"]))
        self.assertTrue(self.problems(sourceAddressPrefix="fd00::/64"))
        self.assertTrue(self.problems(protocol="Icmp"))
        self.assertTrue(self.problems(destinationPortRange="443-65536"))


if __name__ == "__main__":
    unittest.main()
