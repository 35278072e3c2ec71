#!/usr/bin/env python3
"""Random assertions about random policies: what `mlnsgc test` says against packets decided one by one.

    assertions.py --seed N --count M --binary PATH

The packets pass the emitted NSGs as tests/prop/nsg.py reads them. Every counterexample printed must be one; no
sampled packet may break an assertion that holds. The last line is `N passed, N failed`.
"""
import argparse
import collections
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import generate  # noqa: E402
import judge  # noqa: E402
import oracle as O  # noqa: E402
import world as W  # noqa: E402
from judge import Failure  # noqa: E402

WITHOUT = ["routes", "templates", "overlay", "findings"]
RESULT = re.compile(r"^\S+:(\d+):\d+: (holds|fails|is undecided): .*\n((?:    .*\n)*)", re.M)
ENDS = "".join(r"(?:; %s(?: in ([^;,\n]*))?(?:,? not in [^;\n]*)?)?" % end for end in ("source", "destination"))
PACKET = re.compile(r"packet: (\w+) (\S+) -> ([^\s;]+)" + ENDS)


class Assertion:
    def __init__(self, allow, service, text, frm, to):
        self.allow, self.service, self.service_text, self.frm, self.to = allow, service, text, frm, to

    def text(self):
        return "assert %s %s from %s to %s" % ("allow" if self.allow else "deny", self.service_text,
                                               self.frm.text(), self.to.text())


def random_leaf(rng, world):
    kind = rng.choice(["zone"] * 5 + ["net", "any", "any", "tag", "asg", "prefix", "ext", "Internet"])
    things = {"zone": world.zones(), "net": world.networks, "asg": world.asgs, "ext": world.externals,
              "tag": sorted(generate.TAGS)}.get(kind)
    if kind == "Internet":
        return W.Leaf("tag", "Internet")
    if kind == "prefix":
        return W.Leaf("prefix", rng.choice([p for z in world.zones() for p in z.prefixes] +
                                           [W.Prefix(p) for p in generate.PUBLIC]))
    return W.Leaf(kind, rng.choice(things)) if things else W.Leaf("any")


def random_side(rng, world):
    terms = [random_leaf(rng, world) for _ in range(rng.choice([1, 1, 1, 2]))]
    if any(t.kind in ("any", "net") or t.thing == "Internet" for t in terms) and rng.random() < 0.4:
        return W.Side(terms, [random_leaf(rng, world)])
    return W.Side(terms)


def random_assertion(rng, world):
    text, service = rng.choice([("any", W.Service(W.PROTOS)), ("icmp", W.Service(["icmp"]))] + [
        ("%s %d" % (proto, port), W.Service([proto], None, (port, port)))
        for proto in ("tcp", "udp") for port in (22, 53, 443, 443, 8080)])
    return Assertion(rng.random() < 0.5, service, text, random_side(rng, world), random_side(rng, world))


class Judge:
    def __init__(self, world, folder, rng):
        self.world, self.oracle = world, O.Oracle(world)
        self.nsgs = judge.read_nsgs(folder, world)
        self.sampler, self.rng = judge.Sampler(world, self.oracle, rng), rng

    def asked(self, assertion, src, dst, service):
        """Is it a packet of the assertion, of which an end is governed? None: unclear."""
        governed = [p for p in (src, dst) if p.zone and p.zone.nsg is not None]
        if not governed or not assertion.service.holds(*service):
            return False

        def named(loose):
            return bool(self.oracle.in_side(assertion.frm, src, dst.zone or src.zone, loose, False) and
                        self.oracle.in_side(assertion.to, dst, src.zone or dst.zone, loose, False))
        return judge.both(named)

    def joined(self, src, dst):
        zone, outbound = (src.zone, True) if src.zone else (dst.zone, False)
        near, far = (src, dst) if outbound else (dst, src)
        return zone and (far.platform or self.oracle.in_question(zone, outbound, near, far))

    def permitted(self, src, dst, service):
        def all_ends(loose):
            for zone, outbound in ((src.zone, True), (dst.zone, False)):
                if zone is None or zone.nsg is None:
                    continue
                table = self.nsgs[zone.nsg_name()]
                rules = table.matching(self.oracle, zone, outbound, src, dst, loose)
                if not table.decide(self.oracle, zone, outbound, src, dst, rules, *service, loose)[0]:
                    return False
            return True
        return judge.both(all_ends)

    def breaks(self, assertion, src, dst, service):
        permitted = self.permitted(src, dst, service)
        return permitted is not None and permitted != assertion.allow

    def check_held(self, assertion, stats):
        points = self.sampler.points
        sources = [p for p in points if self.asked_side(assertion.frm, p)]
        targets = [p for p in points if self.asked_side(assertion.to, p)]
        for _ in range(400 if sources and targets else 0):
            src, dst = self.rng.choice(sources), self.rng.choice(targets)
            service = self.sampler.service(src.fam)
            if assertion.service_text not in ("any", "icmp") and self.rng.random() < 0.8:
                service = (assertion.service_text.split()[0], 12345, int(assertion.service_text.split()[1]))
            if src.fam != dst.fam or src.ip == dst.ip or not self.joined(src, dst):
                continue
            if self.asked(assertion, src, dst, service):
                stats["packets"] += 1
                if self.breaks(assertion, src, dst, service):
                    raise Failure("`%s` holds, but is broken by %s -> %s %s" % (assertion.text(), src, dst, service))

    def asked_side(self, side, point):
        """Roughly, to waste few samples."""
        zones = [z for z in self.world.zones()]
        return any(self.oracle.in_side(side, point, z, loose, False) for z in zones for loose in (False, True))

    def check_broken(self, assertion, text, stats):
        found = PACKET.search(text)
        if not found:
            return
        proto, (src, sport), (dst, dport) = found[1], *(end(found[i], found[1]) for i in (2, 3))
        src, dst = self.point(src, found[4]), self.point(dst, found[5])
        stats["counterexamples"] += 1
        joined = src.ip == dst.ip or self.joined(src, dst)
        if not joined or self.asked(assertion, src, dst, (proto, sport, dport)) is False or \
                self.permitted(src, dst, (proto, sport, dport)) is assertion.allow:
            raise Failure("`%s` is not broken by %s" % (assertion.text(), found[0]))

    def point(self, text, sets):
        fam = 6 if ":" in text else 4
        ip = int(W.ipaddress.ip_address(text))
        words = sets.split(" and ") if sets else []
        asgs = [a for a in self.world.asgs if "the ASG " + a.name in words]
        what = {W.LOAD_BALANCER: "source"}.get(ip) if fam == 4 else None
        return O.Point(self.world, fam, ip, [w for w in words if w in generate.TAGS], asgs, what)


def end(text, proto):
    if proto not in W.WITH_PORTS:
        return text.strip("[]"), None
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def run_test(binary, text, folder):
    path = os.path.join(folder, "policy.mlp")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(text)
    done = subprocess.run(binary.split() + ["test", "-v", "--coverage", "--today=2026-11-01", "policy.mlp"], cwd=folder,
                          capture_output=True, timeout=60, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    if done.returncode not in (0, 1, 2) or "Sanitizer" in err or "runtime error" in err:
        raise Failure("exit %d\n%s" % (done.returncode, err[:3000]))
    return done.returncode, out, err


def one(seed, binary, folder, stats):
    world = generate.Generator(random.Random(seed), WITHOUT).make()
    if not judge.judge_world(world, binary, folder, seed, 1, collections.Counter()):
        return
    rng = random.Random(seed)
    text, _ = world.render()
    first = text.count("\n") + 1
    assertions = [random_assertion(rng, world) for _ in range(12)]
    for _ in range(len(assertions)):    # without those that are wrong by themselves
        full = text + "".join(a.text() + "\n" for a in assertions)
        status, out, err = run_test(binary, full, folder)
        if status != 2:
            break
        bad = {int(n) - first for n in re.findall(r"policy\.mlp:(\d+):\d+: error", err)}
        assertions = [a for i, a in enumerate(assertions) if i not in bad]
    if status == 2:
        return
    examiner = Judge(world, folder, rng)
    for line, result, detail in RESULT.findall(out):
        assertion = assertions[int(line) - first]
        stats[result] += 1
        try:
            if result == "holds":
                examiner.check_held(assertion, stats)
            else:
                examiner.check_broken(assertion, detail, stats)
        except Failure as failure:
            raise Failure("%s\n%s" % (failure, full)) from None


def main():
    parser = argparse.ArgumentParser(description="random assertions against mlnsgc test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    stats, passed, failed = collections.Counter(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.count):
            try:
                one(seed, options.binary, os.path.join(folder, "p"), stats)
                passed += 1
            except Failure as failure:
                failed += 1
                print("FAIL seed %d: %s" % (seed, failure), flush=True)
    print(", ".join("%s %d" % pair for pair in sorted(stats.items())))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not stats["packets"] or not stats["counterexamples"] else 0


if __name__ == "__main__":
    sys.exit(main())
