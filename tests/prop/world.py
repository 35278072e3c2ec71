"""A policy as Python objects: what the judge knows about it, and how it is written as .mlp text.

Nothing here parses. The text is made from the objects, so what the compiler reads and what the oracle
decides cannot differ by a mistake of reading.
"""
import ipaddress

V4, V6 = 4, 6
PROTOS = ("tcp", "udp", "icmp", "esp", "ah", "other")
WITH_PORTS = ("tcp", "udp")
LOAD_BALANCER = int(ipaddress.ip_address("168.63.129.16"))
METADATA = int(ipaddress.ip_address("169.254.169.254"))


class Prefix:
    """A CIDR prefix; lo and hi are the first and last address as integers."""

    def __init__(self, text):
        net = ipaddress.ip_network(text)
        self.fam = net.version
        self.lo = int(net.network_address)
        self.hi = int(net.broadcast_address)
        self.len = net.prefixlen
        self.text = text

    def __contains__(self, ip):
        return self.lo <= ip <= self.hi

    def holds(self, fam, ip):
        return fam == self.fam and self.lo <= ip <= self.hi


PRIVATE = [Prefix(t) for t in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]


def is_private(fam, ip):
    return any(p.holds(fam, ip) for p in PRIVATE)


def show_ip(fam, ip):
    return str(ipaddress.IPv4Address(ip) if fam == V4 else ipaddress.IPv6Address(ip))


def any_holds(prefixes, fam, ip):
    return any(p.holds(fam, ip) for p in prefixes)


class Network:
    def __init__(self, name, prefixes, region="westeurope"):
        self.name, self.prefixes, self.region = name, prefixes, region
        self.zones, self.defaults, self.extra = [], [], []

    def text(self):
        lines = ["network %s %s {" % (self.name, ", ".join(p.text for p in self.prefixes)),
                 "    region %s" % self.region, "    resource-group \"rg\""]
        lines += ["    " + default_text(d) for d in self.defaults]
        for zone in self.zones:
            lines += ["    " + line for line in zone.text()]
        return lines + ["}"]


def default_text(default):
    direction, kind = default
    return "default %s%s" % (direction + " " if direction else "", kind)


class Zone:
    def __init__(self, name, net, prefixes):
        self.name, self.net, self.prefixes = name, net, prefixes
        self.overlay, self.defaults, self.routes = [], [], []
        self.nsg = ""            # "": its own; None: ungoverned; else the shared one
        self.ref = name          # as other statements write it
        self.asgs = []

    def holds(self, fam, ip):
        return any_holds(self.prefixes, fam, ip) or any_holds(self.overlay, fam, ip)

    def nsg_name(self):
        if self.nsg is None or self.nsg:
            return self.nsg
        return "nsg-" + self.ref.replace(".", "-")

    def text(self):
        body = []
        if self.nsg is None:
            body.append("nsg none")
        elif self.nsg:
            body.append("nsg " + self.nsg)
        body += [default_text(d) for d in self.defaults]
        body += ["route %s to %s" % (p.text, hop) for p, hop, _ in self.routes]
        if self.overlay:
            body.append("overlay " + ", ".join(p.text for p in self.overlay))
        head = "zone %s %s" % (self.name, ", ".join(p.text for p in self.prefixes))
        return [head + (" { " + " ".join(body) + " }" if body else "")]


class Asg:
    def __init__(self, name, zone):
        self.name, self.zone = name, zone
        zone.asgs.append(self)


class External:
    def __init__(self, name, prefixes):
        self.name, self.prefixes = name, prefixes


class Endpoint:
    def __init__(self, sub, ports, zone, at):
        self.sub, self.ports, self.zone, self.at = sub, ports, zone, at

    def holds(self, fam, ip):
        return any_holds(self.at or self.zone.prefixes, fam, ip)


class Resource:
    def __init__(self, name, kind, endpoints):
        self.name, self.kind, self.endpoints = name, kind, endpoints


class Service:
    """One item: protocols, source and destination port ranges (None: every port)."""

    def __init__(self, protos, sport=None, dport=None):
        self.protos, self.sport, self.dport = frozenset(protos), sport, dport

    def holds(self, proto, sport, dport):
        if proto not in self.protos:
            return False
        if self.sport is None and self.dport is None:
            return True
        if proto not in WITH_PORTS:
            return False        # a packet without ports matches no port
        return (self.sport is None or self.sport[0] <= sport <= self.sport[1]) and \
               (self.dport is None or self.dport[0] <= dport <= self.dport[1])


class Side:
    """terms minus excepts; a term is a Leaf, a Side in brackets, or a Group."""

    def __init__(self, terms, excepts=()):
        self.terms, self.excepts = list(terms), list(excepts)

    def text(self):
        out = ", ".join(term_text(t) for t in self.terms)
        if self.excepts:
            out += " except " + ", ".join(term_text(t) for t in self.excepts)
        return out


class Leaf:
    """kind: any, zone, net, asg, ext, prefix, tag, resource."""

    def __init__(self, kind, thing=None, spelled=None):
        self.kind, self.thing, self.spelled = kind, thing, spelled

    def text(self):
        if self.kind == "any":
            return "any"
        if self.kind == "zone":
            return self.thing.ref
        if self.kind == "prefix":
            return self.thing.text
        if self.kind == "tag":
            return self.spelled or self.thing
        if self.kind == "resource":
            resource, sub = self.thing
            return resource.name + ("." + sub if sub else "")
        return self.thing.name


class Group:
    def __init__(self, name, side):
        self.name, self.side = name, side


def term_text(term):
    if isinstance(term, Side):
        return "(" + term.text() + ")"
    return term.name if isinstance(term, Group) else term.text()


class Intent:
    def __init__(self, verb, services, service_text, frm, to, within=False):
        self.verb, self.services, self.service_text = verb, services, service_text
        self.frm, self.to, self.within = frm, to, within
        self.name, self.overrides = None, []
        self.sides = [(frm, to)]
        if within:
            self.sides = [(Side([leaf], frm.excepts), Side([leaf], frm.excepts))
                          for leaf in flat_terms(frm)]

    def text(self, overrides_text=None):
        ends = "within " + self.frm.text() if self.within else \
            "from %s to %s" % (self.frm.text(), self.to.text())
        out = "%s %s %s" % (self.verb, self.service_text, ends)
        if self.name:
            out += " as " + self.name
        names = overrides_text or ", ".join(d.name for d in self.overrides)
        return out + (" overrides " + names if names else "")


def flat_terms(side):
    """The leaves of a side that has no excepts below its top (what `within` takes apart)."""
    out = []
    for term in side.terms:
        if isinstance(term, Group):
            out += flat_terms(term.side)
        elif isinstance(term, Side):
            out += flat_terms(term)
        else:
            out.append(term)
    return out


class Item:
    """A statement, or a template with its applications: text and the intents it stands for."""

    def __init__(self, lines, intents=(), uses=()):
        self.lines, self.intents, self.uses = lines, list(intents), list(uses)


class World:
    def __init__(self):
        self.networks, self.externals, self.peers, self.connects = [], [], [], []
        self.asgs, self.groups, self.services, self.resources = [], [], [], []
        self.kinds, self.defaults, self.head, self.items = [], [], [], []

    def zones(self):
        return [z for n in self.networks for z in n.zones]

    def intents(self):
        return [i for item in self.items for i in item.intents]

    def zone_of(self, fam, ip):
        return next((z for z in self.zones() if z.holds(fam, ip)), None)

    def network_of(self, fam, ip):
        zone = self.zone_of(fam, ip)
        if zone:
            return zone.net
        return next((n for n in self.networks if any_holds(n.prefixes, fam, ip)), None)

    def render(self):
        """The text, and for each line (from 1) the item it belongs to, or None."""
        lines = list(self.head) + [default_text(d) for d in self.defaults]
        for net in self.networks:
            lines += net.text()
        for a, b, lender in self.peers:
            lines.append("peer %s with %s%s" % (a.name, b.name,
                                                " { gateway %s }" % lender.name if lender else ""))
        lines += ["asg %s in %s" % (a.name, a.zone.ref) for a in self.asgs]
        lines += ["external %s %s" % (e.name, ", ".join(p.text for p in e.prefixes)) for e in self.externals]
        lines += ["connect %s to %s via %s" % (e.name, n.name, via) for e, n, via in self.connects]
        lines += self.kinds
        for res in self.resources:
            ends = " ".join("endpoint %s in %s%s" % (
                e.sub, e.zone.ref, " at " + ", ".join(p.text for p in e.at) if e.at else "")
                for e in res.endpoints)
            lines.append("resource %s %s { region westeurope %s }" % (res.name, res.kind, ends))
        lines += ["service %s = %s" % s for s in self.services]
        lines += ["group %s = %s" % (g.name, g.side.text()) for g in self.groups]
        owner = [None] * len(lines)
        for item in self.items:
            lines += item.lines
            owner += [item] * len(item.lines)
        return "\n".join(lines) + "\n", owner
