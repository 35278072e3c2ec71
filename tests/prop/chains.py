#!/usr/bin/env python3
"""Random policies with appliances on the way, one behind the other, whose NSGs must hold what crosses them. Prints TAP.

    chains.py [--seed N] [--count N] --binary mlnsgc

Zones and appliances of a hub have routes to appliances, at random: chains, branches, circles, NSGs that appliances share.
Nothing is denied, so every allow between two zones that a path joins must hold from end to end, through every NSG on
the way, and a packet that no intent speaks of must not."""

import argparse
import random
import subprocess
import sys
import tempfile

PREFIXES = ["10.1.0.0/16", "10.2.0.0/16", "10.1.1.0/24", "10.2.1.0/24", "0.0.0.0/0", "10.0.0.0/8"]


def routes(rng, appliances, most, own=None):
    chosen = rng.sample(PREFIXES, rng.randrange(most))
    hops = [(prefix, rng.randrange(appliances)) for prefix in chosen]
    return " ".join("route %s to appliance 10.0.%d.4" % hop for hop in hops if hop[1] != own)


def policy(rng):
    appliances, zones, lines = rng.randrange(2, 6), [], ["network hub 10.0.0.0/16 {"]
    for i in range(appliances):
        nsg = rng.choice(["", "", "nsg none", "nsg shared", "nsg other"])
        lines.append("  zone f%d 10.0.%d.0/26 { %s %s }" % (i, i, nsg, routes(rng, appliances, 3, i)))
    lines.append("}")
    for net in (1, 2):
        lines.append("network s%d 10.%d.0.0/16 {" % (net, net))
        for i in range(rng.randrange(2, 5)):
            zones.append("z%d-%d" % (net, i))
            lines.append("  zone %s 10.%d.%d.0/24 { %s }" % (zones[-1], net, i, routes(rng, appliances, 4)))
        lines.append("}")
    lines += ["peer hub with s1", "peer hub with s2"] + ["peer s1 with s2"] * rng.randrange(2)
    for port in range(1000, 1000 + rng.randrange(2, 7)):
        source, target = rng.sample(zones, 2)
        wide = rng.choice([target, "any", "s" + target[1]])
        lines.append("allow tcp %d from %s to %s" % (port, source, wide))
        lines.append("assert allow tcp %d from %s to %s" % (port, source, target))
        lines.append("assert deny udp %d from %s to %s" % (port, source, target))
    return "\n".join(lines) + "\n"


def decide(binary, text):
    """The lines about assertions that fail for another reason than that no path joins their ends."""
    with tempfile.NamedTemporaryFile("w", suffix=".mlp") as file:
        file.write(text)
        file.flush()
        run = subprocess.run(binary.split() + ["test", file.name], capture_output=True, text=True)
    lines = run.stdout.splitlines() + [""]
    bad = [line for line, reason in zip(lines, lines[1:]) if " fails: " in line and "no path joins" not in reason]
    if run.returncode not in (0, 1, 2) or (run.returncode == 2 and "no path joins" not in run.stdout + run.stderr):
        bad += ["exit %d" % run.returncode] + (run.stdout + run.stderr).splitlines()
    return bad, run.returncode != 2


def main():
    parser = argparse.ArgumentParser(description="random policies with appliances one behind the other")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    decided, failed = 0, 0
    for number in range(options.count):
        text = policy(random.Random("%d/%d" % (options.seed, number)))
        bad, valid = decide(options.binary, text)
        decided += valid
        if bad:
            failed += 1
            print("\n".join("# " + line for line in [*text.splitlines(), *bad[:20]]))
    good = not failed and decided * 2 > options.count
    print("%s 1 - %d policies with chains of appliances, %d of them decided" % ("ok" if good else "not ok", options.count, decided))
    print("1..1")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
