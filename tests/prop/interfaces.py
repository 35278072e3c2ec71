#!/usr/bin/env python3
"""Random deployed networks with network interfaces and appliances, against packets decided one by one. Prints TAP.

    interfaces.py [--seed N] [--count N] --binary mlnsgc

Subnets are so small that every packet between them can be decided, and every address that Azure may have given to an
interface which tells none can be tried. `query` must say what holds for all of these choices, `reach` exactly which services
all packets of a pair may use, some, or none; and the boxes of `diff` must be the packets that fare otherwise, each in one
box. What is here knows nothing of the program: which NSGs a packet meets is worked out from the routes anew."""

import argparse
import collections
import copy
import functools
import ipaddress
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile

BASE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/"
OUTSIDE = int(ipaddress.ip_address("203.0.113.5"))
PORTS = [22, 80, 443]
SERVICES = list(itertools.product(("tcp", "udp"), PORTS))


class Failure(Exception):
    pass


class Prefix:
    def __init__(self, text):
        net = ipaddress.ip_network(text)
        self.text, self.length = text, net.prefixlen
        self.lo, self.hi = int(net.network_address), int(net.broadcast_address)

    def __str__(self):
        return self.text


@functools.lru_cache(maxsize=None)
def prefix_of(text):
    return Prefix(text)


def holds(prefix, ip):
    return prefix.lo <= ip <= prefix.hi


PRIVATE = [Prefix(p) for p in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]


# --- the world ---

class Nsg:
    def __init__(self, name, rules):
        self.name, self.rules = name, rules


class Subnet:
    def __init__(self, net, name, prefix):
        self.net, self.name, self.prefix = net, name, prefix
        self.nsg, self.routes = None, []        # (prefix, hop, address or None)

    def addresses(self):
        return range(self.prefix.lo, self.prefix.hi + 1)


class Nic:
    def __init__(self, name, subnet, ip, nsg, asgs):
        self.name, self.subnet, self.ip, self.nsg, self.asgs = name, subnet, ip, nsg, asgs

    def is_place(self):
        return self.nsg is not None or bool(self.asgs)


class World:
    def __init__(self):
        self.prefixes, self.peers, self.subnets, self.nics, self.nsgs = [], set(), [], [], []

    def joined(self, x, y):
        return x == y or (x, y) in self.peers or (y, x) in self.peers

    def near(self, net):
        return [self.prefixes[n] for n in range(len(self.prefixes)) if self.joined(net, n)]

    def subnet_at(self, net, ip):
        """Of the network, then of its peers."""
        for other in [net] + [n for n in range(len(self.prefixes)) if n != net and self.joined(net, n)]:
            for s in self.subnets:
                if s.net == other and holds(s.prefix, ip):
                    return s
        return None


def random_rule(rng, world, net, number, direction):
    def side():
        kind = rng.choice(["*", "*", "VirtualNetwork", "Internet", "subnet", "address", "net", "asg"])
        if kind == "subnet":
            return str(rng.choice(world.subnets).prefix)
        if kind == "address":
            return str(ipaddress.ip_address(rng.choice(rng.choice(world.subnets).addresses())))
        if kind == "net":
            return str(rng.choice(world.prefixes))
        return "asg%d" % net if kind == "asg" else kind
    return {"name": "r%d" % number, "priority": 100 + 10 * number, "direction": direction, "src": side(), "dst": side(),
            "access": rng.choice(["Allow", "Deny"]), "port": rng.choice(["*", "22", "80", "1-100"]),
            "proto": rng.choice(["*", "Tcp", "Tcp", "Udp"])}


def random_nsg(rng, world, net):
    rules = [random_rule(rng, world, net, number, direction) for direction in ("Inbound", "Outbound")
             for number in range(rng.choice([0, 1, 2, 3]))]
    if rng.random() < 0.4:
        rules.append({"name": "rest", "priority": 900, "direction": rng.choice(["Inbound", "Outbound"]), "src": "*", "dst": "*",
                      "access": "Deny", "port": "*", "proto": "*"})
    nsg = Nsg("nsg%d" % len(world.nsgs), rules)
    world.nsgs.append(nsg)
    return nsg


def random_routes(rng, world, subnet):
    hosts = [n.ip for n in world.nics if n.ip] or [subnet.addresses()[3]]
    wide = ["0.0.0.0/0", "10.0.0.0/8", "10.2.0.0/16"] + [str(p) for p in world.prefixes]
    wide += [str(s.prefix) for s in world.subnets] + ["10.2.0.4/30"]
    seen = set()
    for _ in range(rng.choice([0, 0, 1, 2, 3])):
        prefix = rng.choice(wide)
        hop = rng.choice(["VirtualAppliance"] * 4 + ["VnetLocal", "None", "Internet"])
        if prefix in seen:
            continue
        seen.add(prefix)
        address = rng.choice(hosts + [rng.choice(world.subnets).addresses()[2]]) if hop == "VirtualAppliance" else None
        subnet.routes.append((Prefix(prefix), hop, address))


def random_world(rng, floating):
    world = World()
    for net in range(3):
        world.prefixes.append(Prefix("10.%d.0.0/24" % net))
        for k in range(rng.choice([1, 1, 2])):
            world.subnets.append(Subnet(net, "s%d%d" % (net, k), Prefix("10.%d.0.%d/29" % (net, 8 * k))))
    world.peers = {p for p in ((0, 1), (1, 2), (0, 2)) if rng.random() < 0.6}
    for subnet in world.subnets:
        if rng.random() < 0.6:
            subnet.nsg = random_nsg(rng, world, subnet.net)
        free, floats = list(subnet.addresses()), False
        for _ in range(rng.choice([0, 1, 1, 2])):
            ip = free.pop(rng.randrange(len(free)))
            if floating and not floats and rng.random() < 0.6:
                floats, ip = True, None
            asgs = ["asg%d" % subnet.net] if rng.random() < 0.25 else []
            nsg = random_nsg(rng, world, subnet.net) if rng.random() < 0.7 else None
            world.nics.append(Nic("nic%d" % len(world.nics), subnet, ip, nsg, asgs))
    for subnet in world.subnets:
        random_routes(rng, world, subnet)
    return world


# --- as JSON ---

def reference(kind, name):
    return {"id": BASE + kind + "/" + name}


def rule_json(rule):
    fields = {"priority": rule["priority"], "direction": rule["direction"], "access": rule["access"],
              "protocol": rule["proto"], "sourcePortRange": "*", "destinationPortRange": rule["port"]}
    for key, side in (("source", rule["src"]), ("destination", rule["dst"])):
        if side.startswith("asg"):
            fields[key + "ApplicationSecurityGroups"] = [reference("applicationSecurityGroups", side)]
        else:
            fields[key + "AddressPrefix"] = side
    return {"name": rule["name"] + rule["direction"], "properties": fields}


def subnet_json(subnet):
    fields = {"addressPrefix": str(subnet.prefix)}
    if subnet.nsg:
        fields["networkSecurityGroup"] = reference("networkSecurityGroups", subnet.nsg.name)
    if subnet.routes:
        fields["routeTable"] = reference("routeTables", "rt-" + subnet.name)
    return {"name": subnet.name, **reference("virtualNetworks/v%d/subnets" % subnet.net, subnet.name), "properties": fields}


def route_json(number, route):
    fields = {"addressPrefix": str(route[0]), "nextHopType": route[1]}
    if route[2] is not None:
        fields["nextHopIpAddress"] = str(ipaddress.ip_address(route[2]))
    return {"name": "r%d" % number, "properties": fields}


def nic_json(nic):
    subnet = reference("virtualNetworks/v%d/subnets" % nic.subnet.net, nic.subnet.name)
    ip = {"subnet": subnet, "privateIPAllocationMethod": "Dynamic" if nic.ip is None else "Static"}
    if nic.ip is not None:
        ip["privateIPAddress"] = str(ipaddress.ip_address(nic.ip))
    if nic.asgs:
        ip["applicationSecurityGroups"] = [reference("applicationSecurityGroups", a) for a in nic.asgs]
    fields = {"ipConfigurations": [{"name": "ip", "properties": ip}]}
    if nic.nsg:
        fields["networkSecurityGroup"] = reference("networkSecurityGroups", nic.nsg.name)
    return fields


def resource(kind, name, fields):
    return {"type": "Microsoft.Network/" + kind, "name": name, **reference(kind, name), "properties": fields}


def as_json(world):
    out = [resource("networkSecurityGroups", n.name, {"securityRules": [rule_json(r) for r in n.rules]}) for n in world.nsgs]
    for net, prefix in enumerate(world.prefixes):
        peerings = [{"name": "to%d" % n, "properties": {
            "peeringState": "Connected", "remoteVirtualNetwork": reference("virtualNetworks", "v%d" % n)}}
            for n in range(len(world.prefixes)) if n != net and world.joined(net, n)]
        out.append(resource("virtualNetworks", "v%d" % net, {
            "addressSpace": {"addressPrefixes": [str(prefix)]}, "virtualNetworkPeerings": peerings,
            "subnets": [subnet_json(s) for s in world.subnets if s.net == net]}))
    out += [resource("routeTables", "rt-" + s.name, {"routes": [route_json(i, r) for i, r in enumerate(s.routes)]})
            for s in world.subnets if s.routes]
    return out + [resource("networkInterfaces", n.name, nic_json(n)) for n in world.nics]


# --- packets ---

class End:
    """One host: outside, a network interface, or some other address of a subnet. asg: it is in its network's group."""

    def __init__(self, ip, subnet=None, nic=None, asg=False):
        self.ip, self.subnet, self.nic, self.asg = ip, subnet, nic, asg
        self.sets = {"asg%d" % subnet.net} if asg else set()


def choices(world):
    """Every way in which Azure may have given addresses to the interfaces that tell none."""
    taken = {n.ip for n in world.nics if n.ip is not None}
    nics = [n for n in world.nics if n.ip is None]
    for given in itertools.product(*[[a for a in n.subnet.addresses() if a not in taken] for n in nics]):
        yield dict(zip((n.name for n in nics), given))


def hosts(world, choice):
    out = [End(OUTSIDE)]
    for subnet in world.subnets:
        at = {n.ip if n.ip is not None else choice[n.name]: n for n in world.nics if n.subnet is subnet}
        for ip in subnet.addresses():
            if ip in at:
                out.append(End(ip, subnet, at[ip], bool(at[ip].asgs)))
            else:
                out += [End(ip, subnet, None, asg) for asg in (False, True)]
    return out


def near_routes(subnet):
    return [r for r in subnet.routes if r[1] != "VnetLocal"]


def appliance_of(world, subnet, route):
    return world.subnet_at(subnet.net, route[2]) if route[1] == "VirtualAppliance" else None


def joined(world, src, dst):
    if not src.subnet or not dst.subnet:
        return bool(src.subnet or dst.subnet)
    if world.joined(src.subnet.net, dst.subnet.net):
        return True
    for route in src.subnet.routes:
        at = appliance_of(world, src.subnet, route)
        if at and holds(route[0], dst.ip) and any(holds(p, dst.ip) for p in world.near(at.net)):
            return True
    return False


def next_appliance(world, subnet, ip):
    """The subnet and the address to which the longest prefix sends the packet; of equal ones the user's."""
    best, found = -1, None
    for prefix in world.near(subnet.net):
        if holds(prefix, ip):
            best = max(best, prefix.length)
    for route in subnet.routes:
        if holds(route[0], ip) and route[0].length >= best:
            best = route[0].length
            at = appliance_of(world, subnet, route)
            found = (at, route[2]) if at else None
    return found


def way(world, src, dst):
    """(NSG, direction, the subnet whose tags count)"""
    hops = []
    if src.subnet:
        hops += [(n, "Outbound", src.subnet) for n in (src.nic and src.nic.nsg, src.subnet.nsg) if n]
        at, seen = src.subnet, []
        while True:
            step = next_appliance(world, at, dst.ip)
            if not step or step[0] in (src.subnet, dst.subnet):
                break
            at, nic = step[0], next((n for n in world.nics if n.ip == step[1]), None)
            if (at, nic) in seen:
                break
            seen.append((at, nic))
            hops += [(n, "Inbound", at) for n in (at.nsg, nic and nic.nsg) if n]
            hops += [(n, "Outbound", at) for n in (nic and nic.nsg, at.nsg) if n]
    if dst.subnet:
        hops += [(n, "Inbound", dst.subnet) for n in (dst.subnet.nsg, dst.nic and dst.nic.nsg) if n]
    return hops


def in_side(world, view, side, end):
    private = any(holds(p, end.ip) for p in PRIVATE)
    if side == "*":
        return True
    if side == "VirtualNetwork":
        return any(holds(p, end.ip) for p in world.near(view.net)) or any(holds(r[0], end.ip) for r in near_routes(view))
    if side == "Internet":
        if any(holds(p, end.ip) for p in world.near(view.net)):
            return False
        return not (private and any(holds(r[0], end.ip) for r in near_routes(view)))
    if side.startswith("asg"):
        return end.asg and end.subnet is not None and "asg%d" % end.subnet.net == side
    return holds(prefix_of(side), end.ip)


DEFAULTS = {"Inbound": [("VirtualNetwork", "VirtualNetwork", True), ("*", "*", False)],
            "Outbound": [("VirtualNetwork", "VirtualNetwork", True), ("*", "Internet", True), ("*", "*", False)]}


def rule_hits(rule, proto, port):
    lo, _, hi = rule["port"].partition("-")
    return rule["proto"].lower() in ("*", proto) and (lo == "*" or int(lo) <= port <= int(hi or lo))


def answers(world, hop, src, dst):
    """What the NSG does with each service: a function of (protocol, port)."""
    nsg, direction, view = hop
    met = [r for r in sorted((r for r in nsg.rules if r["direction"] == direction), key=lambda r: r["priority"])
           if in_side(world, view, r["src"], src) and in_side(world, view, r["dst"], dst)]
    default = next(allow for s, d, allow in DEFAULTS[direction]
                   if in_side(world, view, s, src) and in_side(world, view, d, dst))

    def answer(proto, port):
        return next((r["access"] == "Allow" for r in met if rule_hits(r, proto, port)), default)
    return answer


def fares(world, src, dst, services):
    """Of each service: does it pass every NSG?"""
    hops = [answers(world, hop, src, dst) for hop in way(world, src, dst)]
    return {s: all(hop(*s) for hop in hops) for s in services}


def is_packet(world, src, dst):
    return src.ip != dst.ip and joined(world, src, dst)


# --- query ---

def run(binary, folder, status, *arguments):
    done = subprocess.run(binary.split() + list(arguments), cwd=folder, capture_output=True, timeout=120, check=False)
    err = done.stderr.decode()
    if done.returncode not in status or "Sanitizer" in err or "runtime error" in err:
        raise Failure("%s: exit %d\n%s" % (" ".join(arguments), done.returncode, err[:3000]))
    return json.loads(done.stdout)


def random_end(rng, world):
    """What is asked about, and whether an end is of it, as the other one sees it."""
    kind = rng.choice(["subnet", "nic", "nic", "address", "address", "Internet"])
    if kind == "nic" and world.nics:
        nic = rng.choice(world.nics)
        return nic.name, lambda e, other: e.nic is nic
    if kind == "Internet":
        return "Internet", lambda e, other: in_side(world, other.subnet, "Internet", e) if other.subnet else not e.subnet
    subnet = rng.choice(world.subnets)
    if kind == "address":
        ip = rng.choice(subnet.addresses())
        return str(ipaddress.ip_address(ip)), lambda e, other: e.ip == ip
    return subnet.name, lambda e, other: e.subnet is subnet


def exact_verdict(world, frm, to, proto, port):
    """What holds whatever addresses Azure gave: a packet that is there with none of them is in no question."""
    seen = []
    for choice in choices(world):
        ends = hosts(world, choice)
        results = {fares(world, s, d, [(proto, port)])[proto, port] for s in ends for d in ends
                   if frm(s, d) and to(d, s) and is_packet(world, s, d)}
        if results:
            seen.append(results)
    if not seen:
        return "no path"
    if all(r == {True} for r in seen):
        return "allowed"
    if all(r == {False} for r in seen):
        return "denied"
    return "mixed" if all(len(r) == 2 for r in seen) else "undecided"


def check_query(rng, world, binary, folder, stats):
    (frm, is_frm), (to, is_to) = random_end(rng, world), random_end(rng, world)
    proto, port = rng.choice(SERVICES)
    if frm == to and frm[0].isdigit():
        return      # to itself nothing goes over the network
    got = run(binary, folder, (0, 1), "query", "--format=json", "--from=" + frm, "--to=%s:%d" % (to, port),
              "--proto=" + proto, "w.json")["answers"][0]
    wanted = exact_verdict(world, is_frm, is_to, proto, port)
    stats[wanted] += 1
    if got["verdict"] == "undecided" and wanted == "mixed":
        stats["left open"] += 1
        return
    if got["verdict"] != wanted:
        raise Failure("query %s %d from %s to %s: %s, but it is %s" % (proto, port, frm, to, got["verdict"], wanted))
    for packet in got["packets"]:
        check_shown(world, packet, port, stats)


def check_shown(world, packet, port, stats):
    """Some host with these addresses fares so, by way of these NSGs."""
    if packet["verdict"] == "undecided" or packet["protocol"] not in ("tcp", "udp"):
        return
    stats["packets shown"] += 1
    ips = [int(ipaddress.ip_address(packet[end])) for end in ("source", "destination")]
    hops = [(h["nsg"], h["direction"], h["action"] == "allow") for h in packet["hops"]]
    for choice in choices(world):
        ends = [[e for e in hosts(world, choice) if e.ip == ip] or [End(ip)] for ip in ips]
        for src, dst in itertools.product(*ends):
            met = [(h[0].name, h[1].lower(), answers(world, h, src, dst)(packet["protocol"], port)) for h in way(world, src, dst)]
            if met == hops and all(m[2] for m in met) == (packet["verdict"] == "allowed"):
                return
    raise Failure("no packet like %s" % json.dumps(packet))


# --- reach ---

def in_ports(ports, port):
    return any(int(r.partition("-")[0]) <= port <= int(r.rpartition("-")[2]) for r in ports)


def speaks(protocols, proto, port):
    return in_ports(protocols.get(proto, []), port)


def check_reach(world, binary, folder, stats):
    table = run(binary, folder, (0, 1), "reach", "--format=json", "w.json")["reach"][0]
    cells = {(p["from"], p["to"]): p for p in table["pairs"]}
    places = collections.defaultdict(lambda: collections.defaultdict(set))
    for choice in choices(world):
        by_place = collections.defaultdict(list)
        for end in hosts(world, choice):
            by_place["Internet" if not end.subnet else end.nic.name if end.nic and end.nic.is_place() else
                     end.subnet.name].append(end)
        for frm, to in itertools.product(by_place, by_place):
            for s, d in itertools.product(by_place[frm], by_place[to]):
                if is_packet(world, s, d):
                    for service, passed in fares(world, s, d, SERVICES).items():
                        places[frm, to][service].add(passed)
    for pair, services in places.items():
        cell = cells.get(pair, {"protocols": {}, "parts": []})
        for service, results in services.items():
            wanted = "all" if results == {True} else "none" if results == {False} else "part"
            got = "all" if speaks(cell["protocols"], *service) else \
                "part" if any(speaks(p["protocols"], *service) for p in cell["parts"]) else "none"
            stats["reach " + wanted] += 1
            if got != wanted:
                raise Failure("reach %s -> %s %s: %s, but it is %s" % (pair + (service, got, wanted)))


# --- diff ---

def edited(rng, world):
    other = copy.deepcopy(world)
    for _ in range(rng.choice([1, 1, 2])):
        act = rng.choice(["rule", "rule", "nic", "unbind", "move", "route", "asg"])
        nsgs, nics = [n for n in other.nsgs if n.rules], other.nics
        if act == "rule" and nsgs:
            rules = rng.choice(nsgs).rules
            rule = rng.choice(rules)
            if rng.random() < 0.5:
                rules.remove(rule)
            else:
                rule["port"], rule["access"] = rng.choice(["*", "22", "80"]), rng.choice(["Allow", "Deny"])
        elif act == "nic" and nics:
            nics.remove(rng.choice(nics))
        elif act == "unbind" and nics:
            rng.choice(nics).nsg = None
        elif act == "move" and nics:
            nic = rng.choice(nics)
            nic.ip = rng.choice([a for a in nic.subnet.addresses() if a not in {n.ip for n in nics}])
        elif act == "asg" and nics:
            nic = rng.choice(nics)
            nic.asgs = [] if nic.asgs else ["asg%d" % nic.subnet.net]
        elif act == "route":
            subnet = rng.choice(other.subnets)
            subnet.routes = []
            random_routes(rng, other, subnet)
    return other


class Box:
    def __init__(self, flow, raw):
        self.change, self.protocols = flow["change"], set(raw["protocols"])
        self.four = raw["family"] == "IPv4"
        self.ends = [([prefix_of(p) for p in raw[end]["prefixes"]], set(raw[end]["in"]), set(raw[end]["notIn"]))
                     for end in ("source", "destination")]
        self.ports = raw["destination"]["ports"]

    def joins(self, src, dst):
        return self.four and all(
            any(holds(p, end.ip) for p in prefixes) and inside <= end.sets and not outside & end.sets
            for end, (prefixes, inside, outside) in zip((src, dst), self.ends))

    def speaks(self, proto, port):
        return proto in self.protocols and in_ports(self.ports, port)


def by_key(world):
    """Hosts by address and whether they are in the group; one whose interface says so is found by that alone."""
    return {(e.ip, e.asg): e for e in hosts(world, {})}


def check_diff(world, other, binary, folder, stats):
    report = run(binary, folder, (0, 1), "diff", "--format=json", "w.json", "new.json")
    boxes = [Box(f, b) for f in report["flows"] for b in f["boxes"]]
    sides = [by_key(w) for w in (world, other)]
    both = [k for k in sides[0] if k in sides[1]]   # told on one side and open on the other: no packet of both
    for src, dst in itertools.permutations(both, 2):
        if src[0] == dst[0]:
            continue
        ways = [(w, e[src], e[dst]) for w, e in zip((world, other), sides)]
        old, new = (fares(*way, SERVICES) if is_packet(*way) else dict.fromkeys(SERVICES, False) for way in ways)
        near = [b for b in boxes if b.joins(sides[0][src], sides[0][dst])]
        for service in SERVICES:
            stats["diff packets"] += 1
            stats["diff changed"] += old[service] != new[service]
            for change, wanted in (("permitted", new[service] and not old[service]), ("denied", old[service] and not new[service])):
                count = sum(b.change == change and b.speaks(*service) for b in near)
                if count != int(wanted):
                    raise Failure("diff: %s %s -> %s permitted before %s, after %s; in %d boxes newly %s" % (
                        service, ipaddress.ip_address(src[0]), ipaddress.ip_address(dst[0]), old[service], new[service], count,
                        change))


# --- all of them ---

def write(world, folder, name):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as handle:
        json.dump(as_json(world), handle, indent=1)


def questions(seed, binary, folder, stats):
    rng = random.Random(seed)
    world = random_world(rng, rng.random() < 0.6)
    while sum(1 for _ in choices(world)) > 60:
        world = random_world(rng, True)
    write(world, folder, "w.json")
    check_reach(world, binary, folder, stats)
    for _ in range(15):
        check_query(rng, world, binary, folder, stats)


def differences(seed, binary, folder, stats):
    rng = random.Random(seed)
    world = random_world(rng, False)
    other = edited(rng, world)
    write(world, folder, "w.json")
    write(other, folder, "new.json")
    check_diff(world, other, binary, folder, stats)


def every(name, function, options, needed):
    stats, failed = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.count):
            try:
                function(seed, options.binary, folder, stats)
            except Failure as failure:
                failed.append("seed %d: %s" % (seed, failure))
    lacks = [n for n in needed if not stats[n]]
    good = not failed and not lacks
    print("%s - %s: %s" % ("ok" if good else "not ok", name, ", ".join("%s %d" % p for p in sorted(stats.items()))))
    for text in failed[:10] + ["nothing was %s" % n for n in lacks]:
        print("".join("# %s\n" % line for line in text.splitlines()), end="")
    if failed:
        print("# %d of %d failed" % (len(failed), options.count))
    return good


def main():
    parser = argparse.ArgumentParser(description="random networks with interfaces and appliances against packets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary) if os.sep in options.binary and " " not in options.binary else options.binary
    good = every("questions", questions, options, ["allowed", "denied", "mixed", "undecided", "packets shown", "reach part"])
    good &= every("differences", differences, options, ["diff packets", "diff changed"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
