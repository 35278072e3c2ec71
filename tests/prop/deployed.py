#!/usr/bin/env python3
"""Random networks as JSON, in the spellings that Azure's tools use: `mlnsgc query` and `mlnsgc reach` against packets
decided one by one; and one rule broken in a way that an emitter might, `mlnsgc diff` before and after.

    deployed.py [--seed N] [--count N] --binary PATH

Networks with subnets, peerings, shared groups, none, and groups bound to nothing, IPv6, service tags with a file; rules with one value or several,
prefixes in odd order and spelling, source ports, every protocol, priorities out of order. The evaluator reads what the
generator meant, not the JSON, and shares no code with the compiler. The last line is `N passed, N failed`.
"""
import argparse
import collections
import copy
import csv
import ipaddress
import json
import os
import random
import re
import subprocess
import tempfile

TAGS = {"Storage": ["20.38.0.0/16", "20.60.0.0/18", "2603:1020::/40"], "Storage.WestEurope": ["20.38.8.0/22", "2603:1020:8::/48"],
        "Sql": ["20.38.9.0/24", "40.68.0.0/20"], "AzureCloud": ["20.0.0.0/9", "40.64.0.0/10", "2603:1000::/24"]}
SPELLINGS = {"Storage.WestEurope": ["Storage.WestEurope", "storage.westeurope", "STORAGE.WESTEUROPE"],
             "VirtualNetwork": ["VirtualNetwork", "virtualNetwork", "VIRTUALNETWORK"],
             "Internet": ["Internet", "INTERNET", "internet"], "Sql": ["Sql", "SQL"]}
PRIVATE = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
                                             "fe80::/10")]
PUBLIC = ["20.38.0.1", "20.38.8.7", "20.38.9.9", "20.60.1.1", "40.68.3.3", "20.1.1.1", "8.8.8.8", "203.0.113.5", "198.51.100.77"]
PUBLIC6 = ["2603:1020::9", "2603:1020:8::1", "2603:1000::1", "2a00:1450::1"]
PROTOCOLS = {"Tcp": "tcp", "Udp": "udp", "Icmp": "icmp", "Esp": "esp", "Ah": "ah", "*": None}
DEFAULTS = {"Inbound": [("AllowVnetInBound", True, "VirtualNetwork", "VirtualNetwork"),
                        ("AllowAzureLoadBalancerInBound", True, "AzureLoadBalancer", "*"), ("DenyAllInBound", False, "*", "*")],
            "Outbound": [("AllowVnetOutBound", True, "VirtualNetwork", "VirtualNetwork"),
                         ("AllowInternetOutBound", True, "*", "Internet"), ("DenyAllOutBound", False, "*", "*")]}


def holds(prefixes, address):
    return any(address.version == p.version and address in p for p in prefixes)


class Rule:
    def __init__(self, name, priority, allow, direction, proto, source, sports, destination, dports):
        self.name, self.priority, self.allow, self.direction, self.proto = name, priority, allow, direction, proto
        self.source, self.sports, self.destination, self.dports = source, sports, destination, dports

    def matches(self, world, network, packet):
        proto, source, sport, destination, dport = packet
        if PROTOCOLS[self.proto] not in (None, proto):
            return False
        if not in_side(world, network, self.source, source) or not in_side(world, network, self.destination, destination):
            return False
        if proto in ("tcp", "udp"):
            return in_ports(self.sports, sport) and in_ports(self.dports, dport)
        return in_ports(self.sports, None) and in_ports(self.dports, None)


def in_ports(ranges, port):
    return ranges == "*" or (0, 65535) in ranges or port is not None and any(lo <= port <= hi for lo, hi in ranges)


def in_side(world, network, side, address):
    if side == "*":
        return True
    if isinstance(side, list):
        return holds(side, address)
    if side == "VirtualNetwork":
        return holds(world.virtual(network), address)
    if side == "Internet":
        return not holds(world.virtual(network), address) and not holds(PRIVATE, address)
    if side == "AzureLoadBalancer":
        return False
    return holds([ipaddress.ip_network(p) for p in TAGS[side]], address)


class Subnet:
    def __init__(self, name, network, prefixes, group):
        self.name, self.network, self.prefixes, self.group = name, network, prefixes, group


class World:
    def __init__(self, rng):
        self.rng = rng
        self.groups = {"nsg-%s" % n: [] for n in "abc"[:rng.choice([1, 2, 3])]}
        self.networks, self.subnets, self.peers = [], [], []
        for i in range(rng.choice([1, 1, 2])):
            self.add_network(i)
        if len(self.networks) == 2 and rng.random() < 0.7:
            self.peers.append(tuple(self.networks))
        for group in self.groups:
            self.groups[group] = [r for d in ("Inbound", "Outbound") for r in self.make_rules(d)]

    def add_network(self, i):
        six = self.rng.random() < 0.5
        spaces = ["10.%d.0.0/16" % i] + (["fd00:%d::/48" % i] if six else [])
        network = ("net%d" % i, [ipaddress.ip_network(s) for s in spaces])
        self.networks.append(network)
        for k in range(self.rng.choice([1, 2, 3])):
            prefixes = ["10.%d.%d.0/%d" % (i, k, self.rng.choice([24, 26, 28]))]
            if six and self.rng.random() < 0.8:
                prefixes.append("fd00:%d:0:%d::/64" % (i, k))
            group = self.rng.choice(list(self.groups) * 3 + [None])
            self.subnets.append(Subnet("s%d%d" % (i, k), network, [ipaddress.ip_network(p) for p in prefixes], group))

    def virtual(self, network):
        spaces = list(network[1])
        for pair in self.peers:
            if network in pair:
                spaces += [p for n in pair for p in n[1]]
        return spaces + [ipaddress.ip_network("168.63.129.16")]

    def addresses(self):
        known = [a for s in self.subnets for p in s.prefixes for a in (p[1], p[2], p[7], p[-2])]
        outside = [ipaddress.ip_address(a) for a in PUBLIC + PUBLIC6]
        return known, outside

    def side(self, family):
        rng = self.rng
        shape = rng.randrange(10)
        if shape < 3:
            return "*"
        if shape < 6:
            return rng.choice(["VirtualNetwork", "Internet", "Storage", "Storage.WestEurope", "Sql", "AzureCloud"])
        pool = [p for s in self.subnets for p in s.prefixes] + [p for n in self.networks for p in n[1]]
        pool += [q for p in pool for q in list(p.subnets(1))]
        pool += [ipaddress.ip_network(t) for t in ("10.0.0.0/8", "0.0.0.0/0", "0.0.0.0/1", "20.38.8.0/23", "::/0", "fd00::/8", "2603::/16")]
        pool += [ipaddress.ip_network(a) for a in PUBLIC + PUBLIC6]
        pool = [p for p in pool if p.version == family]
        chosen = rng.sample(pool, min(len(pool), rng.choice([1, 1, 1, 2, 4])))
        return [p for p in chosen if not any(q != p and q.supernet_of(p) for q in chosen)]

    def ports(self):
        rng = self.rng
        if rng.random() < 0.4:
            return "*"
        pool = [(22, 22), (53, 53), (443, 443), (80, 90), (20, 25), (1024, 65535), (0, 65535), (8080, 8080), (443, 450), (0, 0)]
        return rng.sample(pool, rng.choice([1, 1, 2, 3]))

    def make_rules(self, direction):
        rng, rules = self.rng, []
        priorities = rng.sample(range(100, 4097), rng.choice([0, 1, 3, 6, 10]))
        for i, priority in enumerate(priorities):
            proto = rng.choice(["Tcp", "Tcp", "Udp", "*", "*", "Icmp", "Esp", "Ah"])
            ported = proto in ("Tcp", "Udp", "*")
            family = rng.choice([4, 4, 6])
            rules.append(Rule("%s-%d" % (direction[:2].lower(), i), priority, rng.random() < 0.55, direction, proto,
                              self.side(family), self.ports() if ported and rng.random() < 0.3 else "*",
                              self.side(family), self.ports() if ported else "*"))
        return rules

    # What decides

    def place(self, address):
        return next((s for s in self.subnets if holds(s.prefixes, address)), None)

    def joined(self, one, other):
        if one and other:
            return one.network is other.network or any(one.network in p and other.network in p for p in self.peers)
        return bool(one or other)

    def hop(self, subnet, direction, packet):
        """(permitted, the rule); (True, None) without a group."""
        if subnet is None or subnet.group is None:
            return True, None
        rules = [r for r in self.groups[subnet.group] if r.direction == direction]
        for rule in sorted(rules, key=lambda r: r.priority):
            if rule.matches(self, subnet.network, packet):
                return rule.allow, rule.name
        for name, allow, source, destination in DEFAULTS[direction]:
            if in_side(self, subnet.network, source, packet[1]) and in_side(self, subnet.network, destination, packet[3]):
                return allow, name
        raise AssertionError(packet)

    def decide(self, packet):
        source, destination = self.place(packet[1]), self.place(packet[3])
        if not self.joined(source, destination):
            return None, []
        hops = [(s, d) + self.hop(s, d, packet) for s, d in ((source, "Outbound"), (destination, "Inbound")) if s]
        return all(h[2] for h in hops), hops


# How it is written

class Writer:
    """The world as Azure's tools print it."""

    def __init__(self, rng, world):
        self.rng, self.world = rng, world
        self.flat = rng.random() < 0.4          # as the command line prints it: no "properties"
        self.filled = rng.random() < 0.5        # empty lists beside what is given
        self.base = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/"

    def word(self, text):
        return self.rng.choice([text, text, text.lower(), text.upper()])

    def prefix(self, p):
        text = str(p)
        if p.prefixlen == p.max_prefixlen and self.rng.random() < 0.7:
            text = text.split("/")[0]
        if p.version == 6 and self.rng.random() < 0.5:
            text = p.exploded if "/" in text else p.network_address.exploded
            text = text.upper() if self.rng.random() < 0.5 else text
        return text

    def side(self, body, end, side):
        one, many = end + "AddressPrefix", end + "AddressPrefixes"
        if isinstance(side, str):
            body[one] = self.rng.choice(SPELLINGS.get(side, [side]))
            texts = []
        else:
            texts = [self.prefix(p) for p in side]
            if len(texts) == 1 and self.rng.random() < 0.7:
                body[one], texts = texts[0], []
        self.many(body, one, many, texts)

    def many(self, body, one, many, texts):
        if texts:
            body[many] = texts
        elif self.filled:
            body[many] = []
        if self.filled and one not in body:
            body[one] = self.rng.choice(["", None])

    def ports(self, body, end, ports):
        one, many = end + "PortRange", end + "PortRanges"
        texts = [] if ports == "*" else ["%d-%d" % p if p[0] != p[1] else str(p[0]) for p in ports]
        if ports == "*":
            body[one] = "*"
        elif len(texts) == 1 and self.rng.random() < 0.7:
            body[one], texts = texts[0], []
        self.many(body, one, many, texts)

    def wrap(self, name, kind, body):
        resource = {"name": name, "id": self.base + kind + "/" + name, "type": "Microsoft.Network/" + kind, "etag": "W/\"1\"",
                    "location": "westeurope"}
        body["provisioningState"] = "Succeeded"
        if self.flat:
            resource.update(body)
        else:
            resource["properties"] = body
        return resource

    def rule(self, rule):
        body = {"priority": rule.priority, "access": self.word("Allow" if rule.allow else "Deny"),
                "direction": self.word(rule.direction), "protocol": self.word(rule.proto), "description": "any text: [10.0.0.0/8]"}
        self.side(body, "source", rule.source)
        self.side(body, "destination", rule.destination)
        self.ports(body, "source", rule.sports)
        self.ports(body, "destination", rule.dports)
        return self.wrap(rule.name, "networkSecurityGroups/securityRules", body)

    def group(self, name):
        rules = [self.rule(r) for r in self.world.groups[name]]
        self.rng.shuffle(rules)
        return self.wrap(name, "networkSecurityGroups", {"securityRules": rules})

    def network(self, network):
        subnets = []
        for s in self.world.subnets:
            if s.network is not network:
                continue
            body = {"addressPrefixes": [str(p) for p in s.prefixes]}
            if len(s.prefixes) == 1 and self.rng.random() < 0.6:
                body = {"addressPrefix": str(s.prefixes[0])}
            if s.group:
                body["networkSecurityGroup"] = {"id": self.word(self.base + "networkSecurityGroups/" + s.group)}
            subnets.append(self.wrap(s.name, "virtualNetworks/subnets", body))
        peerings = []
        for pair in self.world.peers:
            if network in pair:
                other = pair[1] if network is pair[0] else pair[0]
                peerings.append(self.wrap("to-" + other[0], "virtualNetworks/virtualNetworkPeerings",
                                          {"remoteVirtualNetwork": {"id": self.base + "virtualNetworks/" + other[0]},
                                           "allowVirtualNetworkAccess": True, "peeringState": "Connected"}))
        return self.wrap(network[0], "virtualNetworks", {"addressSpace": {"addressPrefixes": [str(p) for p in network[1]]},
                                                         "subnets": subnets, "virtualNetworkPeerings": peerings})

    def text(self):
        resources = [self.group(g) for g in self.world.groups] + [self.network(n) for n in self.world.networks]
        self.rng.shuffle(resources)
        return json.dumps(resources if self.rng.random() < 0.5 else {"value": resources}, indent=self.rng.choice([None, 1]))


def tag_file():
    values = [{"name": name, "id": name, "properties": {
        "changeNumber": 1, "region": name.partition(".")[2].lower(), "regionId": 0, "platform": "Azure",
        "systemService": "" if name == "AzureCloud" else "Azure" + name.split(".")[0], "addressPrefixes": prefixes, "networkFeatures": ["NSG"]}}
        for name, prefixes in TAGS.items()]
    return json.dumps({"changeNumber": 1, "cloud": "Public", "values": values})


# The checks

class Failure(Exception):
    pass


def run(binary, folder, *arguments):
    done = subprocess.run(binary.split() + list(arguments), cwd=folder, capture_output=True, timeout=60, check=False)
    if done.returncode or done.stderr:
        raise Failure("%s: exit %d\n%s" % (" ".join(arguments), done.returncode, done.stderr.decode()[:2000]))
    return json.loads(done.stdout)


def random_packet(rng, world):
    known, outside = world.addresses()
    while True:
        source = rng.choice(known if rng.random() < 0.7 else outside)
        destination = rng.choice(known if rng.random() < 0.7 else outside)
        if source.version == destination.version and source != destination and (world.place(source) or world.place(destination)):
            break
    proto = rng.choice(["tcp", "tcp", "tcp", "udp", "udp", "esp", "ah", "icmp" if source.version == 4 else "tcp"])
    ported = proto in ("tcp", "udp")
    port = lambda: rng.choice([0, 20, 22, 23, 53, 80, 90, 91, 443, 444, 1023, 1024, 8080, 50000, 65535]) if ported else None
    return proto, source, port(), destination, port()


def end(address, port):
    text = str(address)
    if port is None:
        return text
    return "[%s]:%d" % (text, port) if address.version == 6 else "%s:%d" % (text, port)


def check_query(rng, world, options, folder):
    packet = random_packet(rng, world)
    answer = run(options.binary, folder, "query", "--format=json", "--tags=tags.json", "--from=" + end(packet[1], packet[2]),
                 "--to=" + end(packet[3], packet[4]), "--proto=" + packet[0], "live.json")["answers"][0]
    permitted, hops = world.decide(packet)
    want = {True: "allowed", False: "denied", None: "no path"}[permitted]
    if answer["verdict"] != want:
        raise Failure("%s: %s, not %s: %s" % (packet, answer["verdict"], want, [(h[0].name,) + h[1:] for h in hops]))
    got = [(h["direction"], h.get("nsg"), h["rule"], h["action"]) for p in answer["packets"] for h in p["hops"] if h.get("nsg")]
    mine = [(d.lower(), s.group, rule, "allow" if allow else "deny") for s, d, allow, rule in hops if s.group]
    if got != mine:
        raise Failure("%s: decided by %s, not %s" % (packet, got, mine))
    return want


def ports_in(texts, port):
    return any(int(t.split("-")[0]) <= port <= int(t.split("-")[-1]) for t in texts)


def in_traffic(protocols, proto, port):
    its = protocols.get(proto)
    return its is True if port is None or not isinstance(its, list) else ports_in(its, port)


def in_box(box, packet):
    if box["family"] != "IPv%d" % packet[1].version:
        return False
    for key, address in (("sources", packet[1]), ("destinations", packet[3])):
        if key in box and not holds([ipaddress.ip_network(p) for p in box[key]], address):
            return False
    if "source_ports" in box and packet[2] is not None and not ports_in(box["source_ports"], packet[2]):
        return False
    return "source_ports" not in box or packet[2] is not None


def check_reach(rng, world, options, folder, stats):
    table = run(options.binary, folder, "reach", "--format=json", "--tags=tags.json", "live.json")["reach"][0]
    pairs = {(p["from"], p["to"]): p for p in table["pairs"]}
    packets = []
    for _ in range(400):
        packet = random_packet(rng, world)
        source, destination = world.place(packet[1]), world.place(packet[3])
        permitted, _ = world.decide(packet)
        names = (source.name if source else "Internet", destination.name if destination else "Internet")
        pair = pairs.get(names)
        if permitted is None:
            continue
        packets.append((names, packet))
        said = False
        if pair:
            said = in_traffic(pair["protocols"], packet[0], packet[4])
            for part in pair["parts"]:
                boxes = [b for b in part["packets"] if in_box(b, packet)]
                said |= in_traffic(part["protocols"], packet[0], packet[4]) and bool(boxes)
        if said != permitted:
            raise Failure("reach %s: %s is %s" % (names, packet, permitted))
        stats["reach packets"] += 1
    check_words(world, options, folder, pairs, packets, stats)


# The words of reach

def in_words(world, text, address, other):
    """Is the address in "A, B" or "A except B", as the other end's network sees it? None: not all is written out."""
    if "prefixes (" in text or " more" in text:
        return None
    whole, _, rest = text.partition(" except ")
    return any(in_name(world, n, address, other) for n in whole.split(", ")) and \
        not any(in_name(world, n, address, other) for n in rest.split(", ") if rest)


def in_name(world, name, address, other):
    if name in TAGS or name == "Internet":
        return in_side(world, other.network if other else None, name, address)
    for subnet in world.subnets:
        if subnet.name == name:
            return holds(subnet.prefixes, address)
    for network in world.networks:
        if network[0] == name:
            return holds(network[1], address)
    return holds([ipaddress.ip_network(name)], address)


def in_phrase(world, text, packet):
    """Is the packet one of "from A to B with source port P over IPv4 or ..."? None: unclear."""
    source, destination = world.place(packet[1]), world.place(packet[3])
    for one in text.split(" or "):
        found = re.fullmatch(r"(?:from (.*?))? ?(?:to (.*?))? ?(?:with source port (.*?))? ?(?:over IPv(.))?", one)
        fine = [in_words(world, found[1], packet[1], destination) if found[1] else True,
                in_words(world, found[2], packet[3], source) if found[2] else True,
                packet[2] is not None and ports_in(found[3].split(", "), packet[2]) if found[3] else True,
                int(found[4]) == packet[1].version if found[4] else True]
        if None in fine:
            return None
        if all(fine):
            return True
    return False


def check_words(world, options, folder, pairs, packets, stats):
    """Where a cell has one part, its words hold exactly the packets that its boxes do."""
    done = subprocess.run(options.binary.split() + ["reach", "--format=csv", "--tags=tags.json", "live.json"], cwd=folder,
                          capture_output=True, timeout=60, check=True)
    words = collections.defaultdict(list)
    for row in csv.DictReader(done.stdout.decode().splitlines()):
        if row["packets"] == "part":
            words[row["from"], row["to"]].append(row["which"])
    for names, packet in packets:
        pair, texts = pairs.get(names), words.get(names, [])
        if not pair or len(pair["parts"]) != 1 or len(texts) != 1 or \
                not in_traffic(pair["parts"][0]["protocols"], packet[0], packet[4]):
            continue
        said = in_phrase(world, texts[0], packet)
        held = any(in_box(dict(b, source_ports=b.get("source_ports", ["0-65535"])) if packet[2] is not None else b, packet)
                   for b in pair["parts"][0]["packets"])
        if said is not None and said != held:
            raise Failure("words of reach %s: '%s' and %s" % (names, texts[0], packet))
        stats["words" if said is not None else "words cut short"] += 1


# One rule broken

def changed_ports(rng, ports):
    if ports == "*":
        return [(0, 65534)]
    lo, hi = rng.choice(ports)
    new = rng.choice([p for p in ((lo - 1, hi), (lo + 1, hi), (lo, hi - 1), (lo, hi + 1)) if 0 <= p[0] <= p[1] <= 65535])
    return [new if p == (lo, hi) else p for p in ports]


def resized(rng, prefixes, longer):
    fit = [p for p in prefixes if (p.prefixlen < p.max_prefixlen if longer else p.prefixlen)]
    if not fit:
        return prefixes
    p = rng.choice(fit)
    return [(rng.choice(list(p.subnets(1))) if longer else p.supernet()) if q == p else q for q in prefixes]


def broken(rng, rules):
    """(what was done, the rules with one of them broken): every mistake that an emitter can make about a rule."""
    rules = [copy.copy(r) for r in rules]
    rule = rng.choice(rules)
    sides = [end for end in ("source", "destination") if isinstance(getattr(rule, end), list)]
    end = rng.choice(sides) if sides else None
    what = rng.choice(["port", "source port", "dropped prefix", "wider", "narrower", "priorities", "direction", "protocol",
                       "dropped", "sides", "access", "tag", "any"])
    if what == "port" and rule.proto in ("Tcp", "Udp", "*"):
        rule.dports = changed_ports(rng, rule.dports)
    elif what == "source port" and rule.proto in ("Tcp", "Udp", "*"):
        rule.sports = changed_ports(rng, rule.sports)
    elif what == "dropped prefix" and end and len(getattr(rule, end)) > 1:
        setattr(rule, end, getattr(rule, end)[1:])
    elif what in ("wider", "narrower") and end:
        setattr(rule, end, resized(rng, getattr(rule, end), what == "narrower"))
    elif what == "priorities":
        other = rng.choice([r for r in rules if r.direction == rule.direction])
        rule.priority, other.priority = other.priority, rule.priority
    elif what == "direction":
        rule.direction = "Outbound" if rule.direction == "Inbound" else "Inbound"
        if any(r is not rule and (r.direction, r.priority) == (rule.direction, rule.priority) for r in rules):
            return None
    elif what == "protocol":
        rule.proto = rng.choice(["Tcp", "Udp"] if rule.sports != "*" or rule.dports != "*" else list(PROTOCOLS))
    elif what == "dropped":
        rules.remove(rule)
    elif what == "sides":
        rule.source, rule.destination = rule.destination, rule.source
    elif what == "access":
        rule.allow = not rule.allow
    elif what == "tag":
        rule.destination = rng.choice(["Storage", "Sql", "AzureCloud", "Internet", "VirtualNetwork"])
    elif what == "any":
        setattr(rule, rng.choice(["source", "destination"]), "*")
    else:
        return None
    return what, rules, rule


def of_box(box, packet):
    source, destination = box["source"], box["destination"]
    if box["family"] != "IPv%d" % packet[1].version or packet[0] not in box["protocols"]:
        return False
    if not holds([ipaddress.ip_network(p) for p in source["prefixes"]], packet[1]) or \
            not holds([ipaddress.ip_network(p) for p in destination["prefixes"]], packet[3]):
        return False
    for end, address in ((source, packet[1]), (destination, packet[3])):    # unknown sets may hold what TAGS says
        if not all(in_side(None, None, t, address) for t in end["in"]) or any(in_side(None, None, t, address) for t in end["notIn"]):
            return False
    return packet[2] is None or ports_in(source["ports"], packet[2]) and ports_in(destination["ports"], packet[4])


def corners(rng, box):
    """Some packets of a box: first and last addresses and ports."""
    def address(texts):
        p = ipaddress.ip_network(rng.choice(texts))
        return p[rng.choice([0, -1])]
    protocols = [p for p in box["protocols"] if p != "other"]
    for _ in range(3 if protocols else 0):
        proto = rng.choice(protocols)
        port = lambda texts: int(rng.choice(rng.choice(texts).split("-"))) if proto in ("tcp", "udp") else None
        yield (proto, address(box["source"]["prefixes"]), port(box["source"]["ports"]), address(box["destination"]["prefixes"]),
               port(box["destination"]["ports"]))


def near_packets(rng, world, rules):
    """Packets at the edges of what the rule said before and after."""
    ports = [p for r in rules for list_ in (r.sports, r.dports) if list_ != "*" for pair in list_ for p in pair]
    ends = [a for r in rules for side in (r.source, r.destination) if isinstance(side, list) for p in side for a in (p[0], p[-1])]
    ends = [a for a in ends if world.place(a) or a.is_global and not a.is_multicast and not a.is_reserved]
    for _ in range(150):
        proto, source, sport, destination, dport = random_packet(rng, world)
        same = [a for a in ends if a.version == source.version]
        if same and rng.random() < 0.4:
            source = rng.choice(same)
        if same and rng.random() < 0.4:
            destination = rng.choice(same)
        if sport is not None and ports:
            sport, dport = [min(65535, max(0, rng.choice(ports) + rng.choice([-1, 0, 1]))) for _ in range(2)]
        if source != destination and (world.place(source) or world.place(destination)):
            yield proto, source, sport, destination, dport


def check_broken(rng, world, options, folder, stats):
    if {s.group for s in world.subnets} - {None} != set(world.groups):
        return      # an NSG without subnets: the two are compared NSG by NSG
    group = rng.choice(list(world.groups))
    found = broken(rng, world.groups[group]) if world.groups[group] else None
    if not found:
        return
    what, rules, rule = found
    after = copy.copy(world)
    after.groups = dict(world.groups, **{group: rules})
    with open(os.path.join(folder, "new.json"), "w", encoding="utf-8") as out:
        out.write(Writer(rng, after).text())
    tags = ["--tags=tags.json"] if rng.random() < 0.5 else []
    done = subprocess.run(options.binary.split() + ["diff", "--format=json"] + tags + ["live.json", "new.json"], cwd=folder,
                          capture_output=True, timeout=60, check=False)
    if done.returncode not in (0, 1) or done.stderr:
        raise Failure("diff: exit %d\n%s" % (done.returncode, done.stderr.decode()[:2000]))
    report = json.loads(done.stdout)
    boxes = [(f["change"] == "permitted", b) for f in report["flows"] for b in f["boxes"]]
    before = [r for r in world.groups[group] if r.name == rule.name]
    packets = [p for _, b in boxes for p in corners(rng, b)] if len(boxes) < 200 else []
    for packet in packets + list(near_packets(rng, world, before + [rule])):
        old, new = world.decide(packet)[0], after.decide(packet)[0]
        if old is None or packet[0] == "icmp" and packet[1].version == 6:
            continue
        held = [added for added, b in boxes if of_box(b, packet)]
        if held != ([new] if old != new else []):
            raise Failure("%s broken (%s): %s was %s and is %s, and the report has it %s" % (rule.name, what, packet, old, new, held))
        stats["broken packets"] += 1
    stats["broken: " + what] += 1
    stats["broken with an effect%s" % (" and tags" if tags else "")] += bool(boxes)
    if report["complete"] is not True or bool(boxes) and done.returncode != 1:
        raise Failure("diff: %s" % report)


def one(seed, options, folder, stats):
    rng = random.Random(seed)
    world = World(rng)
    with open(os.path.join(folder, "live.json"), "w", encoding="utf-8") as out:
        out.write(Writer(rng, world).text())
    for _ in range(options.queries):
        stats[check_query(rng, world, options, folder)] += 1
    check_reach(rng, world, options, folder, stats)
    for _ in range(options.broken):
        check_broken(rng, world, options, folder, stats)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--queries", type=int, default=25)
    parser.add_argument("--broken", type=int, default=6, help="rules broken in each world")
    parser.add_argument("--keep", help="the folder to work in")
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    stats, failed = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        folder = options.keep or folder
        with open(os.path.join(folder, "tags.json"), "w", encoding="utf-8") as out:
            out.write(tag_file())
        for seed in range(options.seed, options.seed + options.count):
            try:
                one(seed, options, folder, stats)
            except Failure as failure:
                failed += 1
                print("seed %d: %s" % (seed, failure))
    print(", ".join("%s %d" % item for item in sorted(stats.items())))
    print("%d passed, %d failed" % (options.count - failed, failed))
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
