"""Random policies: small worlds where intents meet on purpose."""
import world as W
from world import (Asg, Endpoint, External, Group, Intent, Item, Leaf, Network, Prefix, Resource, Service,
                   Side, World, Zone)

ALL = W.PROTOS
# Published spelling: spellings a policy may use.
TAGS = {
    "Storage": ["Storage", "storage"],
    "Storage.WestEurope": ["Storage.westeurope", "Storage.WestEurope", "STORAGE.WestEurope"],
    "Storage.NorthEurope": ["Storage.northeurope"],
    "Sql": ["Sql", "SQL"],
    "Sql.WestEurope": ["Sql.westeurope"],
    "AzureCloud": ["AzureCloud"],
    "AzureCloud.westeurope": ["AzureCloud.westeurope", "AzureCloud.WestEurope"],
    "AzureCloud.centralfrance": ["AzureCloud.francecentral", "AzureCloud.centralfrance"],
    "AzureKeyVault": ["AzureKeyVault"],
    "AzureActiveDirectory": ["AzureActiveDirectory"],
    "AzureMonitor": ["AzureMonitor"],
}
PARENT = {t: t.split(".")[0] for t in TAGS if "." in t}
VIRTUAL = ["Internet", "VirtualNetwork", "AzureLoadBalancer", "AzurePlatformDNS", "AzurePlatformIMDS"]
PUBLIC = ["20.40.0.0/16", "20.40.1.0/24", "20.40.1.128/25", "51.8.3.0/24", "51.8.3.7/32", "8.8.8.8/32"]
PUBLIC6 = ["2a01:100::/32", "2a01:100:1::/48", "2a01:100:1::5/128"]
PORTS = [22, 53, 80, 443, 1433, 8080, (440, 450), (1024, 65535), (8000, 8999), (0, 79), (443, 443)]
KINDS = ['kind jdb { type "Example.Data/stores" api "2024-01-01"',
         '    endpoint main { id "main" ports tcp 443, 1433 dns "main.jdb.example" }',
         '    endpoint side { id "side" ports udp 53 dns "side.jdb.example" } }']
JDB = {"main": [Service(["tcp"], None, (443, 443)), Service(["tcp"], None, (1433, 1433))],
       "side": [Service(["udp"], None, (53, 53))]}


class Generator:
    def __init__(self, rng, features=()):
        self.rng, self.world = rng, World()
        self.off = set(features)    # features left out

    def chance(self, p):
        return self.rng.random() < p

    def make(self):
        self.networks()
        self.links()
        self.things()
        self.named_services()
        self.make_groups()
        self.make_intents()
        return self.world

    # Where

    def networks(self):
        rng, world = self.rng, self.world
        shared_name = self.chance(0.3)
        for i in range(rng.choice([1, 1, 2, 2, 3, 4])):
            families = rng.choice([(4,), (4,), (4,), (4, 6), (4, 6), (6,)])
            prefixes = [Prefix("10.%d.0.0/16" % i)] if 4 in families else []
            if 6 in families:
                prefixes.append(Prefix("fd00:%x::/48" % i))
            net = Network("net%d" % i, prefixes)
            net.defaults = self.default_list(0.35)
            for k in range(rng.choice([1, 1, 2, 3])):
                self.zone(net, i, k, families, shared_name)
            world.networks.append(net)
        world.defaults = self.default_list(0.4)
        counts = {}
        for zone in world.zones():
            counts[zone.name] = counts.get(zone.name, 0) + 1
        for zone in world.zones():
            if counts[zone.name] > 1:
                zone.ref = zone.net.name + "." + zone.name

    def zone(self, net, i, k, families, shared_name):
        rng = self.rng
        prefixes = []
        if 4 in families:
            prefixes.append(Prefix("10.%d.%d.%s" % (i, k, rng.choice(["0/24", "0/26", "128/25", "0/28"]))))
        if 6 in families and (4 not in families or self.chance(0.8)):
            prefixes.append(Prefix("fd00:%x:0:%x::/64" % (i, k)))
        name = "app" if shared_name and k == 0 else "z%d%s" % (i, "abc"[k])
        zone = Zone(name, net, prefixes)
        zone.defaults = self.default_list(0.35)
        if self.chance(0.12):
            zone.nsg = None
        elif self.chance(0.2):
            zone.nsg = "nsg-common"
        if "overlay" not in self.off and 4 in families and self.chance(0.08):
            zone.overlay = [Prefix("172.16.%d.0/24" % (i * 8 + k))]
        net.zones.append(zone)

    def default_list(self, p):
        if not self.chance(p):
            return []
        kind = lambda: self.rng.choice(["deny", "allow", "azure", "azure"])
        shape = self.rng.randrange(4)
        if shape == 0:
            return [(None, kind())]
        if shape == 1:
            return [("inbound", kind())]
        if shape == 2:
            return [(None, kind()), ("outbound", kind())]
        return [("outbound", kind()), ("inbound", kind())]

    def links(self):
        rng, world = self.rng, self.world
        nets, borrowers = world.networks, set()
        for i, a in enumerate(nets):
            for b in nets[i + 1:]:
                if self.chance(0.6):
                    lender = rng.choice([None, None, a, b])
                    borrower = b if lender is a else a
                    if borrower in borrowers:
                        lender = None       # a network has one gateway of others at most
                    if lender:
                        borrowers.add(borrower)
                    world.peers.append((a, b, lender))
        count = rng.randrange(4)
        for i in range(count):
            pool = ["192.168.0.0/16", "172.31.4.0/24"] if i == 0 else PUBLIC + PUBLIC6
            texts = rng.sample(pool, rng.choice([1, 1, 2]))
            world.externals.append(External("ext%d" % i, compact([Prefix(t) for t in texts])))
        for ext in world.externals:
            if self.chance(0.5):
                via = rng.choice(["site-to-site", "point-to-site", "expressroute"])
                net = rng.choice(nets)
                if net not in borrowers:    # Azure refuses a gateway of its own beside a lent one
                    world.connects.append((ext, net, via))
        self.appliance()

    def appliance(self):
        """Sometimes a hub with an appliance, and routes through it both ways."""
        nets = [n for n in self.world.networks if any(p.fam == 4 for p in n.prefixes)]
        if "routes" in self.off or len(nets) < 2 or not self.chance(0.3):
            return
        hub = self.rng.choice(nets)
        if len([z for z in hub.zones if z.prefixes[0].fam == 4]) < 1:
            return
        number = self.world.networks.index(hub)
        nva = Zone("nva", hub, [Prefix("10.%d.200.0/28" % number)])
        nva.nsg = None
        hub.zones.append(nva)
        address = Prefix("10.%d.200.4/32" % number)
        wide = self.chance(0.4)
        for zone in self.world.zones():
            joined = any({a, b} == {zone.net, hub} for a, b, _ in self.world.peers)
            if zone is nva or zone.prefixes[0].fam != 4 or not joined:
                continue
            if all(p.fam == 4 for p in zone.net.prefixes) and wide:
                targets = [Prefix("0.0.0.0/0")]
            else:
                targets = [n.prefixes[0] for n in nets if n not in (zone.net, hub)]
            zone.routes = [(t, "appliance 10.%d.200.4" % number, address.lo) for t in targets]

    def things(self):
        world, rng = self.world, self.rng
        for zone in world.zones():
            if self.chance(0.25) and zone.nsg is not None:
                for k in range(rng.choice([1, 2])):
                    world.asgs.append(Asg("g-%s-%d" % (zone.ref.replace(".", "-"), k), zone))
        if self.chance(0.3):
            world.kinds = KINDS
            free = [z for z in world.zones() if z.prefixes[0].fam == 4 and z.name != "nva"]
            for k, zone in enumerate(rng.sample(free, min(len(free), rng.choice([1, 2])))):
                base = zone.prefixes[0].lo
                ends = [Endpoint("main", JDB["main"], zone, [Prefix(W.show_ip(4, base + 5) + "/32")])]
                if self.chance(0.5):
                    ends.append(Endpoint("side", JDB["side"], zone, [Prefix(W.show_ip(4, base + 6) + "/32")]))
                world.resources.append(Resource("data%d" % k, "jdb", ends))

    # What

    def port(self):
        if self.chance(0.15):
            lo = self.rng.randrange(65536)
            return (lo, min(65535, lo + self.rng.choice([0, 1, 100, 5000])))
        value = self.rng.choice(PORTS)
        return value if isinstance(value, tuple) else (value, value)

    def service_items(self, depth=0):
        """Items and their text."""
        items, texts = [], []
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            shape = self.rng.randrange(10)
            if shape == 0 and self.world.services and not depth:
                name, _ = pick = self.rng.choice(self.world.services)
                items += self.named[name]
                texts.append(pick[0])
            elif shape <= 1:
                items.append(Service(ALL))
                texts.append("any")
            elif shape == 2:
                port = self.port()
                items.append(Service(W.WITH_PORTS, None, port))
                texts.append("any " + port_text(port))
            elif shape == 3:
                name = self.rng.choice(["icmp", "esp", "ah"])
                items.append(Service([name]))
                texts.append(name)
            else:
                proto = self.rng.choice(["tcp", "tcp", "udp"])
                self.ported(proto, items, texts)
        return items, ", ".join(texts)

    def ported(self, proto, items, texts):
        text, source = proto, None
        if self.chance(0.12):
            source = self.port()
            text += " source " + port_text(source)
        if self.chance(0.15):
            items.append(Service([proto], source, None))
            texts.append(text)
            return
        port = self.port()
        items.append(Service([proto], source, port))
        texts.append(text + " " + port_text(port))
        while self.chance(0.3):     # bare ports: the protocol, without its source
            port = self.port()
            items.append(Service([proto], None, port))
            texts.append(port_text(port))

    def named_services(self):
        self.named = {}
        for i in range(self.rng.randrange(3)):
            items, text = self.service_items(1)
            self.named["svc%d" % i] = items
            self.world.services.append(("svc%d" % i, text))

    # Sides

    def prefix_leaf(self):
        rng = self.rng
        zones = [z for z in self.world.zones()]
        shape = rng.randrange(6)
        if shape <= 1:
            base = rng.choice(rng.choice(zones).prefixes)
            bits = 32 if base.fam == 4 else 128
            length = min(bits, base.len + rng.choice([1, 1, 2, 4, bits - base.len]))
            span = 1 << (bits - length)
            low = base.lo + rng.randrange(1 << (length - base.len) if length - base.len < 30 else 8) * span
            return Leaf("prefix", Prefix("%s/%d" % (W.show_ip(base.fam, low), length)))
        if shape == 2:
            return Leaf("prefix", Prefix(rng.choice(["10.0.0.0/8", "0.0.0.0/0", "::/0", "10.0.0.0/15",
                                                     "192.168.7.0/24", "128.0.0.0/1"])))
        return Leaf("prefix", Prefix(rng.choice(PUBLIC + PUBLIC + PUBLIC6)))

    def tag_leaf(self, source):
        rng = self.rng
        if self.chance(0.35):
            name = rng.choice(["Internet", "Internet", "VirtualNetwork", "VirtualNetwork", "platform"])
            if name == "platform":
                name = "AzureLoadBalancer" if source else rng.choice(VIRTUAL[3:])
            return Leaf("tag", name)
        name = rng.choice(list(TAGS))
        return Leaf("tag", name, rng.choice(TAGS[name]))

    def near_leaf(self, sink):
        """A leaf that names a governed zone."""
        rng, world = self.rng, self.world
        shape = rng.randrange(12)
        if shape == 0:
            return Leaf("any")
        if shape <= 2:
            return Leaf("net", rng.choice(world.networks))
        if shape == 3 and world.asgs:
            return Leaf("asg", rng.choice(world.asgs))
        if shape == 4 and sink and world.resources:
            resource = rng.choice(world.resources)
            sub = rng.choice([None] + [e.sub for e in resource.endpoints])
            return Leaf("resource", (resource, sub))
        return Leaf("zone", rng.choice(world.zones()))

    def far_leaf(self, sink):
        rng, world = self.rng, self.world
        shape = rng.randrange(10)
        if shape <= 2:
            return self.tag_leaf(not sink)
        if shape <= 4:
            return self.prefix_leaf()
        if shape == 5 and world.externals:
            return Leaf("ext", rng.choice(world.externals))
        return self.near_leaf(sink)

    def except_leaf(self, sink):
        shape = self.rng.randrange(6)
        if shape <= 1:
            return self.prefix_leaf()
        if shape == 2:
            return self.tag_leaf(not sink)
        if shape == 3 and self.world.externals:
            return Leaf("ext", self.rng.choice(self.world.externals))
        if shape == 4 and self.world.asgs:
            return Leaf("asg", self.rng.choice(self.world.asgs))
        return Leaf("zone", self.rng.choice(self.world.zones()))

    def except_term(self, sink):
        """A leaf, or one with an exception of its own: what is taken away is partly given back."""
        if self.groups and self.chance(0.1):
            return self.rng.choice(self.groups)
        if self.chance(0.2):
            if self.chance(0.4):
                return Side([self.tag_leaf(not sink)], [self.tag_leaf(not sink)])
            return Side([self.except_leaf(sink)], [self.except_leaf(sink)])
        return self.except_leaf(sink)

    def side(self, near, sink, depth=0):
        rng = self.rng
        if self.groups and self.chance(0.15):
            return Side([rng.choice(self.groups)])
        make = self.near_leaf if near else self.far_leaf
        terms = []
        for _ in range(rng.choice([1, 1, 1, 2])):
            if depth < 2 and self.chance(0.08):
                terms.append(self.side(near, sink, depth + 1))
            else:
                terms.append(make(sink))
        excepts = [self.except_term(sink) for _ in range(rng.choice([1, 1, 2]))] if self.chance(0.2) else []
        return Side(distinct(terms), distinct(excepts))

    groups = ()

    def make_groups(self):
        made = []
        for i in range(self.rng.randrange(3)):
            made.append(Group("grp%d" % i, self.side(self.chance(0.6), False)))
            self.groups = list(made)
        self.world.groups = made
        self.groups = made

    # Intents

    def intent(self, verb):
        items, text = self.service_items()
        if self.chance(0.06):
            leaf = Leaf(*self.rng.choice([("zone", self.rng.choice(self.world.zones())),
                                          ("net", self.rng.choice(self.world.networks))]))
            side = Side([leaf])
            return Intent(verb, items, text, side, side, within=True)
        near_is_from = self.chance(0.5)
        frm = self.side(near_is_from, False)
        to = self.side(not near_is_from, True)
        return Intent(verb, items, text, frm, to)

    def related(self, verb, other):
        """An intent that meets another: the same ends or service, one thing changed."""
        made = self.intent(verb)
        if other.within or made.within:
            return made
        keep = self.rng.randrange(3)
        if keep == 0:
            made.services, made.service_text = other.services, other.service_text
        frm = other.frm if keep != 1 else made.frm
        to = other.to if keep != 2 else made.to
        return Intent(verb, made.services, made.service_text, frm, to)

    def make_intents(self):
        rng, made = self.rng, []
        for _ in range(rng.randrange(3, 15)):
            verb = rng.choice(["allow"] * 6 + ["deny"] * 3 + ["forbid"])
            intent = self.related(verb, rng.choice(made)) if made and self.chance(0.5) else self.intent(verb)
            made.append(intent)
        denies = [i for i in made if i.verb == "deny"]
        for number, deny in enumerate(denies):
            if self.chance(0.7):
                deny.name = "d%d" % number
        named = [d for d in denies if d.name]
        for intent in made:
            if intent.verb == "allow" and named and self.chance(0.5):
                intent.overrides = rng.sample(named, min(len(named), rng.choice([1, 1, 2])))
        rng.shuffle(made)
        for intent in made:
            self.world.items.append(self.statement(intent))

    def statement(self, intent):
        """An intent as it is, or through a template whose arguments are its ends."""
        number = len(self.world.items)
        whole = not intent.within and not intent.frm.excepts and len(intent.frm.terms) == 1 \
            and isinstance(intent.frm.terms[0], Leaf) and intent.frm.terms[0].kind in ("zone", "net", "prefix")
        if "templates" in self.off or intent.name or not whole or not self.chance(0.25):
            return Item([intent.text()], [intent])
        names = ", ".join(d.name for d in intent.overrides)
        head = "template t%d($who) {" % number
        body = "    %s %s from $who to %s" % (intent.verb, intent.service_text, intent.to.text())
        call = "apply t%d(%s)%s" % (number, intent.frm.text(), " overrides " + names if names else "")
        return Item([head, body, "}", call], [intent])


def port_text(port):
    return str(port[0]) if port[0] == port[1] else "%d-%d" % port


def compact(prefixes):
    return [p for p in prefixes if not any(q is not p and q.fam == p.fam and q.lo <= p.lo and p.hi <= q.hi
                                           for q in prefixes)]


def distinct(terms):
    seen, out = set(), []
    for term in terms:
        if W.term_text(term) not in seen:
            seen.add(W.term_text(term))
            out.append(term)
    return out
