#!/usr/bin/env python3
"""Random NSGs, IPv4 and IPv6, with service tags as unknown sets: what `mlnsgc lint` says of shadowed, redundant and
conflicting rules and of what is open to the Internet, against brute force.

    redundant.py [--seed N] [--count N] --binary mlnsgc       prints TAP

The oracle shares nothing with the compiler. A packet is an address at each end together with the unknown sets that the
end is in, a protocol and a port; all packets of a small universe are numbered, and a rule is the set of the packets it
matches, as the bits of one integer. First match decides. The universe has an address for each way the generated
prefixes can overlap."""

import argparse
import ipaddress
import itertools
import json
import random
import re
import subprocess
import sys
import tempfile

PRIVATE4 = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.9.9.9", "100.64.0.1", "172.31.0.1", "127.0.0.9"]
PUBLIC4 = ["20.0.0.0", "20.0.0.1", "21.0.0.1", "203.0.113.5", "9.9.9.9", "8.8.8.8"]
PRIVATE6 = ["fd00::", "fd00::1", "fd01::1", "fe80::1", "::1"]
PUBLIC6 = ["2001:db8::5", "2a00::1", "2a00::2", "3000::1", "9000::1"]
# Where no subnet lies, and where one of a network with private addresses does.
NO_SUBNET = [ipaddress.ip_network(n) for n in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "168.63.129.16")]
SUBNET6 = [ipaddress.ip_network(n) for n in ("2000::/3", "fc00::/7")]
LOCAL = {"10.0.0.0", "100.64.0.1", "10.0.0.1", "10.0.0.2", "10.9.9.9", "172.31.0.1", "fd00::", "fd00::1", "fd01::1"}
WIRE = "168.63.129.16"
V4_PREFIXES = ["10.0.0.0/32", "10.0.0.0/31", "10.0.0.1/32", "10.0.0.2/32", "10.0.0.0/8", "20.0.0.0/31",
               "20.0.0.1/32", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "9.0.0.0/8", "20.0.0.0/7"]
V6_PREFIXES = ["fd00::/128", "fd00::/16", "2a00::1/128", "2a00::/16", "::/0", "::/1", "8000::/1", "2001:db8::/32"]
TAGS = ["VirtualNetwork", "Internet", "AzureLoadBalancer", "Storage", "Storage.WestEurope", "Sql"]
UNKNOWN = ["VirtualNetwork", "Storage", "Storage.WestEurope", "Sql"]
PROTOCOLS = ["Tcp", "Udp", "Icmp", "*"]
PORTS = ["22", "443", "3306", "20-500", "400-4000", "*", "22", "443"]
UNIVERSE_PORTS = [22, 53, 443, 450, 1000, 3306, 60000]
RISKY = {("tcp", 22): "management-port-open", ("tcp", 3306): "data-port-open", ("udp", 53): "amplifier-open"}
DEFAULTS = {
    "Inbound": [("AllowVnetInBound", "Allow", "VirtualNetwork", "VirtualNetwork"),
                ("AllowAzureLoadBalancerInBound", "Allow", "AzureLoadBalancer", "*"), ("DenyAllInBound", "Deny", "*", "*")],
    "Outbound": [("AllowVnetOutBound", "Allow", "VirtualNetwork", "VirtualNetwork"),
                 ("AllowInternetOutBound", "Allow", "*", "Internet"), ("DenyAllOutBound", "Deny", "*", "*")]}


def in_subnet(address):
    if address.version == 6:
        return any(address in n for n in SUBNET6)
    return not any(address in n for n in NO_SUBNET)


class Universe:
    """The packets of one family that a list of rules can tell apart."""

    def __init__(self, family, unknown, direction):
        self.family = family
        self.direction = direction
        addresses = PRIVATE4 + PUBLIC4 + [WIRE] if family == 4 else PRIVATE6 + PUBLIC6
        self.ends = []
        for address in addresses:
            for inside in itertools.product((False, True), repeat=len(unknown)):
                self.ends.append((ipaddress.ip_address(address), frozenset(u for u, i in zip(unknown, inside) if i)))
        self.flows = [(p, port) for p in ("tcp", "udp") for port in UNIVERSE_PORTS] + [("icmp", None), ("other", None)]

    def public(self, end):
        return str(end[0]) in PUBLIC4 + PUBLIC6

    def end_in(self, end, side, source):
        address, inside = end
        near = source == (self.direction == "Outbound")
        if near and not in_subnet(address):
            return False
        if not source and str(address) == WIRE:
            return False
        if near and side in TAGS:  # of its own network only
            return side == "VirtualNetwork"
        if side == "*":
            return True
        if side == "Internet":
            return self.public(end)
        if side == "AzureLoadBalancer":
            return source and str(address) == WIRE
        if side == "VirtualNetwork":
            return side in inside and (str(address) in LOCAL or str(address) == WIRE)
        if side in TAGS:
            return self.public(end) and side in inside and (side != "Storage.WestEurope" or "Storage" in inside)
        network = ipaddress.ip_network(side)
        return address.version == network.version and address in network

    def flow_in(self, flow, rule):
        protocol, port = flow
        if rule["protocol"] != "*" and rule["protocol"].lower() != protocol:
            return False
        if self.family == 6 and rule["protocol"] == "Icmp":
            return False
        if rule["port"] == "*":
            return True
        low, _, high = rule["port"].partition("-")
        return port is not None and int(low) <= port <= int(high or low)

    def bits(self, sources, destinations, flows):
        """The product of three sets of indices as one integer."""
        row = sum(1 << f for f in flows)
        middle = sum(row << d * len(self.flows) for d in destinations)
        return sum(middle << s * len(self.flows) * len(self.ends) for s in sources)

    def rule_bits(self, rule):
        src = [[i for i, e in enumerate(self.ends) if self.end_in(e, side, True)] for side in rule["src"]]
        dst = [[i for i, e in enumerate(self.ends) if self.end_in(e, side, False)] for side in rule["dst"]]
        flows = [i for i, f in enumerate(self.flows) if self.flow_in(f, rule)]
        return self.bits(set().union(*src), set().union(*dst), flows)


def allowed(rules):
    """rules: (bits, allow) in order."""
    seen = result = 0
    for bits, allow in rules:
        if allow:
            result |= bits & ~seen
        seen |= bits
    return result


# --- generating ---

def random_side(rng, family):
    kind = rng.random()
    if kind < 0.25:
        return ["*"]
    if kind < 0.5:
        return [rng.choice(TAGS)]
    return sorted({rng.choice(V4_PREFIXES if family == 4 else V6_PREFIXES)})


def random_rules(rng, direction):
    family = 6 if rng.random() < 0.3 else 4
    rules = []
    for number in range(rng.randint(1, 7)):
        rule = {"name": f"{direction[0].lower()}{number}", "priority": 100 + 10 * number, "direction": direction,
                "access": rng.choice(["Allow", "Deny"]), "protocol": rng.choice(PROTOCOLS), "port": rng.choice(PORTS),
                "src": random_side(rng, family), "dst": random_side(rng, family)}
        if rule["protocol"] in ("Icmp",):
            rule["port"] = "*"
        if rules and rng.random() < 0.3:  # like an earlier one in most respects
            for key in rng.sample(["protocol", "port", "src", "dst", "access"], 4):
                rule[key] = rng.choice(rules)[key]
            if rule["protocol"] == "Icmp":
                rule["port"] = "*"
        rules.append(rule)
    return rules


def unknown_of(rules):
    used = {side for r in rules for side in r["src"] + r["dst"]}
    if "Storage.WestEurope" in used:
        used.add("Storage")
    return [u for u in UNKNOWN if u in used or u == "VirtualNetwork"]


def as_json(name, rules):
    def one(rule):
        fields = {k: rule[k] for k in ("priority", "direction", "access", "protocol")}
        fields["sourcePortRange"] = "*"
        fields["destinationPortRange"] = rule["port"]
        fields["sourceAddressPrefix"], fields["destinationAddressPrefix"] = rule["src"][0], rule["dst"][0]
        return {"name": rule["name"], "properties": fields}
    return {"name": name, "type": "Microsoft.Network/networkSecurityGroups",
            "properties": {"securityRules": [one(r) for r in rules]}}


# --- judging ---

PACKET = re.compile(r"for instance (\w+) \[?([0-9a-f.:]+?)\]?(?::(\d+))? -> \[?([0-9a-f.:]+?)\]?(?::(\d+))?(?:, which '(.*)' (denies|allows))?$")
NAMED = re.compile(r"'([^']+)' \(priority")


class Judge:
    def __init__(self, direction, rules):
        self.rules = rules
        unknown = unknown_of(rules)
        self.universes = [Universe(family, unknown, direction) for family in (4, 6)]
        tail = [{"name": n, "access": a, "src": [s], "dst": [d], "protocol": "*", "port": "*"}
                for n, a, s, d in DEFAULTS[direction]]
        self.all = rules + tail
        self.bits = [[u.rule_bits(r) for r in self.all] for u in self.universes]
        self.allow = [r["access"] == "Allow" for r in self.all]

    def same_without(self, gone):
        return all(allowed([(b, a) for i, (b, a) in enumerate(zip(bits, self.allow)) if i not in gone]) ==
                   allowed(list(zip(bits, self.allow))) for bits in self.bits)

    def shadowed(self, i):
        return all(self.left(bits, i) == 0 for bits in self.bits)

    @staticmethod
    def left(bits, i, by=None):
        rest = bits[i]
        for k in range(i) if by is None else by:
            rest &= ~bits[k]
        return rest

    def expected(self):
        gone, shadowed, redundant = set(), set(), set()
        for i in reversed(range(len(self.rules))):
            if self.shadowed(i):
                shadowed.add(i)
            elif self.same_without(gone | {i}):
                redundant.add(i)
            else:
                continue
            gone.add(i)
        return shadowed, redundant

    def contradicted(self, i):
        for bits in self.bits:
            rest = bits[i]
            for k in range(i):
                if rest & bits[k] and self.allow[k] != self.allow[i]:
                    return True
                rest &= ~bits[k]
        return False

    def exposures(self):
        """{(slug, index)} of inbound rules, by looking at each packet from anybody."""
        found = set()
        narrow = [ipaddress.ip_network(s) for r in self.rules for s in r["src"]
                  if "/" in s and ipaddress.ip_network(s).prefixlen > (8 if ":" not in s else 16)]
        for universe, bits in zip(self.universes, self.bits):
            names = len(universe.flows)
            for s, source in enumerate(universe.ends):
                if source[1] or not universe.public(source) or str(source[0]) == "9000::1" or any(  # not routed
                        n.version == source[0].version and source[0] in n for n in narrow):
                    continue
                for d, destination in enumerate(universe.ends):
                    if destination[1] or str(destination[0]) not in LOCAL:
                        continue
                    for f, flow in enumerate(universe.flows):
                        if flow[0] not in ("tcp", "udp"):
                            continue
                        at = (s * len(universe.ends) + d) * names + f
                        i = next(i for i, b in enumerate(bits) if b >> at & 1)
                        if not self.allow[i] or i >= len(self.rules):
                            continue
                        if flow in RISKY:
                            found.add((RISKY[flow], i))
                        found.add(("every-port-open" if self.rules[i]["port"] == "*" else "port-open", i))
        return found

    def matches(self, i, packet):
        """Is there a packet with these addresses that the rule matches, whatever sets its ends are in?"""
        protocol, src, dst, port = packet
        for universe, rule in ((u, self.all[i]) for u in self.universes):
            def some(address, sides, source):
                ends = {e for e in universe.ends if str(e[0]) == address}
                if not ends:  # not an address of the universe: one that lies in the same prefixes is
                    ends = {(ipaddress.ip_address(address), e[1]) for e in universe.ends}
                return any(universe.end_in(e, side, source) or
                           (side in TAGS and side != "AzureLoadBalancer") for e in ends for side in sides)
            flow = (protocol, port)
            if some(src, rule["src"], True) and some(dst, rule["dst"], False) and universe.flow_in(flow, rule):
                return True
        return False


def texts(diagnostic):
    return [t["text"] if isinstance(t, dict) else t for t in diagnostic.get("notes", [])]


def check(judge, direction, diagnostics):
    """Problems, as text."""
    index = {r["name"]: i for i, r in enumerate(judge.rules)}
    by_slug = {}
    for d in diagnostics:
        name = re.match(r"rule '([^']+)'", d["message"]).group(1)
        by_slug.setdefault(d["slug"], {})[index[name]] = d
    shadowed, redundant = judge.expected()
    problems = []
    for slug, expected in (("shadowed-rule", shadowed), ("redundant-rule", redundant)):
        found = set(by_slug.get(slug, {}))
        if found != expected:
            problems.append(f"{slug}: expected {sorted(expected)}, found {sorted(found)}")
    for i, d in by_slug.get("shadowed-rule", {}).items():
        if i in shadowed:
            problems += check_shadowed(judge, i, d, index)
    for i, d in by_slug.get("redundant-rule", {}).items():
        if i in redundant:
            problems += check_redundant(judge, i, d, index)
    for i, d in by_slug.get("conflicting-rules", {}).items():
        problems += check_conflict(judge, i, d, index)
    if direction == "Inbound":
        expected = judge.exposures()
        found = {(slug, i) for slug in set(RISKY.values()) | {"every-port-open"} for i in by_slug.get(slug, {})}
        wanted = {(slug, i) for slug, i in expected if slug != "port-open"}
        # The generated ports hold more risky services than the universe has ports.
        for slug, i in wanted - found:
            problems.append(f"{slug} of rule {i} not found")
        for slug, i in found - wanted:
            if not any(i == k for _, k in expected):
                problems.append(f"{slug} of rule {i} found, but nobody reaches it")
    return problems


def packet_of(diagnostic):
    for text in texts(diagnostic):
        m = PACKET.search(text)
        if m:
            return (m[1], m[2], m[4], int(m[5]) if m[5] else None), m[6], m[7]
    return None, None, None


def check_shadowed(judge, i, d, index):
    text = next((t for t in texts(d) if t.startswith("all its packets")), None)
    if text is None:  # matches nothing at all
        return [] if all(b[i] == 0 for b in judge.bits) else ["said to match no packet"]
    by = [index[n] for n in NAMED.findall(text)]
    problems = []
    if any(judge.left(bits, i, by) for bits in judge.bits):
        problems.append(f"{by} do not cover {i}")
    for k in by:
        if not any(judge.left(bits, i, [b for b in by if b != k]) for bits in judge.bits):
            problems.append(f"{k} is not needed to cover {i}")
    contradicted = "denies what" in d["message"] or "allows what" in d["message"]
    if contradicted != judge.contradicted(i):
        problems.append(f"contradiction of {i}: {contradicted}")
    packet, by_name, _ = packet_of(d)
    if packet is None or not judge.matches(i, packet):
        problems.append(f"the packet of {i} does not match it: {packet}")
    elif by_name and (not judge.matches(index[by_name], packet) or judge.allow[index[by_name]] == judge.allow[i]):
        problems.append(f"'{by_name}' does not contradict {i} on {packet}")
    return problems


def check_redundant(judge, i, d, index):
    text = next((t for t in texts(d) if "only go together" in t), "")
    together = {index[n] for n in NAMED.findall(text)}
    problems = []
    if not judge.same_without(together | {i}):
        problems.append(f"{i} cannot go with {together} alone")
    if together and judge.same_without({i}):
        problems.append(f"{i} can go alone")
    packet, _, _ = packet_of(d)
    if packet is None or not judge.matches(i, packet):
        problems.append(f"the packet of {i} does not match it: {packet}")
    return problems


def check_conflict(judge, i, d, index):
    packet, by_name, _ = packet_of(d)
    other = index[by_name]
    problems = []
    if judge.allow[other] == judge.allow[i] or other > i:
        problems.append(f"{other} and {i} do not conflict")
    if not (judge.matches(i, packet) and judge.matches(other, packet)):
        problems.append(f"{packet} is not in both {other} and {i}")
    if all(judge.left(b, i, [other]) == 0 or judge.left(b, other, [i]) == 0 for b in judge.bits):
        problems.append(f"one of {other} and {i} holds the other")
    return problems


def run(binary, cases):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([as_json(f"nsg{n}", rules) for n, (_, rules) in enumerate(cases)], file)
        file.flush()
        result = subprocess.run([binary, "lint", "--message-format=json", file.name], capture_output=True, timeout=600)
    if result.returncode not in (0, 1) or result.stderr:
        sys.exit(f"mlnsgc lint: exit {result.returncode}: {result.stderr.decode()[:2000]}{result.stdout.decode()[:2000]}")
    found = {}
    for d in json.loads(result.stdout)["diagnostics"]:
        found.setdefault(re.search(r"of NSG 'nsg(\d+)'", d["message"]).group(1), []).append(d)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    cases = []
    while len(cases) < arguments.count:
        direction = rng.choice(["Inbound", "Outbound"])
        rules = random_rules(rng, direction)
        if len(unknown_of(rules)) <= 3:
            cases.append((direction, rules))
    found = run(arguments.binary, cases)
    failed, kinds = 0, {}
    for number, (direction, rules) in enumerate(cases):
        diagnostics = found.get(str(number), [])
        for d in diagnostics:
            kinds[d["slug"]] = kinds.get(d["slug"], 0) + 1
        problems = check(Judge(direction, rules), direction, diagnostics)
        if problems:
            failed += 1
            if failed <= 5:
                print(f"# NSG {number}, seed {arguments.seed}: " + "; ".join(problems))
                print("# " + json.dumps(as_json(f"nsg{number}", rules)))
    print(f"{'not ok' if failed else 'ok'} 1 - {arguments.count} random NSGs, seed {arguments.seed}: {failed} judged "
          f"otherwise by brute force ({', '.join(f'{n} {s}' for s, n in sorted(kinds.items()))})")
    enough = all(kinds.get(s, 0) >= arguments.count // 100 for s in
                 ("shadowed-rule", "redundant-rule", "conflicting-rules", "management-port-open"))
    print(f"{'ok' if enough else 'not ok'} 2 - every sort of finding was met often enough to mean something")
    print("1..2")
    return 1 if failed or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
