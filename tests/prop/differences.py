#!/usr/bin/env python3
"""`mlnsgc diff` against packets decided one by one. Prints TAP.

    differences.py [--seed N] [--nsgs N] [--policies N] --binary mlnsgc

Random NSGs and edits of them, over all packets of a small universe (tests/prop/redundant.py); random policies and edits
of them, over packets on the boundaries of what they mention (tests/prop/judge.py), at each NSG and end to end. A packet
must lie in exactly one box of what is newly permitted when it is, in exactly one of what is newly denied when it is, and
else in none: the boxes are disjoint, complete and no larger than the difference."""

import argparse
import collections
import copy
import ipaddress
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import generate  # noqa: E402
import judge  # noqa: E402
import nsg as N  # noqa: E402
import oracle as O  # noqa: E402
import redundant as R  # noqa: E402
import world as W  # noqa: E402
from judge import Failure  # noqa: E402

WITHOUT = ["routes", "overlay", "findings"]


def diff(binary, folder, old, new):
    done = subprocess.run(binary.split() + ["diff", "--format=json", "--today=2026-11-01", old, new], cwd=folder,
                          capture_output=True, timeout=120, check=False)
    err = done.stderr.decode()
    if done.returncode not in (0, 1) or "Sanitizer" in err or "runtime error" in err:
        raise Failure("exit %d\n%s" % (done.returncode, err[:3000]))
    report = json.loads(done.stdout)
    if (report["traffic"] == "differs") != (done.returncode == 1):
        raise Failure("exit %d, but traffic is %s" % (done.returncode, report["traffic"]))
    return report


class Box:
    def __init__(self, flow, raw):
        self.added = flow["change"] == "permitted"
        self.family = 4 if raw["family"] == "IPv4" else 6
        self.protocols = set(raw["protocols"])
        self.ends = [self.end(raw[end]) for end in ("source", "destination")]

    @staticmethod
    def end(raw):
        ranges = [(int(n.network_address), int(n.broadcast_address))
                  for n in (ipaddress.ip_network(p) for p in raw["prefixes"])]
        ports = [tuple(int(x) for x in (p.split("-") * 2)[:2]) for p in raw["ports"]]
        return ranges, frozenset(raw["in"]), frozenset(raw["notIn"]), ports

    def holds(self, family, proto, ends):
        """ends: (address, the unknown sets it is in, port)"""
        if family != self.family or proto not in self.protocols:
            return False
        for (ip, sets, port), (ranges, inside, outside, ports) in zip(ends, self.ends):
            if not any(lo <= ip <= hi for lo, hi in ranges) or not inside <= sets or outside & sets:
                return False
            if port is not None and not any(lo <= port <= hi for lo, hi in ports):
                return False
        return True


def boxes_of(flows):
    return [Box(flow, raw) for flow in flows for raw in flow["boxes"]]


def check(boxes, family, proto, ends, before, after, what):
    added = sum(b.holds(family, proto, ends) for b in boxes if b.added)
    removed = sum(b.holds(family, proto, ends) for b in boxes if not b.added)
    if (added, removed) != (int(after and not before), int(before and not after)):
        raise Failure("%s: permitted before %s, after %s; in %d boxes newly permitted, %d newly denied"
                      % (what, before, after, added, removed))


# --- NSGs, over all packets ---

EDITED = 8  # of a long list only the first rules decide much in a small universe


def edit_rules(rng, rules, direction):
    rules = [dict(r) for r in rules]
    for _ in range(rng.choice([0, 1, 1, 2])):
        act = rng.choice(["drop", "swap", "field", "add", "shuffle"])
        if act == "drop" and rules:
            rules.pop(rng.randrange(len(rules)))
        elif act == "swap" and len(rules) > 1:
            a, b = rng.sample(rules, 2)
            a["priority"], b["priority"] = b["priority"], a["priority"]
        elif act == "shuffle":
            places = [r["priority"] for r in rules]
            rng.shuffle(places)
            for one, place in zip(rules, places):
                one["priority"] = place
        elif act == "field" and rules:
            one, other = rng.choice(rules), rng.choice(R.random_rules(rng, direction))
            key = rng.choice(["access", "port", "src", "dst"])
            if key != "port" or one["protocol"] != "Icmp":
                one[key] = other[key]
        elif act == "add":
            one = rng.choice(R.random_rules(rng, direction))
            one["priority"] = rng.choice([50, 145, 500]) + 100
            one["name"] = "new%d" % one["priority"]
            if one["priority"] not in {r["priority"] for r in rules}:
                rules.append(one)
    return sorted(rules, key=lambda r: r["priority"])


def families(rules):
    return {ipaddress.ip_network(s).version for r in rules for side in (r["src"], r["dst"]) for s in side if s[0].isdigit()
            or ":" in s}


class NsgCase:
    """Two lists of rules of one direction; sets of packets of a universe are the bits of one integer."""

    def __init__(self, direction, old, new, family):
        self.universe = R.Universe(family, R.unknown_of(old + new), direction)
        tail = [{"name": n, "access": a, "src": [s], "dst": [d], "protocol": "*", "port": "*"}
                for n, a, s, d in R.DEFAULTS[direction]]
        ends = [self.indices(lambda e, near=near: R.in_subnet(e[0]) or (not near and str(e[0]) == R.WIRE))
                for near in (direction == "Outbound", direction == "Inbound")]
        asked = self.universe.bits(*ends, range(len(self.universe.flows)))
        self.old, self.new = (asked & R.allowed([(self.universe.rule_bits(r), r["access"] == "Allow") for r in rules + tail])
                              for rules in (old, new))

    def indices(self, wanted):
        return [i for i, e in enumerate(self.universe.ends) if wanted(e)]

    def box(self, box):
        if box.family != self.universe.family:
            return 0
        sides = []
        for ranges, inside, outside, ports in box.ends:
            sides.append(self.indices(lambda e, r=ranges, i=inside, o=outside: any(lo <= int(e[0]) <= hi for lo, hi in r)
                                      and i <= e[1] and not o & e[1]))
        ports = box.ends[1][3]
        flows = [i for i, (proto, port) in enumerate(self.universe.flows) if proto in box.protocols and
                 (port is None or any(lo <= port <= hi for lo, hi in ports))]
        return self.universe.bits(*sides, flows)

    def check(self, boxes, added, wanted, what):
        seen = 0
        for box in (b for b in boxes if b.added == added):
            bits = self.box(box)
            if bits & seen:
                raise Failure("boxes %s have a packet in common\n%s" % ("newly permitted" if added else "denied", what))
            seen |= bits
        if seen != wanted:
            raise Failure("newly %s: %d packets, %d in boxes, %d in both\n%s" % (
                "permitted" if added else "denied", wanted.bit_count(), seen.bit_count(), (seen & wanted).bit_count(), what))


def check_nsgs(seed, binary, folder, stats, random_rules=R.random_rules):
    rng = random.Random(seed)
    direction = rng.choice(["Inbound", "Outbound"])
    old = random_rules(rng, direction)
    new = sorted(edit_rules(rng, old[:EDITED], direction) + old[EDITED:], key=lambda r: r["priority"])
    if any(len(families([r])) > 1 for r in old + new):
        return
    for name, rules in (("old.json", old), ("new.json", new)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as handle:
            json.dump(R.as_json("nsg-x", rules), handle)
    report = diff(binary, folder, "old.json", "new.json")
    boxes = boxes_of(report["atNsgs"])
    stats["boxes"] += len(boxes)
    for family in (4, 6):
        case = NsgCase(direction, old, new, family)
        what = "\n".join(json.dumps(x) for x in (direction, old, new))
        case.check(boxes, True, case.new & ~case.old, what)
        case.check(boxes, False, case.old & ~case.new, what)
        stats["packets"] += len(case.universe.ends) ** 2 * len(case.universe.flows)
        stats["changed"] += (case.new ^ case.old).bit_count()


def long_rules(rng, direction):
    """Rules of one family, more than a comparison takes as a whole."""
    rules, family = [], rng.choice([4, 6])
    while len(rules) < 120:
        rules += [r for r in R.random_rules(rng, direction) if families([r]) <= {family}]
    for number, rule in enumerate(rules):
        rule["priority"], rule["name"] = 100 + 3 * number, "r%d" % number
    return rules


def check_long_nsgs(seed, binary, folder, stats):
    check_nsgs(seed, binary, folder, stats, long_rules)


# --- policies, at each NSG and end to end ---

def compile_world(rng, world, binary, folder, name):
    """Compiles what is left when statements that errors name are dropped; false when that leads nowhere."""
    place = os.path.join(folder, name)
    for _ in range(12):
        text, owner = world.render()
        run = judge.compile_policy(binary, text, place)
        if run.code == 0:
            with open(os.path.join(folder, name + ".mlp"), "w", encoding="utf-8") as handle:
                handle.write(text)
            return True
        if not judge.drop_refused(world, owner, run, rng):
            return False
    return False


def drop_some(rng, world):
    other = copy.deepcopy(world)
    rng.shuffle(other.items)
    for _ in range(rng.choice([1, 1, 2])):
        if len(other.items) > 1:
            judge.remove_item(other, rng.choice(other.items))
    return other


def halve_zone(rng, world):
    """Some addresses of a zone are in it no more."""
    zones = [z for z in world.zones() if any(p.fam == 4 and p.len < 30 for p in z.prefixes)]
    if not zones:
        return
    zone = rng.choice(zones)
    at = next(i for i, p in enumerate(zone.prefixes) if p.fam == 4 and p.len < 30)
    half = rng.choice(list(ipaddress.ip_network(zone.prefixes[at].text).subnets(1)))
    zone.prefixes[at] = W.Prefix(str(half))


class Side:
    def __init__(self, world, folder):
        self.world, self.oracle = world, O.Oracle(world)
        self.nsgs = judge.read_nsgs(folder, world)

    def end(self, zone, outbound, src, dst, service):
        near = src if outbound else dst
        if not zone.holds(near.fam, near.ip):
            return False

        def permits(loose):
            if zone.nsg is None:
                return True
            table = self.nsgs[zone.nsg_name()]
            rules = table.matching(self.oracle, zone, outbound, src, dst, loose)
            return table.decide(self.oracle, zone, outbound, src, dst, rules, *service, loose)[0]
        return judge.both(permits)

    def way(self, src, dst, service):
        """What no zone governs is in no question."""
        verdicts = [self.end(p.zone, outbound, src, dst, service)
                    for p, outbound in ((src, True), (dst, False)) if p.zone]
        if not verdicts:
            return False
        return False if False in verdicts else None if None in verdicts else True


def as_end(point, port):
    return point.ip, frozenset(point.tags) | {a.name for a in point.asgs}, port


def same_point(side, point):
    """The point as the other side's world knows it."""
    asgs = [a for a in side.world.asgs if a.name in {b.name for b in point.asgs}]
    return O.Point(side.world, point.fam, point.ip, point.tags, asgs, point.platform)


def find_zone(world, zone):
    return next(z for z in world.zones() if z.ref == zone.ref and z.net.name == zone.net.name)


def check_policies(seed, binary, folder, stats):
    rng = random.Random(seed)
    world = generate.Generator(rng, WITHOUT).make()
    good = compile_world(rng, world, binary, folder, "old")
    other = drop_some(rng, world)
    if rng.random() < 0.4:
        halve_zone(rng, other)
    if not good or not compile_world(rng, other, binary, folder, "new"):
        stats["refused"] += 1
        return
    report = diff(binary, folder, "old.mlp", "new.mlp")
    old, new = Side(world, os.path.join(folder, "old")), Side(other, os.path.join(folder, "new"))
    flows = boxes_of(report["flows"])
    at_nsgs = collections.defaultdict(list)
    for flow in report["atNsgs"]:
        at_nsgs[flow["nsg"], flow["direction"]] += boxes_of([flow])
    stats["boxes"] += len(flows)
    sampler = judge.Sampler(world, old.oracle, rng)
    for zone, outbound, src, dst in sampler.ends(60):
        twin = find_zone(other, zone)
        ends = [same_point(new, p) for p in (src, dst)]
        for _ in range(8):
            service = sampler.service(src.fam)
            before, after = old.end(zone, outbound, src, dst, service), new.end(twin, outbound, *ends, service)
            if before is None or after is None:
                continue
            moved = [p.text for p in zone.prefixes] != [p.text for p in twin.prefixes]
            if moved and (src.platform or dst.platform):
                continue        # what goes without saying is not listed
            stats["packets"] += 1
            stats["moved"] += moved
            stats["changed"] += before != after
            near_sets = [as_end(src, service[1]), as_end(dst, service[2])]
            what = "%s %s: %s -> %s %s" % (zone.ref, "outbound" if outbound else "inbound", src, dst, service)
            check(at_nsgs[zone.nsg_name(), "outbound" if outbound else "inbound"], src.fam, service[0], near_sets,
                  before, after, what)
            if src.platform or dst.platform:
                continue
            before, after = old.way(src, dst, service), new.way(*ends, service)
            if before is not None and after is not None:
                stats["ways"] += 1
                check(flows, src.fam, service[0], near_sets, before, after, "end to end: " + what)


# --- all of them ---

def run(name, function, seeds, binary):
    stats, failed = collections.Counter(), None
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(seed, binary, folder, stats)
            except Failure as failure:
                failed = "seed %d: %s" % (seed, failure)
                break
    good = failed is None and stats["packets"] and stats["changed"] and stats["boxes"]
    print("%s - %s: %s" % ("ok" if good else "not ok", name, ", ".join("%s %d" % p for p in sorted(stats.items()))))
    if failed:
        print("".join("# %s\n" % line for line in failed.splitlines()), end="")
    return bool(good)


def main():
    parser = argparse.ArgumentParser(description="random differences against mlnsgc diff")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nsgs", type=int, default=150)
    parser.add_argument("--policies", type=int, default=60)
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    good = run("random NSGs", check_nsgs, range(options.seed, options.seed + options.nsgs), options.binary)
    good &= run("edits of long NSGs", check_long_nsgs, range(options.seed, options.seed + options.nsgs // 3), options.binary)
    good &= run("random policies", check_policies, range(options.seed, options.seed + options.policies), options.binary)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
