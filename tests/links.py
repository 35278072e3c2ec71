"""Which networks a private DNS zone is to be linked to, worked out from the objects of a random world (prop/world.py): every
network from which an allow reaches an endpoint with that zone by a path. An oracle for the plan (src/emit/plan.h)."""

import sys

import networks     # puts prop/ on the path
import oracle
import world as W

assert networks.SOURCE and sys.path


class Links:
    def __init__(self, world):
        self.world, self.oracle = world, oracle.Oracle(world)

    # What a leaf names: zones and networks as sources, endpoints as destinations

    def governed(self, zones):
        return {zone for zone in zones if zone.nsg_name()}

    def sources(self, leaf):
        kind, thing = leaf.kind, leaf.thing
        if kind == "any":
            return self.governed(self.world.zones())
        if kind == "net":
            return self.governed(thing.zones)
        if kind == "zone":
            return {thing}
        if kind == "asg":
            return {thing.zone}
        if kind == "ext":
            return {net for ext, net, _ in self.world.connects if ext is thing}
        return set()

    def endpoints(self):
        return [end for resource in self.world.resources for end in resource.endpoints]

    def targets(self, leaf):
        kind, thing = leaf.kind, leaf.thing
        if kind == "any":
            return set(self.endpoints())
        if kind == "net":
            return {end for end in self.endpoints() if end.zone.net is thing}
        if kind == "zone":
            return {end for end in self.endpoints() if end.zone is thing}
        if kind == "resource":
            resource, sub = thing
            return {end for end in resource.endpoints if sub is None or end.sub == sub}
        return set()

    # Sides: an exception takes out what it names whole, and nothing where it has exceptions itself

    def whole(self, term, names):
        if isinstance(term, W.Group):
            term = term.side
        if isinstance(term, W.Side):
            return set() if term.excepts else set().union(*[self.whole(t, names) for t in term.terms])
        return names(term)

    def named(self, side, names, cut=frozenset()):
        cut = set(cut).union(*[self.whole(term, names) for term in side.excepts])
        out = set()
        for term in side.terms:
            inner = term.side if isinstance(term, W.Group) else term
            out |= self.named(inner, names, cut) if isinstance(inner, W.Side) else names(inner) - cut
        return out

    # Paths and services

    def near(self, first, second):
        return first is second or second in self.oracle.peers[first]

    def joined(self, source, end):
        if isinstance(source, W.Network):
            return self.near(source, end.zone.net)
        if self.near(source.net, end.zone.net):
            return True
        for prefix, _, appliance in source.routes:
            home = self.world.network_of(W.V4, appliance)
            covers = any(p.fam == prefix.fam and p.lo <= prefix.hi and prefix.lo <= p.hi
                         for p in end.zone.prefixes + end.zone.overlay)
            if self.near(source.net, home) and self.near(home, end.zone.net) and covers:
                return True
        return False

    @staticmethod
    def speaks(intent, end):
        def meet(x, y):
            return x is None or y is None or x[0] <= y[1] and y[0] <= x[1]
        return any(asked.protos & spoken.protos and meet(asked.dport, spoken.dport)
                   for asked in intent.services for spoken in end.ports)

    def expected(self):
        """Name of the zone -> names of networks."""
        out = {end.sub + ".jdb.example": set() for end in self.endpoints()}
        for intent in self.world.intents():
            if intent.verb != "allow":
                continue
            for frm, to in intent.sides:
                for end in self.named(to, self.targets):
                    if self.speaks(intent, end):
                        out[end.sub + ".jdb.example"] |= {
                            source.name if isinstance(source, W.Network) else source.net.name
                            for source in self.named(frm, self.sources) if self.joined(source, end)}
        return out
