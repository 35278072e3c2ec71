"""Azure's reading of a network security group, from the emitted JSON, and the checks Azure makes on it."""
import ipaddress
import json
import re

import world as W

NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$")
PROTOCOLS = {"*": None, "Tcp": "tcp", "Udp": "udp", "Icmp": "icmp", "Esp": "esp", "Ah": "ah"}


class Side:
    def __init__(self, kind, value=None):
        self.kind, self.value = kind, value     # any, prefixes, tag, asgs

    def holds(self, oracle, point, zone, loose):
        if self.kind == "tag":
            return oracle.in_tag(self.value, point, zone, loose)
        if point.platform and point.platform != "source":
            return False        # platform destinations answer to their own tags only
        if self.kind == "any":
            return True
        if self.kind == "prefixes":
            return W.any_holds(self.value, point.fam, point.ip)
        return any(a.name in self.value for a in point.asgs)


class Rule:
    def __init__(self, raw, problems):
        body = raw["properties"]
        self.name, self.priority = raw["name"], body["priority"]
        self.outbound = body["direction"] == "Outbound"
        self.allow = body["access"] == "Allow"
        self.proto = PROTOCOLS[body["protocol"]]
        self.src, self.dst = read_side(body, "source", problems), read_side(body, "destination", problems)
        self.sport, self.dport = read_ports(body, "source", problems), read_ports(body, "destination", problems)
        check_rule(self, raw, problems)

    def service_holds(self, proto, sport, dport):
        if self.proto is not None and self.proto != proto:
            return False
        if proto not in W.WITH_PORTS:
            return self.sport is None and self.dport is None
        return ports_hold(self.sport, sport) and ports_hold(self.dport, dport)


def ports_hold(ranges, port):
    return ranges is None or any(lo <= port <= hi for lo, hi in ranges)


def one_form(body, one, many, problems, others=()):
    given = [k for k in (one, many) + tuple(others) if k in body]
    if len(given) != 1:
        problems.append("exactly one of %s must be written, not %s" % ((one, many) + tuple(others), given))
    values = body[one] if one in body else body.get(many, [])
    if many in body and len(values) < 2:
        problems.append("plural %s with %d value" % (many, len(values)))
    return [values] if isinstance(values, str) else values


def read_side(body, end, problems):
    groups = end + "ApplicationSecurityGroups"
    values = one_form(body, end + "AddressPrefix", end + "AddressPrefixes", problems, (groups,))
    if groups in body:
        return Side("asgs", {re.findall(r"[A-Za-z0-9_.-]+", g["id"].rstrip("')]"))[-1] for g in body[groups]})
    if values == ["*"]:
        return Side("any")
    if len(values) == 1 and re.match(r"^[A-Za-z]", values[0]) and ":" not in values[0]:
        return Side("tag", values[0])
    try:
        prefixes = [W.Prefix(v) for v in values]
    except ValueError as bad:
        problems.append("not a prefix: %s" % bad)
        return Side("prefixes", [])
    nets = sorted((ipaddress.ip_network(v) for v in values), key=lambda n: (n.version, n))
    if len({n.version for n in nets}) > 1:
        problems.append("both families on one side: %s" % values)
    else:
        for a, b in zip(nets, nets[1:]):
            if b.subnet_of(a):
                problems.append("%s lies in %s on one side" % (b, a))
    return Side("prefixes", prefixes)


def read_ports(body, end, problems):
    out = []
    for value in one_form(body, end + "PortRange", end + "PortRanges", problems):
        if value == "*":
            return None
        lo, _, hi = value.partition("-")
        out.append((int(lo), int(hi or lo)))
    for lo, hi in out:
        if not 0 <= lo <= hi <= 65535:
            problems.append("port range %d-%d" % (lo, hi))
    return None if out == [(0, 65535)] else out


def check_rule(rule, raw, problems):
    if not NAME.match(rule.name):
        problems.append("rule name %r" % rule.name)
    if not 100 <= rule.priority <= 4096:
        problems.append("priority %d" % rule.priority)
    if len(raw["properties"].get("description", "")) > 140:
        problems.append("description of %s is too long" % rule.name)
    if rule.proto in ("icmp", "esp", "ah") and (rule.sport or rule.dport):
        problems.append("ports on %s in %s" % (rule.proto, rule.name))
    families = {p.fam for s in (rule.src, rule.dst) if s.kind == "prefixes" for p in s.value}
    if len(families) > 1:
        problems.append("both families in %s" % rule.name)
    for side in (rule.src, rule.dst):
        if side.kind == "asgs" and len(side.value) > 10:
            problems.append("more than 10 security groups in %s" % rule.name)


class Nsg:
    def __init__(self, path, known_tags):
        with open(path, encoding="utf-8") as handle:
            raw = json.load(handle)
        self.name, self.problems = raw["name"], []
        rules = raw["properties"]["securityRules"]
        self.rules = [Rule(r, self.problems) for r in rules]
        self.check(known_tags)

    def check(self, known_tags):
        keys = [(r.outbound, r.priority) for r in self.rules]
        if len(set(keys)) != len(keys):
            self.problems.append("a priority twice in one direction")
        if keys != sorted(keys):
            self.problems.append("rules not ordered by direction and priority")
        names = [r.name.lower() for r in self.rules]
        if len(set(names)) != len(names):
            self.problems.append("a rule name twice")
        for rule in self.rules:
            for side in (rule.src, rule.dst):
                if side.kind == "tag" and side.value not in known_tags:
                    self.problems.append("tag %s in %s: not one of the policy" % (side.value, rule.name))
        if len(self.rules) > 1000:
            self.problems.append("more than 1,000 rules")
        for end in ("src", "dst"):
            total = sum(len(s.value) if s.kind == "prefixes" else 1 for s in (getattr(r, end) for r in self.rules))
            if total > 4000:
                self.problems.append("more than 4,000 addresses")

    def matching(self, oracle, zone, outbound, src, dst, loose):
        """The rules, in order, whose two sides hold the two points."""
        return [r for r in self.rules if r.outbound == outbound and r.src.holds(oracle, src, zone, loose)
                and r.dst.holds(oracle, dst, zone, loose)]

    def decide(self, oracle, zone, outbound, src, dst, matching, proto, sport, dport, loose):
        """First match; then the six default rules of Azure. The verdict and the name of what decided."""
        for rule in matching:
            if rule.service_holds(proto, sport, dport):
                return rule.allow, rule.name
        if dst.platform:
            return True, "(platform)"

        def tagged(tag, point):
            return oracle.in_tag(tag, point, zone, loose)
        if tagged("VirtualNetwork", src) and tagged("VirtualNetwork", dst):
            return True, "AllowVnet"
        if outbound and tagged("Internet", dst):
            return True, "AllowInternetOutBound"
        if not outbound and tagged("AzureLoadBalancer", src):
            return True, "AllowAzureLoadBalancerInBound"
        return False, "DenyAll"
