#!/usr/bin/env python3
"""Random questions about random policies: what `mlnsgc query` and `mlnsgc reach` say against packets decided one by one.

    questions.py --seed N --count M --binary PATH

The packets pass the emitted NSGs as tests/prop/nsg.py reads them. Every packet that query shows must fare as it says,
be decided by the rule it names, and no sampled packet may contradict its verdict; a packet that a hint proposes must
pass there by that rule. Of reach, sampled packets of a pair are permitted exactly where its cell says so. The last line
is `N passed, N failed`.
"""
import argparse
import collections
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import assertions  # noqa: E402
import generate  # noqa: E402
import judge  # noqa: E402
import oracle as O  # noqa: E402
import world as W  # noqa: E402
from judge import Failure  # noqa: E402

WITHOUT = ["routes", "templates", "overlay", "findings"]
PROTOCOLS = [("any", [], W.Service(W.PROTOS)), ("icmp", [], W.Service(["icmp"])), ("tcp", [], W.Service(["tcp"]))]
PROTOCOLS += [(proto, [port], W.Service([proto], None, (port, port)))
              for proto in ("tcp", "udp") for port in (22, 53, 443, 443, 8080)]


def run(binary, folder, *arguments):
    done = subprocess.run(binary.split() + list(arguments), cwd=folder, capture_output=True, timeout=60, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    if done.returncode not in (0, 2) or "Sanitizer" in err or "runtime error" in err:
        raise Failure("%s: exit %d\n%s" % (" ".join(arguments), done.returncode, err[:3000]))
    return done.returncode, json.loads(out), err


class Examiner(assertions.Judge):
    """Decides packets; what nobody governs passes."""

    def joined(self, src, dst):
        return src.fam == dst.fam and src.ip != dst.ip and super().joined(src, dst)

    def asked(self, question, src, dst, service):
        """Is it a packet of the question? None: unclear."""
        if not (src.zone or dst.zone) or not question.service.holds(*service):
            return False

        def named(loose):
            return bool(self.oracle.in_side(question.frm, src, dst.zone or src.zone, loose, False) and
                        self.oracle.in_side(question.to, dst, src.zone or dst.zone, loose, False))
        return judge.both(named)

    def at_hop(self, hop, src, dst, service):
        """Whether the hop's NSG permits the packet, and the name of what decides; None: unclear."""
        zone = next(z for z in self.world.zones() if z.ref == hop["zone"])
        outbound = hop["direction"] == "outbound"
        table = self.nsgs[hop["nsg"]]

        def decided(loose):
            rules = table.matching(self.oracle, zone, outbound, src, dst, loose)
            return table.decide(self.oracle, zone, outbound, src, dst, rules, *service, loose)
        return judge.both(decided)

    def read(self, packet, sets=True):
        """The points and the service of a packet in JSON."""
        ends = []
        for end in ("source", "destination"):
            ends.append(self.point(packet[end], packet.get(end + "_in") if sets else None))
        return ends[0], ends[1], (packet["protocol"], packet.get("source_port"), packet.get("destination_port"))


# query

def check_packet(examiner, question, packet, stats):
    src, dst, service = examiner.read(packet)
    verdict = packet["verdict"]
    if examiner.asked(question, src, dst, service) is False:
        raise Failure("%s is no packet of the question" % packet)
    permitted = examiner.permitted(src, dst, service)
    if verdict != "undecided" and permitted is not None and permitted != (verdict == "allowed"):
        raise Failure("%s %s -> %s %s is not %s" % (packet["protocol"], src, dst, service, verdict))
    stats["packets shown"] += 1
    for hop in packet["hops"]:
        got = examiner.at_hop(hop, src, dst, service)
        if got is None:
            continue
        if got[0] != (hop["action"] == "allow") or (hop["rule"] and not hop["azure_default"] and got[1] != hop["rule"]):
            raise Failure("%s -> %s %s at %s: %s by %s, not as %s" % (src, dst, service, hop["nsg"], got[0], got[1], hop))
        check_trace(hop)
        for hint in hop.get("would_be_permitted_by", []):
            check_hint(examiner, hop, packet, hint, stats)


def check_trace(hop):
    steps = hop["trace"]
    if [s for s in steps[:-1] if not s["differs"]] or steps[-1]["differs"] or steps[-1]["rule"] != hop["rule"]:
        raise Failure("trace: %s" % hop)


def check_hint(examiner, hop, packet, hint, stats):
    changed = {"protocol": ["protocol"], "source": ["source"], "source port": ["source_port"],
               "destination": ["destination"], "destination port": ["destination_port"]}
    free = {f for d in hint["differs"] for f in changed[d]}
    if not hint["differs"]:
        return
    instead = dict(hint["packet"])
    if any(instead.get(f) != packet.get(f) for f in ("source", "destination", "protocol") if f not in free):
        raise Failure("%s differs from %s in more than it says" % (hint, packet))
    if instead["destination"] in ("168.63.129.16", "169.254.169.254"):
        return                                  # the points of the oracle are destinations by tag only
    got = examiner.at_hop(hop, *examiner.read(instead))
    if got is not None and (not got[0] or got[1] != hint["rule"]):
        raise Failure("hint %s: %s by %s" % (hint, got[0], got[1]))
    stats["hints"] += 1


def check_verdict(examiner, question, verdict, stats):
    """No sampled packet contradicts it."""
    if verdict not in ("allowed", "denied", "no path"):
        return
    points = examiner.sampler.points
    sources = [p for p in points if examiner.asked_side(question.frm, p)]
    targets = [p for p in points if examiner.asked_side(question.to, p)]
    for _ in range(300 if sources and targets else 0):
        src, dst = examiner.rng.choice(sources), examiner.rng.choice(targets)
        service = examiner.sampler.service(src.fam)
        if question.ports and examiner.rng.random() < 0.8:
            service = (question.proto, 12345, question.ports[0])
        if not examiner.joined(src, dst) or not examiner.asked(question, src, dst, service):
            continue
        stats["packets tried"] += 1
        permitted = examiner.permitted(src, dst, service)
        if verdict == "no path" or permitted is not None and permitted != (verdict == "allowed"):
            raise Failure("%s, but %s -> %s %s is %s" % (verdict, src, dst, service, permitted))


class Question:
    def __init__(self, rng, world):
        self.proto, self.ports, self.service = rng.choice(PROTOCOLS)
        self.frm, self.to = assertions.random_side(rng, world), assertions.random_side(rng, world)

    def arguments(self):
        to = self.to.text() + (":%d" % self.ports[0] if self.ports else "")
        return ["--from=" + self.frm.text(), "--to=" + to, "--proto=" + self.proto]


def bracketed(arguments):
    """IPv6 prefixes before a port stand in brackets."""
    name, _, side = arguments[1].partition("=")
    side, colon, port = side.rpartition(":") if side.rpartition(":")[2].isdigit() else (side, "", "")
    if colon and ":" in side:
        side = "[%s]" % side
    return [arguments[0], name + "=" + side + colon + port, arguments[2]]


def check_query(examiner, binary, folder, rng, stats):
    question = Question(rng, examiner.world)
    arguments = bracketed(question.arguments()) if question.ports else question.arguments()
    status, answer, err = run(binary, folder, "query", "--format=json", "--trace", "--today=2026-11-01", *arguments,
                              "policy.mlp")
    answer = answer["answers"][0]
    if status == 2:
        stats["invalid"] += 1
        return
    stats[answer["verdict"]] += 1
    try:
        for packet in answer["packets"]:
            check_packet(examiner, question, packet, stats)
        check_verdict(examiner, question, answer["verdict"], stats)
        shown = {p["verdict"] for p in answer["packets"]}
        if answer["verdict"] in ("allowed", "denied") and shown - {answer["verdict"]} or \
                answer["verdict"] == "mixed" and shown != {"allowed", "denied"}:
            raise Failure("%s shows %s" % (answer["verdict"], shown))
    except Failure as failure:
        raise Failure("query %s: %s" % (" ".join(arguments), failure)) from None


# reach

class Cells:
    def __init__(self, table):
        self.pairs = {(p["from"], p["to"]): p for p in table["pairs"]}
        self.ends = table["from"], table["to"]

    def says(self, pair, src, dst, service):
        """Whether the cell permits the packet."""
        cell = self.pairs.get(pair)
        if not cell:
            return False
        if holds(cell["protocols"], service):
            return True
        return any(holds(part["protocols"], service) and any(in_box(box, src, dst, service) for box in part["packets"])
                   for part in cell["parts"])


def in_ports(ports, port):
    return any(int(r.partition("-")[0]) <= port <= int(r.rpartition("-")[2]) for r in ports)


def holds(protocols, service):
    ports = protocols.get(service[0])
    return ports is True or bool(ports) and in_ports(ports, service[2])


def in_box(box, src, dst, service):
    if box["family"] != ("IPv4" if src.fam == W.V4 else "IPv6"):
        return False
    for key, point in (("source", src), ("destination", dst)):
        prefixes = [W.Prefix(p) for p in box.get(key + "s", [])]
        names = point.tags | {a.name for a in point.asgs}
        if prefixes and not W.any_holds(prefixes, point.fam, point.ip):
            return False
        if not set(box.get(key + "_in", [])) <= names or set(box.get(key + "_not_in", [])) & names:
            return False
    return "source_ports" not in box or service[1] is not None and in_ports(box["source_ports"], service[1])


def members(examiner, name, point, other):
    """Does the end hold the point, as the zone at the other end sees it? None: unclear."""
    world = examiner.world
    if name == "Internet":
        zone = other.zone
        return judge.both(lambda loose: examiner.oracle.in_tag("Internet", point, zone, loose)) if zone else False
    for zone in world.zones():
        if zone.ref == name:
            return point.zone is zone
    for external in world.externals:
        if external.name == name:
            return point.zone is None and W.any_holds(external.prefixes, point.fam, point.ip)
    return None


def check_reach(examiner, binary, folder, rng, stats):
    status, answer, err = run(binary, folder, "reach", "--format=json", "--today=2026-11-01", "policy.mlp")
    cells = Cells(answer["reach"][0])
    by_end = {}
    for name in cells.ends[0]:
        if name != "Internet":
            by_end[name] = [p for p in examiner.sampler.points if members(examiner, name, p, p)]
    by_end["Internet"] = [p for p in examiner.sampler.points if p.zone is None]
    for _ in range(1500):
        pair = rng.choice(cells.ends[0]), rng.choice(cells.ends[0])
        if not by_end[pair[0]] or not by_end[pair[1]]:
            continue
        src, dst = rng.choice(by_end[pair[0]]), rng.choice(by_end[pair[1]])
        service = examiner.sampler.service(src.fam)
        if not (src.zone or dst.zone) or not examiner.joined(src, dst):
            continue
        if not members(examiner, pair[0], src, dst) or not members(examiner, pair[1], dst, src):
            continue
        permitted = examiner.permitted(src, dst, service)
        if permitted is None:
            continue
        stats["reach packets"] += 1
        stats["reach permitted"] += permitted
        if permitted != cells.says(pair, src, dst, service):
            raise Failure("reach %s -> %s: %s -> %s %s is %s, the cell says %s" % (
                pair + (src, dst, service, permitted, json.dumps(cells.pairs.get(pair), indent=1))))


def one(seed, binary, folder, stats):
    world = generate.Generator(random.Random(seed), WITHOUT).make()
    if not judge.judge_world(world, binary, folder, seed, 1, collections.Counter()):
        return
    rng = random.Random(seed)
    text, _ = world.render()
    with open(os.path.join(folder, "policy.mlp"), "w", encoding="utf-8") as handle:
        handle.write(text)
    examiner = Examiner(world, folder, rng)
    try:
        check_reach(examiner, binary, folder, rng, stats)
        for _ in range(12):
            check_query(examiner, binary, folder, rng, stats)
    except Failure as failure:
        raise Failure("%s\n%s" % (failure, text)) from None


def main():
    parser = argparse.ArgumentParser(description="random questions against packets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=25)
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
    needed = ("packets shown", "packets tried", "reach packets", "reach permitted", "hints", "allowed", "denied", "mixed")
    return 1 if failed or not all(stats[n] for n in needed) else 0


if __name__ == "__main__":
    sys.exit(main())
