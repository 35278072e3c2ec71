#!/usr/bin/env python3
"""Random policies against the compiler: the emitted NSGs must decide every packet as the language does.

    judge.py --seed N --count M --binary PATH [--hours H] [--keep DIR]

Each policy is generated, compiled and judged packet by packet at every end. A policy the compiler refuses
is thinned out of the statements its errors name, and tried again; findings are checked by sampling.
The last line is `N passed, N failed`; the exit status is 0 when nothing failed.
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import generate  # noqa: E402
import nsg  # noqa: E402
import oracle as O  # noqa: E402
import world as W  # noqa: E402

MESSAGE = re.compile(r"^([^:\n]+):(\d+):(\d+): (error|warning|note): (.*) \[MLP(\d{4}) ([a-z0-9-]+)\]", re.M)
ROUNDS = 40
EXTRA = []      # options of --option
WITHOUT = []    # of --without
# Errors that a random policy may contain; any other is a failure.
ORDINARY = {"asg-not-exact", "empty-side", "endpoint-unreachable", "firewall-source", "forbidden",
            "no-common-family", "no-firewall", "no-path", "not-enforceable", "not-expressible", "partly-forbidden", "service-not-spoken", "swallowed"}
KNOWN_TAGS = set(generate.TAGS) | set(generate.VIRTUAL)


class Failure(Exception):
    pass


class Run:
    def __init__(self, code, messages, raw):
        self.code, self.messages, self.raw = code, messages, raw


def compile_policy(binary, text, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    path = os.path.join(folder, "policy.mlp")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)
    command = binary.split() + ["compile", "--emit=nsg", "--message-format=short", "--max-errors=1000",
               "--today=2026-11-01", "-o", os.path.join(folder, "out"), path] + EXTRA
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        raise Failure("compile takes more than 60 s") from None
    raw = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode not in (0, 2) or "Sanitizer" in raw or "runtime error" in raw:
        raise Failure("exit %d\n%s" % (done.returncode, raw[:3000]))
    messages = [(int(m[2]), m[4], m[7], m[5]) for m in MESSAGE.finditer(raw)]
    if done.returncode == 2 and not any(m[1] == "error" for m in messages):
        raise Failure("exit 2 without an error:\n" + raw[:2000])
    return Run(done.returncode, messages, raw)


# Packets

class Sampler:
    """Points and services on the boundaries of everything the policy mentions."""

    def __init__(self, world, oracle, rng):
        self.world, self.oracle, self.rng = world, oracle, rng
        self.tags = sorted({leaf.thing for leaf in leaves(world) if leaf.kind == "tag" and leaf.thing in
                            generate.TAGS})
        self.points = [p for fam, ip in sorted(self.addresses()) for p in self.fillings(fam, ip)]
        platform = [(W.LOAD_BALANCER, "source"), (W.LOAD_BALANCER, "AzurePlatformDNS"),
                    (W.METADATA, "AzurePlatformIMDS")]
        self.platform = [O.Point(world, 4, ip, platform=what) for ip, what in platform]
        self.ports = self.boundaries()

    def addresses(self):
        world, out = self.world, set()
        prefixes = [p for n in world.networks for p in n.prefixes]
        prefixes += [p for z in world.zones() for p in z.prefixes + z.overlay + [r[0] for r in z.routes]]
        prefixes += [p for e in world.externals for p in e.prefixes]
        prefixes += [leaf.thing for leaf in leaves(world) if leaf.kind == "prefix"]
        prefixes += [p for r in world.resources for e in r.endpoints for p in e.at]
        prefixes += [W.Prefix("9.9.9.9/32"), W.Prefix("2a02::1/128")]
        for p in prefixes:
            inside = p.lo + self.rng.randrange(p.hi - p.lo + 1)
            for ip in (p.lo, p.hi, p.lo - 1, p.hi + 1, inside):
                if 0 < ip < (1 << (32 if p.fam == 4 else 128)) - 1 and ordinary(p.fam, ip):
                    out.add((p.fam, ip))
        return out

    def fillings(self, fam, ip):
        """The address under a few fillings of the tags and groups it may be in."""
        zone = self.world.zone_of(fam, ip)
        out = {}
        for _ in range(3):
            member = zone and W.any_holds(zone.prefixes, fam, ip)   # pods have no interface of their own
            asgs = [a for a in zone.asgs if self.rng.random() < 0.5] if member else []
            tags = set()
            if not W.is_private(fam, ip):
                tags = {t for t in self.tags if self.rng.random() < 0.45}
                tags |= {generate.PARENT[t] for t in tags if t in generate.PARENT}
            out[(frozenset(tags), frozenset(asgs))] = O.Point(self.world, fam, ip, tags, asgs)
        return out.values()

    def boundaries(self):
        out = {0, 65535, 12345}
        items = [s for i in self.world.intents() for s in i.services]
        items += [s for r in self.world.resources for e in r.endpoints for s in e.ports]
        for s in items:
            for lo, hi in [r for r in (s.sport, s.dport) if r]:
                out |= {lo, hi, max(0, lo - 1), min(65535, hi + 1)}
        return sorted(out)

    def service(self, fam):
        proto = self.rng.choice(("tcp",) * 5 + ("udp",) * 4 + ("icmp", "esp", "ah", "other"))
        if proto == "icmp" and fam == W.V6:
            proto = "tcp"       # icmp is IPv4's
        if proto not in W.WITH_PORTS:
            return proto, None, None
        return proto, self.rng.choice(self.ports), self.rng.choice(self.ports)

    def ends(self, limit):
        """Governed ends: zone, direction, source, destination; the questions of the policy."""
        for zone in self.world.zones():
            if zone.nsg is None:
                continue
            near = [p for p in self.points if p.zone is zone]
            for outbound in (False, True):
                extra = self.platform[1:] if outbound else self.platform[:1]
                far = self.points + extra * 3
                for _ in range(limit):
                    a, b = self.rng.choice(near), self.rng.choice(far)
                    if b.platform and a.fam == W.V4 or not b.platform and \
                            self.oracle.in_question(zone, outbound, a, b):
                        yield (zone, outbound) + ((a, b) if outbound else (b, a))


def ordinary(fam, ip):
    """Not a platform, loopback, link-local, multicast or reserved address."""
    if fam == W.V6:
        return ip >> 125 == 1 or ip >> 121 == 0x7E
    top = ip >> 24
    return ip not in (W.LOAD_BALANCER, W.METADATA) and 0 < top < 224 and top != 127 \
        and ip >> 16 != 0xA9FE and not (top == 100 and 64 <= (ip >> 16 & 255) < 128)


def leaves(world):
    def walk(side):
        for term in side.terms + side.excepts:
            if isinstance(term, W.Group):
                yield from walk(term.side)
            elif isinstance(term, W.Side):
                yield from walk(term)
            else:
                yield term
    for intent in world.intents():
        yield from walk(intent.frm)
        yield from walk(intent.to)


# Comparison

def read_nsgs(folder, world):
    out, wanted = {}, {z.nsg_name() for z in world.zones() if z.nsg_name()}
    for name in sorted(wanted):
        path = os.path.join(folder, "out", name + ".nsg.json")
        if not os.path.exists(path):
            raise Failure("no file %s.nsg.json" % name)
        out[name] = nsg.Nsg(path, KNOWN_TAGS)
        if out[name].problems:
            raise Failure("%s: %s" % (name, "; ".join(out[name].problems[:5])))
    files = {f for f in os.listdir(os.path.join(folder, "out")) if f.endswith(".nsg.json")}
    if files != {n + ".nsg.json" for n in wanted}:
        raise Failure("files %s, expected NSGs %s" % (sorted(files), sorted(wanted)))
    return out


def both(function):
    """The value under both readings of unclear membership, or None when they differ."""
    first, second = function(False), function(True)
    return first if first == second else None


def compare(world, folder, rng, limit, stats):
    oracle = O.Oracle(world)
    nsgs = read_nsgs(folder, world)
    sampler = Sampler(world, oracle, rng)
    for zone, outbound, src, dst in sampler.ends(limit):
        table = nsgs[zone.nsg_name()]
        looks = []
        for loose in (False, True):
            relevant = oracle.relevant(zone, outbound, src, dst, loose)
            looks.append((loose, relevant, table.matching(oracle, zone, outbound, src, dst, loose)))
        if looks[0][1] is None or looks[1][1] is None:
            stats["unclear"] += 1
            continue
        for _ in range(12):
            service = sampler.service(src.fam)
            want = [oracle.decide(zone, outbound, src, dst, rel, *service, loose) for loose, rel, _ in looks]
            if want[0][0] != want[1][0]:
                stats["unclear"] += 1
                continue
            stats["packets"] += 1
            got = [table.decide(oracle, zone, outbound, src, dst, rules, *service, loose)
                   for loose, _, rules in looks]
            if got[0][0] != want[0][0]:
                raise Failure(describe(zone, outbound, src, dst, service, want[0], got[0]))


def describe(zone, outbound, src, dst, service, want, got):
    words = {True: "permitted", False: "denied"}
    return "%s %s: %s -> %s %s %s: policy says %s (%s), NSG says %s (%s)" % (
        zone.ref, "outbound" if outbound else "inbound", src, dst, service[0],
        "" if service[1] is None else "%d->%d" % service[1:], words[want[0]],
        "; ".join(i.text() for i in want[1]) or "default", words[got[0]], got[1])


# Findings, checked by sampling

def effective_packet(world, intent, rng, tries=1500):
    """A packet that this allow permits at every end it names, or None."""
    oracle = O.Oracle(world)
    sampler = Sampler(world, oracle, rng)
    for zone, outbound, src, dst in sampler.ends(max(10, tries // 10)):
        for _ in range(8):
            service = sampler.service(src.fam)
            ends = [(zone, outbound)]
            other = dst if outbound else src
            if other.zone and other.zone.nsg is not None:
                ends.append((other.zone, not outbound))
            if all(works(oracle, world, intent, end, src, dst, service) for end in ends):
                return src, dst, service
    return None


def works(oracle, world, intent, end, src, dst, service):
    """Whether the allow decides for the packet at this end under both readings (an end it does not name
    is another intent's business)."""
    zone, outbound = end
    for loose in (False, True):
        relevant = oracle.relevant(zone, outbound, src, dst, loose)
        if relevant is None:
            return False
        verdict, hits = oracle.decide(zone, outbound, src, dst, relevant, *service, loose)
        named = any(O.side_names(f if outbound else t, zone) for f, t in intent.sides)
        if intent not in hits:
            if named or (zone, outbound) == end and not named:
                return False
            continue
        denies = [i for i in hits if i.verb == "deny"]
        if not verdict or not all(d in intent.overrides for d in denies):
            return False
    return True


def changed_packet(world, intent, rng, limit=150):
    """A packet whose verdict changes when the intent is left out, or None."""
    oracle = O.Oracle(world)
    sampler = Sampler(world, oracle, rng)
    for zone, outbound, src, dst in sampler.ends(limit):
        for loose in (False, True):
            relevant = oracle.relevant(zone, outbound, src, dst, loose)
            if relevant is None or all(i is not intent for i, _ in relevant):
                break
            rest = [(i, c) for i, c in relevant if i is not intent]
            service = sampler.service(src.fam)
            one = oracle.decide(zone, outbound, src, dst, relevant, *service, loose)[0]
            two = oracle.decide(zone, outbound, src, dst, rest, *service, loose)[0]
            if one == two:
                break
        else:
            return src, dst, service
    return None


def check_findings(world, owner, run, rng, stats):
    exact = not any(leaf.kind in ("tag", "asg") for leaf in leaves(world))
    for line, severity, slug, text in run.messages:
        item = owner[line - 1] if line <= len(owner) else None
        stats[severity + " " + slug] += 1
        if severity == "error" and slug not in ORDINARY:
            raise Failure("%s: %s" % (slug, text))
        if slug == "not-expressible" and exact:
            raise Failure("not-expressible without a tag or a security group: " + text)
        if item is None or len(item.intents) != 1 or "findings" in WITHOUT:
            continue
        intent = item.intents[0]
        if slug in ("swallowed", "forbidden") and severity == "error":
            packet = effective_packet(world, intent, rng, 300)
            if packet:
                raise Failure("%s is reported of `%s`, which permits %s -> %s %s" %
                              ((slug, intent.text()) + tuple(map(str, packet))))
        if slug == "adds-nothing" and run.code == 0:
            packet = changed_packet(world, intent, rng)
            if packet:
                raise Failure("adds-nothing is reported of `%s`, which decides %s -> %s %s" %
                              ((intent.text(),) + tuple(map(str, packet))))


# One policy

def judge_world(world, binary, folder, seed, limit, stats, thin=True):
    """Compiles and compares; thins a refused policy. True when an accepted policy was compared."""
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        text, owner = world.render()
        run = compile_policy(binary, text, folder)
        check_findings(world, owner, run, random.Random(seed + 1), stats)
        if run.code == 0:
            compare(world, folder, random.Random(seed + 2), limit, stats)
            return True
        if not thin or not drop_refused(world, owner, run, rng):
            stats["refused"] += 1
            stats["refused: " + ", ".join(sorted({m[2] for m in run.messages if m[1] == "error"}))] += 1
            return False
    return False


def drop_refused(world, owner, run, rng):
    """Drops what the errors name, sometimes a deny or forbid instead of the allow that meets it."""
    named = []
    for line, severity, _, _ in run.messages:
        item = owner[line - 1] if line <= len(owner) else None
        if severity == "error" and item in world.items and item not in named:
            named.append(item)
    if not named:
        return False
    stops = [i for i in world.items if any(j.verb == "forbid" for j in i.intents)]
    if stops and rng.random() < 0.2:
        named = [rng.choice(stops)]
    for item in named:
        remove_item(world, item)
    return True


def remove_item(world, item):
    world.items.remove(item)
    gone = set(item.intents)
    for other in world.items:
        for intent in other.intents:
            if gone & set(intent.overrides):
                intent.overrides = [d for d in intent.overrides if d not in gone]
                other.lines = other.lines[:-1] + [reword(other, intent)]


def reword(item, intent):
    if not item.lines[-1].startswith("apply"):
        return intent.text()
    call = item.lines[-1].split(" overrides ")[0]
    names = ", ".join(d.name for d in intent.overrides)
    return call + (" overrides " + names if names else "")


# Shrinking

def fails(world, binary, folder, seed, limit):
    try:
        judge_world(world, binary, folder, seed, limit, collections.Counter(), thin=False)
    except Failure as failure:
        return str(failure)
    except KeyError:
        return None             # a declaration that others still use is gone
    return None


def shrink(world, binary, folder, seed, limit):
    """Drops statements and declarations one by one while the policy still fails."""
    first = fails(world, binary, folder, seed, limit)
    deadline, again = time.time() + 120, first is not None
    while again and time.time() < deadline:
        again = False
        for undo in candidates(world):
            if same_fault(first, fails(world, binary, folder, seed, limit)):
                again = True
            else:
                undo()
    return fails(world, binary, folder, seed, limit)


def same_fault(first, other):
    """Not the text, which names zones and packets, but the sort of failure it begins with."""
    sort = re.compile(r"(exit -?\d+|no file|files|policy says|[a-z-]+ is reported|^[a-z-]+(?=: ))")
    found = [sort.search(text or "") for text in (first, other)]
    return other is not None and [m and m[1] for m in found[:1]] == [m and m[1] for m in found[1:]]


def candidates(world):
    """Removes one thing at a time and yields how to put it back."""
    for item in list(world.items):
        before = [(i, i.lines) for i in world.items], [(j, j.overrides) for j in world.intents()]
        remove_item(world, item)

        def restore(saved=before):
            world.items[:] = [i for i, _ in saved[0]]
            for i, lines in saved[0]:
                i.lines = lines
            for j, overrides in saved[1]:
                j.overrides = overrides
        yield restore
    holders = [world.groups, world.services, world.resources, world.asgs, world.connects, world.peers,
               world.externals, world.defaults]
    holders += [n.zones for n in world.networks] + [world.networks]
    holders += [z.routes for z in world.zones()] + [z.defaults for z in world.zones()]
    holders += [z.overlay for z in world.zones()] + [n.defaults for n in world.networks]
    for holder in holders:
        for thing in list(holder):
            saved = list(holder)
            holder.remove(thing)

            def put_back(holder=holder, saved=saved):
                holder[:] = saved
            yield put_back


def report(failure, world, seed, keep):
    text, _ = world.render()
    print("FAIL seed %d: %s\n---\n%s---" % (seed, failure, text), flush=True)
    if keep:
        os.makedirs(keep, exist_ok=True)
        with open(os.path.join(keep, "seed-%d.mlp" % seed), "w", encoding="utf-8") as handle:
            handle.write("".join("# %s\n" % l for l in failure.splitlines()) + text)


def one(seed, options, folder, stats):
    world = generate.Generator(random.Random(seed), options.without).make()
    try:
        if judge_world(world, options.binary, folder, seed, options.packets, stats):
            stats["compared"] += 1
        return True
    except Failure as failure:
        message = str(failure)
        if not options.no_shrink:
            message = shrink(world, options.binary, folder, seed, options.packets) or message
        report(message, world, seed, options.keep)
        return False


def main():
    parser = argparse.ArgumentParser(description="random policies against the compiler")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--hours", type=float, help="run for so long, whatever the count")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--packets", type=int, default=150, help="pairs of addresses an NSG and direction")
    parser.add_argument("--keep", help="folder for failing policies")
    parser.add_argument("--without", action="append", default=[], help="leave out: routes, templates, overlay, findings")
    parser.add_argument("--option", action="append", default=[], help="hand this option to compile")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--stats", action="store_true")
    parser.add_argument("--stop", type=int, default=0, help="stop after so many failures")
    options = parser.parse_args()
    EXTRA.extend(options.option)
    WITHOUT.extend(options.without)
    stats, passed, failed, number = collections.Counter(), 0, 0, 0
    end = time.time() + options.hours * 3600 if options.hours else None
    print("seed %d" % options.seed, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        while time.time() < end if end else number < options.count:
            good = one(options.seed + number, options, os.path.join(folder, "p"), stats)
            passed, failed, number = passed + good, failed + (not good), number + 1
            if options.stop and failed >= options.stop:
                break
    print("%d policies compared, %d packets, %d left aside as unclear" %
          (stats["compared"], stats["packets"], stats["unclear"]))
    if options.stats:
        for key, value in sorted(stats.items()):
            print("  %-40s %d" % (key, value))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not stats["compared"] else 0


if __name__ == "__main__":
    sys.exit(main())
