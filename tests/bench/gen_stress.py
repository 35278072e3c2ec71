#!/usr/bin/env python3
"""Inputs that are built to blow packet sets up, always the same for the same numbers.

    gen_stress.py SHAPE [--size N] [--seed N] > file

Policies: overrides, ranges, tags, excepts, groups, anys, appliance, ladder, six.
Network security groups as JSON: firewall, boxes, tagged, edited-firewall, edited-boxes, edited-tagged (the same
lists after some edits, to be compared).
"""
import argparse
import json
import random
import sys

TAGS = ["Storage.westeurope", "Sql.westeurope", "AzureKeyVault.westeurope", "AzureMonitor", "EventHub.westeurope",
        "AzureContainerRegistry.westeurope", "AzureActiveDirectory", "ServiceBus.westeurope", "AzureBackup",
        "AzureCosmosDB.westeurope", "AppService.westeurope", "ApiManagement", "AzureDevOps", "GatewayManager",
        "AzureTrafficManager", "BatchNodeManagement.westeurope", "DataFactory.westeurope", "LogicApps",
        "PowerBI", "AzureSignalR", "AzureSiteRecovery", "CognitiveServicesManagement", "AzureDatabricks",
        "HDInsight", "AzureMachineLearning", "MicrosoftContainerRegistry", "AzureFrontDoor.Frontend",
        "AzureArcInfrastructure", "AzureConnectors", "AzureLoadTestingInstanceManagement"]


def prefix(rng, longest=28):
    """A part of 10.0.0.0/8 or of public space, nested in others more often than not."""
    length = rng.randrange(9, longest)
    base = 10 << 24 if rng.random() < 0.7 else 20 << 24
    value = base | rng.randrange(1 << 24)
    value &= ~((1 << 32 - length) - 1)
    return "%d.%d.%d.%d/%d" % (value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255, length)


def prefix6(rng):
    length = rng.choice([36, 40, 44, 48, 52, 56, 64])
    value = 0x2a01 << 112 | rng.randrange(1 << 20) << 76 | rng.randrange(1 << 12) << 64
    value &= ~((1 << 128 - length) - 1)
    groups = ["%x" % (value >> 112 - 16 * i & 0xffff) for i in range(8)]
    return ":".join(groups) + "/%d" % length


def ports(rng):
    if rng.random() < 0.3:
        return str(rng.choice([22, 53, 80, 443, 1433, 8080]))
    low = rng.randrange(1, 60000)
    return "%d-%d" % (low, min(65535, low + rng.choice([10, 1000, 5000, 20000])))


def service(rng):
    return "%s %s" % (rng.choice(["tcp", "tcp", "udp", "any"]), ports(rng))


# --- policies ---

LAB = """network lab 10.0.0.0/8 {
    region westeurope
    zone web 10.1.0.0/16
    zone app 10.2.0.0/16
}
external outside 20.0.0.0/8
connect outside to lab via expressroute
"""
LAB6 = """network lab 10.0.0.0/8, fd00:1::/48 {
    region westeurope
    zone web 10.1.0.0/16, fd00:1:0:1::/64
    zone app 10.2.0.0/16, fd00:1:0:2::/64
}
"""


def overrides(rng, size):
    yield LAB
    denies = size // 2
    for i in range(denies):
        yield "deny %s from %s to web as d%d" % (service(rng), prefix(rng, 24), i)
    for i in range(size - denies):
        names = rng.sample(range(denies), min(denies, rng.choice([1, 2, 3, 5])))
        yield "allow %s from %s to web overrides %s" % (service(rng), prefix(rng, 24),
                                                        ", ".join("d%d" % n for n in names))


def ladder(rng, size):
    """Each allow overrides the denies of even number below it: as many groups as allows."""
    yield LAB
    half = size // 2
    for i in range(half):
        yield "deny tcp %d-%d from %s to web as d%d" % (1000 + i, 40000 + i, prefix(rng, 20), i)
    for i in range(half):
        yield "allow tcp %d-%d from %s to web overrides %s" % (
            500 + i, 50000 + i, prefix(rng, 20), ", ".join("d%d" % n for n in range(i % 2, max(1, i) + 1, 2)))


def ranges(rng, size):
    yield LAB
    for _ in range(size):
        yield "%s %s from %s to web" % (rng.choice(["allow", "allow", "deny", "forbid"]), service(rng), prefix(rng))


def tags(rng, size):
    yield LAB
    for _ in range(size):
        verb = rng.choice(["allow", "allow", "deny", "forbid"])
        yield "%s %s from web to %s" % (verb, service(rng), rng.choice(TAGS))
        yield "%s %s from %s to app" % (verb, service(rng), rng.choice(TAGS))


def excepts(rng, size):
    yield LAB
    for _ in range(size):
        gone = ", ".join(rng.sample(TAGS, rng.randrange(1, 6)))
        yield "%s %s from web to (%s except %s)" % (rng.choice(["allow", "deny"]), service(rng),
                                                    rng.choice(["Internet", "any"]), gone)


def groups(rng, size):
    count = 30
    yield LAB
    for i in range(count):
        yield "asg g%d in %s" % (i, rng.choice(["web", "app"]))
    for _ in range(size):
        yield "%s %s from g%d to g%d" % (rng.choice(["allow", "allow", "deny"]), service(rng), rng.randrange(count),
                                         rng.randrange(count))


def anys(rng, size):
    yield LAB
    for _ in range(size):
        verb = rng.choice(["allow", "deny", "forbid"])
        ends = rng.choice([("any", "any"), ("any", "web"), ("app", "any"), (prefix(rng, 16), "any"), ("any", "app")])
        yield "%s %s from %s to %s" % ((verb, service(rng)) + ends)


def six(rng, size):
    yield LAB6
    for _ in range(size):
        yield "%s %s from %s to web" % (rng.choice(["allow", "allow", "deny", "forbid"]), service(rng), prefix6(rng))


def appliance(rng, size):
    """Zones that all route to one governed appliance; `any` passes it both ways."""
    zones = max(2, size // 2)
    yield "network hub 10.255.0.0/16 {\n    region westeurope\n    zone nva 10.255.0.0/28\n}"
    for i in range((zones + 9) // 10):
        yield "network n%d 10.%d.0.0/16 {\n    region westeurope" % (i, i + 1)
        for k in range(min(10, zones - i * 10)):
            yield ("    zone z%d 10.%d.%d.0/24 { route 0.0.0.0/0 to appliance 10.255.0.4 }" % (i * 10 + k, i + 1, k))
        yield "}\npeer n%d with hub" % i
    for i in range(size):
        yield "allow tcp %d from any to any" % (1000 + 2 * i)


POLICIES = {"overrides": overrides, "ladder": ladder, "ranges": ranges, "tags": tags, "excepts": excepts,
            "groups": groups, "anys": anys, "six": six, "appliance": appliance}

# --- NSGs as JSON ---


def firewall_rule(rng):
    """Like the lists of firewalls in the literature: a third speaks of any source or destination."""
    source = "*" if rng.random() < 0.35 else prefix(rng, 33)
    target = "*" if rng.random() < 0.35 else prefix(rng, 33)
    return {"protocol": rng.choice(["Tcp", "Tcp", "Udp", "*"]), "sourceAddressPrefix": source,
            "destinationAddressPrefix": target,
            "sourcePortRange": "*" if rng.random() < 0.8 else ports(rng),
            "destinationPortRange": "*" if rng.random() < 0.3 else ports(rng)}


def boxes_rule(rng):
    return {"protocol": rng.choice(["Tcp", "Udp", "*"]), "sourceAddressPrefix": prefix(rng, 14),
            "destinationAddressPrefix": prefix(rng, 14), "sourcePortRange": ports(rng),
            "destinationPortRange": ports(rng)}


def tagged_rule(rng):
    rule = firewall_rule(rng)
    rule[rng.choice(["sourceAddressPrefix", "destinationAddressPrefix"])] = rng.choice(TAGS).replace(
        "westeurope", "WestEurope")
    return rule


NSGS = {"firewall": firewall_rule, "boxes": boxes_rule, "tagged": tagged_rule}


def rule_list(rng, make, size):
    rules = []
    for i in range(size):
        rule = make(rng)
        rule.update(access=rng.choice(["Allow", "Deny"]), direction="Inbound" if i % 2 else "Outbound",
                    priority=100 + i // 2)
        rules.append({"name": "r%d" % i, "properties": rule})
    return rules


def edit(rng, make, rules):
    for _ in range(max(1, len(rules) // 10)):
        change = rng.choice(rules)["properties"]
        fresh = make(rng)
        change.update({key: fresh[key] for key in fresh})
    return rules


def nsg(shape, seed, size):
    edited = shape.startswith("edited-")
    make = NSGS[shape.replace("edited-", "")]
    rules = rule_list(random.Random(seed), make, size)
    if edited:
        rules = edit(random.Random(seed + 1), make, rules)
    return json.dumps({"name": "nsg-stress", "properties": {"securityRules": rules}}, indent=1)


def main():
    parser = argparse.ArgumentParser(description="inputs built to blow packet sets up")
    parser.add_argument("shape", choices=sorted(POLICIES) + sorted(NSGS) + ["edited-" + s for s in sorted(NSGS)])
    parser.add_argument("--size", type=int, default=200, help="intents or rules")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.shape in POLICIES:
        lines = POLICIES[options.shape](random.Random(options.seed), options.size)
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        sys.stdout.write(nsg(options.shape, options.seed, options.size) + "\n")


if __name__ == "__main__":
    main()
