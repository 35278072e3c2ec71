"""The meaning of a policy, straight from the definition in mlp(5): no rules, no order, no priorities.

A packet is two points (an address with what it is a member of), a protocol and two ports. Tags whose
contents nobody knows are filled at random, within what is known: every service tag lies in Internet, a
regional tag in its global tag, a security group in its zone.
"""
import world as W

VIRTUAL = ("VirtualNetwork", "Internet", "AzureLoadBalancer", "AzurePlatformDNS", "AzurePlatformIMDS")


class Point:
    """An address under one filling."""

    def __init__(self, world, fam, ip, tags=(), asgs=(), platform=None):
        self.fam, self.ip, self.platform = fam, ip, platform
        self.tags, self.asgs = frozenset(tags), frozenset(asgs)
        self.zone = None if platform else world.zone_of(fam, ip)
        self.net = None if platform else world.network_of(fam, ip)
        self.private = W.is_private(fam, ip)

    def __str__(self):
        more = sorted(self.tags) + sorted(a.name for a in self.asgs)
        return W.show_ip(self.fam, self.ip) + (" in {%s}" % ", ".join(more) if more else "")


class Oracle:
    def __init__(self, world):
        self.world = world
        self.peers = {n: set() for n in world.networks}
        self.lent = {n: [n] for n in world.networks}
        for a, b, lender in world.peers:
            self.peers[a].add(b)
            self.peers[b].add(a)
            if lender:
                self.lent[b if lender is a else a].append(lender)
        self.connected = {n: [e for e, m, _ in world.connects if m in self.lent[n]] for n in world.networks}
        self.virtual = {z: self.virtual_network(z) for z in world.zones()}

    # Topology

    def virtual_network(self, zone):
        """What VirtualNetwork is for the subnet of this zone."""
        out = list(zone.net.prefixes) + [p for n in self.peers[zone.net] for p in n.prefixes]
        out += [p for e in self.connected[zone.net] for p in e.prefixes]
        return out + [p for p, _, _ in zone.routes]

    def network_joins(self, net, point):
        """None when no path joins the network to the point, else how."""
        if point.net:
            return "network" if point.net is net or point.net in self.peers[net] else None
        if any(W.any_holds(e.prefixes, point.fam, point.ip) for e in self.connected[net]):
            return "gateway"
        return None if point.private else "public"

    def joins(self, zone, point):
        how = self.network_joins(zone.net, point)
        if how:
            return how
        for prefix, _, appliance in zone.routes:
            if appliance is None or not prefix.holds(point.fam, point.ip):
                continue
            home = self.world.network_of(W.V4, appliance)
            near = home is zone.net or home in self.peers[zone.net]
            if near and self.network_joins(home, point):
                return "route"
        return None

    def in_question(self, zone, outbound, near, far):
        """Whether a path joins the ends whichever way one reads it (a route that only one side has is
        left alone)."""
        if near.fam != far.fam or near.ip == far.ip:
            return False
        how = self.joins(zone, far)
        if how is None:
            return False
        if far.zone:
            return self.joins(far.zone, near) is not None
        return how != "route" or outbound and far.net is None   # of a far network only its zones are sure

    # Membership

    def in_tag(self, tag, point, zone, loose):
        if tag == "AzureLoadBalancer":
            return point.platform == "source"
        if tag.startswith("AzurePlatform"):
            return tag == point.platform
        if point.platform and point.platform != "source":
            return False
        if tag == "VirtualNetwork":
            if point.platform == "source":
                return True
            if self.unclear(point, zone):
                return loose
            return W.any_holds(self.virtual[zone], point.fam, point.ip)
        if tag == "Internet":
            if point.platform == "source" or self.unclear(point, zone):
                return loose
            return not (point.private and W.any_holds(self.virtual[zone], point.fam, point.ip))
        return tag in point.tags

    def unclear(self, point, zone):
        """Private addresses outside VirtualNetwork (pods, far ends of routes): whether they are in
        Internet or in VirtualNetwork is not said; such packets count only when it does not matter."""
        return point.private and not W.any_holds(self.virtual[zone], point.fam, point.ip)

    def in_leaf(self, leaf, point, zone, loose, plain):
        """Cuts under which the leaf holds the point: [] not at all, [None] whatever the service, else
        the services it is cut to. `plain`: an allow, where a far security group is its zone."""
        kind, thing = leaf.kind, leaf.thing
        if kind == "tag":
            return [None] if self.in_tag(thing, point, zone, loose) else []
        if point.platform and (kind != "prefix" or point.platform != "source"):
            return []
        if kind == "any":
            return [None]
        if kind == "zone":
            return [None] if thing.holds(point.fam, point.ip) else []
        if kind == "net":
            inside = point.net is thing
            return [None] if inside else []
        if kind == "asg":
            if plain and thing.zone.net is not zone.net:
                return [None] if W.any_holds(thing.zone.prefixes, point.fam, point.ip) else []
            return [None] if thing in point.asgs else []
        if kind == "ext":
            return [None] if W.any_holds(thing.prefixes, point.fam, point.ip) else []
        if kind == "prefix":
            return [None] if thing.holds(point.fam, point.ip) else []
        resource, sub = thing
        return [e.ports for e in resource.endpoints
                if (sub is None or e.sub == sub) and e.holds(point.fam, point.ip)]

    def in_side(self, side, point, zone, loose, plain, only_named=False):
        for term in side.excepts:
            if self.in_term(term, point, zone, loose, False):
                return []
        return [cut for t in side.terms for cut in self.in_term(t, point, zone, loose, plain, only_named)]

    def in_term(self, term, point, zone, loose, plain, only_named=False):
        if isinstance(term, W.Group):
            return self.in_side(term.side, point, zone, loose, plain, only_named)
        if isinstance(term, W.Side):
            return self.in_side(term, point, zone, loose, plain, only_named)
        if only_named and not leaf_names(term, zone):
            return []
        return self.in_leaf(term, point, zone, loose, plain)

    # Decision

    def relevant(self, zone, outbound, src, dst, loose):
        """The intents that name this end and match the two addresses, each with its cuts; None when
        it depends on how one reads a side that names the zone and also covers it by prefix."""
        out = []
        for intent in self.world.intents():
            plain = intent.verb == "allow"
            cuts = []
            for frm, to in intent.sides:
                near, near_side, far, far_side = (src, frm, dst, to) if outbound else (dst, to, src, frm)
                if not side_names(near_side, zone):
                    continue
                near_cuts = self.in_side(near_side, near, zone, loose, plain)
                far_cuts = self.in_side(far_side, far, zone, loose, plain) if near_cuts else []
                if not far_cuts:
                    continue
                strict = self.in_side(near_side, near, zone, loose, plain, True)
                if len(strict) != len(near_cuts) and not strict:
                    return None
                cuts += near_cuts if not outbound else far_cuts
            if cuts:
                out.append((intent, None if None in cuts else cuts))
        return out

    def default(self, zone, outbound):
        return default_of(self.world, zone, "outbound" if outbound else "inbound")

    def default_permits(self, zone, outbound, src, dst, loose):
        kind = self.default(zone, outbound)
        if kind != "azure":
            return kind == "allow"
        if self.in_tag("VirtualNetwork", src, zone, loose) and self.in_tag("VirtualNetwork", dst, zone, loose):
            return True
        if outbound:
            return self.in_tag("Internet", dst, zone, loose)
        return self.in_tag("AzureLoadBalancer", src, zone, loose)

    def decide(self, zone, outbound, src, dst, relevant, proto, sport, dport, loose):
        """The verdict at this end and the intents that match."""
        hits = [i for i, cuts in relevant if any(s.holds(proto, sport, dport) for s in i.services)
                and (cuts is None or any(c.holds(proto, sport, dport) for cut in cuts for c in cut))]
        if any(i.verb == "forbid" for i in hits):
            return False, hits
        denies = [i for i in hits if i.verb == "deny"]
        allows = [i for i in hits if i.verb == "allow"]
        if any(all(d in a.overrides for d in denies) for a in allows):
            return True, hits
        if hits:
            return False, hits
        if dst.platform:
            return True, hits    # platform addresses pass unless one of their tags is denied
        return self.default_permits(zone, outbound, src, dst, loose), hits


def leaf_names(leaf, zone):
    if leaf.kind == "any":
        return True
    if leaf.kind == "zone":
        return leaf.thing is zone
    if leaf.kind == "net":
        return leaf.thing is zone.net
    if leaf.kind == "asg":
        return leaf.thing.zone is zone
    if leaf.kind == "resource":
        resource, sub = leaf.thing
        return any(e.zone is zone for e in resource.endpoints if sub is None or e.sub == sub)
    return False


def side_names(side, zone):
    for term in side.terms:
        inner = term.side if isinstance(term, W.Group) else term
        if side_names(inner, zone) if isinstance(inner, W.Side) else leaf_names(inner, zone):
            return True
    return False


def default_of(world, zone, direction):
    """The innermost default; at one level the one with a direction."""
    for level in (zone.defaults, zone.net.defaults, world.defaults):
        for wanted in (direction, None):
            for written, kind in level:
                if written == wanted:
                    return kind
    return "deny"
