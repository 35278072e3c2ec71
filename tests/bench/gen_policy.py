#!/usr/bin/env python3
"""A large policy, always the same for the same numbers: spokes peered with a hub, each intent needed.

    gen_policy.py [--intents N] [--zones N] [--dual-stack] > policy.mlp

No intent repeats, cuts or covers another: every service has a port of its own at its destination, denies
and forbids stand in zones whose default lets their traffic out.
"""
import argparse
import random
import sys

TAGS = ["Storage.westeurope", "Sql.westeurope", "AzureKeyVault.westeurope", "AzureMonitor", "EventHub.westeurope",
        "AzureContainerRegistry.westeurope", "AzureActiveDirectory", "ServiceBus.westeurope"]


class Policy:
    def __init__(self, intents, zones, dual_stack=False):
        self.dual_stack = dual_stack
        self.rng = random.Random(intents * 1000003 + zones)
        self.networks = max(1, min(200, (zones + 9) // 10))
        self.zones = [[] for _ in range(self.networks)]
        for number in range(zones):
            self.zones[number % self.networks].append("z%d" % number)
        self.guarded = [z for net in self.zones for z in net if int(z[1:]) % 4 != 3]  # outbound closed
        self.open = [z for net in self.zones for z in net if int(z[1:]) % 4 == 3]     # outbound as Azure's
        self.hub = ["hub%d" % number for number in range(max(2, zones // 50))]
        self.ports = {}

    def port(self, place):
        """The next port not yet used there: odd ones, so that two never touch and merge into a range."""
        self.ports[place] = self.ports.get(place, 1023) + 2
        return self.ports[place]

    def space(self, network):
        return "10.%d.0.0/16" % network + (", fd00:0:%x::/48" % network if self.dual_stack else "")

    def subnet(self, network, index):
        return "10.%d.%d.0/24" % (network, index) + (
            ", fd00:0:%x:%x::/64" % (network, index) if self.dual_stack else "")

    def declarations(self):
        yield "network hub %s {\n    region westeurope" % self.space(255)
        for index, zone in enumerate(self.hub):
            yield "    zone %s %s" % (zone, self.subnet(255, index))
        yield "}"
        for number, zones in enumerate(self.zones):
            yield "network net%d %s {\n    region westeurope" % (number, self.space(number + 1))
            for index, zone in enumerate(zones):
                extra = " { default outbound azure }" if zone in self.open_set else ""
                yield "    zone %s %s%s" % (zone, self.subnet(number + 1, index), extra)
            yield "}\npeer net%d with hub { gateway hub }" % number
        for number in range(8):
            yield "external partner%d 20.%d.0.0/16%s" % (
                number, 64 + number, ", 2603:%x::/32" % (4096 + number) if self.dual_stack else "")
        yield "external office 192.168.0.0/16\nconnect office to hub via expressroute"

    def intent(self):
        draw = self.rng.random()
        network = self.rng.choice(self.zones)
        zone = self.rng.choice(network)
        if draw < 0.55:
            far = self.rng.choice([z for z in network if z != zone] or self.hub)
            return "allow tcp %d from %s to %s" % (self.port(far), zone, far)
        if draw < 0.65:
            return "allow tcp %d from %s to %s" % (self.port(zone), self.rng.choice(self.hub), zone)
        if draw < 0.80:
            guarded = self.rng.choice(self.guarded)
            return "allow tcp %d from %s to %s" % (self.port("out " + guarded), guarded, self.rng.choice(TAGS))
        if draw < 0.93 or not self.open:
            far = self.rng.choice(["office"] + ["partner%d" % i for i in range(8)])
            return "allow udp %d from %s to %s" % (self.port("in " + zone), far, zone)
        verb = "deny" if draw < 0.98 else "forbid"
        source = self.rng.choice(self.open)
        return "%s tcp %d from %s to Internet" % (verb, self.port("stop " + source), source)

    def lines(self, intents):
        self.open_set = set(self.open)
        yield from self.declarations()
        for _ in range(intents):
            yield self.intent()


def main():
    parser = argparse.ArgumentParser(description="a large policy for measurements")
    parser.add_argument("--intents", type=int, default=10000)
    parser.add_argument("--zones", type=int, help="default: 200 for 10,000 intents, in proportion")
    parser.add_argument("--dual-stack", action="store_true", help="zones and partners with IPv6, too")
    options = parser.parse_args()
    zones = options.zones or max(10, options.intents // 50)
    sys.stdout.write("\n".join(Policy(options.intents, zones, options.dual_stack).lines(options.intents)) + "\n")


if __name__ == "__main__":
    main()
