"""Policies whose networks are written, for the tests of Terraform and Bicep: the examples, the golden cases and
random ones. Each is compiled; `rules` is what its NSGs say as REST bodies, the form the others are compared with."""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
SEED = 4
COUNT = 8 if os.environ.get("MLN_SANITIZED") else 40

sys.path.insert(0, str(SOURCE / "tests" / "prop"))
import generate  # noqa: E402  pylint: disable=wrong-import-position


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for problem in problems[:40]:
            for line in str(problem).splitlines()[:40]:
                print("# " + line)

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}")

    def done(self):
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0


def compile_policy(path, emit, folder, *options):
    """The files as a dictionary; None when the policy is refused."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": "1793491200"}
    environment.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
    command = [MLNSGC, "compile", "--emit=" + emit, "-o", str(folder), *options, str(path)]
    done = subprocess.run(command, env=environment, cwd=pathlib.Path(path).parent, capture_output=True, timeout=300)
    if done.returncode == 2:
        return None
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[:4000]}")
    return {file.name: file.read_text(encoding="utf-8") for file in pathlib.Path(folder).iterdir()
            if file.name != "MANIFEST"}


# ---- networks with everything a policy can say of them ----

KINDS = [("storage-account", "blob", 1), ("storage-account", "file", 1), ("key-vault", "vault", 1),
         ("container-registry", "registry", 2), ("ml-workspace", "amlworkspace", 3), ("aks-cluster", "management", 1),
         ("monitor-scope", "azuremonitor", 9), ("event-hubs", "namespace", 1), ("service-bus", "namespace", 1)]


def random_zone(rng, i, k):
    items = []
    if rng.random() < 0.2:
        items.append(rng.choice(["existing", 'existing nsg "shared-%d"' % i]))
    if rng.random() < 0.2:
        items.append("service-endpoint Microsoft.Storage" + rng.choice(["", ' only "/services/Azure/Batch"',
                                                                        ' only "/subscriptions/s/x", r0']))
    if rng.random() < 0.2:
        items.append('delegation "Microsoft.Web/serverFarms"')
    if rng.random() < 0.2:
        items.append("egress 20.7.%d.%d" % (i, k))
    if rng.random() < 0.3:
        items.append(rng.choice(["route 0.0.0.0/0 to internet", "route 0.0.0.0/0 to none", "route Storage to internet",
                                 "route 10.%d.0.0/16 to appliance 10.%d.0.4" % (rng.randrange(4), i)]))
    if rng.random() < 0.2:
        items.append("nsg none")
    if rng.random() < 0.2:
        items.append('subnet "the.%d_net-"' % k if rng.random() < 0.1 else 'subnet "the.%d_net"' % k)
    return "    zone %s 10.%d.%d.0/24 { %s }" % ("abc"[k] + rng.choice(["", "_x", "-x"]), i, k, "  ".join(items))


def random_networks(rng):
    """The text of a policy; it may be refused."""
    lines, zones, count = [], [], rng.choice([1, 2, 3, 4])
    for i in range(count):
        name = rng.choice(["net%d" % i, "n-%d" % i, "N%dx" % i, "x-y", "x_y", "x.y".replace(".", "__")])
        lines.append("network %s 10.%d.0.0/16 {" % (name, i))
        if rng.random() < 0.6:
            lines.append("    region " + rng.choice(["westeurope", "northeurope"]))
        if rng.random() < 0.4:
            lines.append("    resource-group " + rng.choice(['"rg one"', '"rg-one"', '"(two)"']))
        if rng.random() < 0.15:
            lines.append('    subscription "s-%d"' % rng.randrange(2))
        if rng.random() < 0.25:
            lines.append("    existing")
            if rng.random() < 0.5:
                lines.append('    id "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v%d"' % i)
        if rng.random() < 0.2:
            lines.append("    dns 10.%d.0.9" % rng.randrange(count))
        for k in range(rng.choice([1, 2, 3])):
            lines.append(random_zone(rng, i, k))
            zones.append(name + "." + lines[-1].split()[1])
        lines.append("}")
    names = [line.split()[1] for line in lines if line.startswith("network")]
    for i, first in enumerate(names):
        for second in names[i + 1:]:
            if rng.random() < 0.6:
                lines.append("peer %s with %s%s" % (first, second, rng.choice(["", " { gateway %s }" % second])))
    for i in range(rng.choice([0, 1, 2, 3])):
        kind, sub, members = rng.choice(KINDS)
        zone = rng.choice(zones)
        at = ""
        if rng.random() < 0.6:
            base = "10.%d.%s" % (names.index(zone.split(".")[0]), "abc".index(zone.split(".")[1][0]))
            at = " at " + ", ".join("%s.%d" % (base, 20 + 10 * i + m) for m in range(members))
        lines.append("resource r%d %s { endpoint %s in %s%s %s }" % (
            i, kind, sub, zone, at, rng.choice(["", 'name "n%d$"' % i, 'id "/x/%d"' % i, "region northeurope"])))
        for frm in rng.sample(zones, min(len(zones), 2)):
            if rng.random() < 0.8:
                lines.append('allow https from %s to r%d because "%s"' % (
                    frm, i, rng.choice(["plain", "\\${a} %{b}", "it's \\\"quoted\\\" \\\\", "two\\nlines\\t", "\u00e9\u4e2d"])))
    for i in range(rng.choice([0, 1, 2])):
        lines.append("asg %s in %s" % (rng.choice(["g-h", "g_h", "G%d" % i]), rng.choice(zones)))
        lines.append("allow tcp %d from %s to %s" % (1000 + i, lines[-1].split()[1], rng.choice(zones)))
    return "\n".join(lines) + "\n"


# ---- cases ----

class Case:
    def __init__(self, name, files, rules, world=None):
        self.name, self.files, self.rules, self.world = name, files, rules, world


def fixed_policies():
    yield from sorted((SOURCE / "examples").glob("*/policy.mlp"))
    for path in sorted((SOURCE / "tests" / "golden" / "compile").glob("*/policy.mlp")):
        if not (path.parent / "exit").exists():
            yield path


def options_beside(path):
    options, tags = path.parent / "options", path.parent / "ServiceTags_abridged.json"
    lines = options.read_text().splitlines() if options.exists() else []
    lines += [f"--tags={tags}"] if tags.exists() else []
    return [line for line in lines
            if line and not line.startswith(("#", "--emit", "-o", "--lock", "-M", "--prune", "--nsg"))]


def one_case(name, path, emit, world, box, *options):
    files = compile_policy(path, emit, pathlib.Path(box, "out"), *options)
    if files is None:
        return None
    nsgs = compile_policy(path, "nsg", pathlib.Path(box, "nsg"), *options)
    rules = {body["name"]: body for body in map(json.loads, nsgs.values())}
    return Case(name, files, rules, world)


def random_case(seed, emit, box):
    rng = random.Random(seed)
    world = None
    if seed % 3 == 0:
        world = generate.Generator(rng).make()
        text = world.render()[0]
    else:
        text = random_networks(rng)
    path = pathlib.Path(box, "policy.mlp")
    path.write_text(text, encoding="utf-8")
    case = one_case(f"random policy {seed}", path, emit, world, box)
    if case:
        case.text = text
    return case


def worlds(emit, count, seed=SEED * 100000):
    """Random worlds with private endpoints, until `count` were accepted."""
    while count:
        world = generate.Generator(random.Random(seed)).make()
        seed += 1
        if not world.resources:
            continue
        with tempfile.TemporaryDirectory() as box:
            path = pathlib.Path(box, "policy.mlp")
            path.write_text(world.render()[0], encoding="utf-8")
            case = one_case(f"random world {seed - 1}", path, emit, world, box)
        if case:
            case.text = world.render()[0]
            count -= 1
            yield case


def cases(emit, count=COUNT, seed=SEED * 1000):
    """All of them, the random ones until `count` were accepted."""
    for path in fixed_policies():
        with tempfile.TemporaryDirectory() as box:
            name, options = str(path.parent.relative_to(SOURCE)), options_beside(path)
            text = path.read_text()
            case = one_case(name, path, emit, None, box, *options)
            if not case and re.search("^network n ", text, re.M):   # too short a name for a template
                text = re.sub(r"(?<![\w.$-])n(?![\w-])", "net", text)
                long = pathlib.Path(box, "policy.mlp")
                long.write_text(text)
                case = one_case(name, long, emit, None, box, *options)
            if case:
                case.text = text
                yield case
    accepted = 0
    while accepted < count:
        with tempfile.TemporaryDirectory() as box:
            case = random_case(seed, emit, box)
        seed += 1
        if case:
            accepted += 1
            yield case
