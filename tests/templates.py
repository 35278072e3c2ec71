"""Checks of deployment templates that know nothing of the compiler: references, dependencies, names, limits, and that the
rules of a template are those of the NSG files beside it.

    problems = templates.check(directory, policy_text)     a list of texts; empty when all is well

A template's expressions are parsed and evaluated with the defaults of its parameters; resourceId() gives the id that
Azure would give, with "SUBSCRIPTION" and "GROUP" for what is deployed to. References are collected from the parsed
expressions, not by searching the text.
"""

import json
import pathlib
import re

HERE = ("SUBSCRIPTION", "GROUP")
OWN = {  # what this compiler writes, in full; references to these types must lead somewhere
    "microsoft.network/applicationsecuritygroups", "microsoft.network/networksecuritygroups",
    "microsoft.network/routetables", "microsoft.network/serviceendpointpolicies", "microsoft.network/virtualnetworks",
    "microsoft.network/virtualnetworks/subnets", "microsoft.network/virtualnetworks/virtualnetworkpeerings",
    "microsoft.network/privatednszones", "microsoft.network/privatednszones/virtualnetworklinks",
    "microsoft.network/privateendpoints", "microsoft.network/privateendpoints/privatednszonegroups",
}


class Bad(Exception):
    pass


# ---- expressions ----


def tokens(text):
    at = 0
    while at < len(text):
        match = re.compile(r"\s*(?:'((?:[^']|'')*)'|([A-Za-z_]\w*)|(-?\d+)|([().,]))").match(text, at)
        if not match:
            raise Bad("cannot read expression at %r" % text[at:])
        at = match.end()
        if match.group(1) is not None:
            yield ("string", match.group(1).replace("''", "'"))
        elif match.group(2):
            yield ("name", match.group(2))
        elif match.group(3):
            yield ("number", int(match.group(3)))
        else:
            yield (match.group(4), None)


def parse(text):
    """("string", s) | ("number", n) | ("call", name, [arguments]) | ("property", base, name)"""
    rest = list(tokens(text)) + [("end", None)]

    def take(kind):
        if rest[0][0] != kind:
            raise Bad("expected %r in %r" % (kind, text))
        return rest.pop(0)[1]

    def term():
        if rest[0][0] in ("string", "number"):
            return rest.pop(0)
        name = take("name")
        take("(")
        arguments = []
        while rest[0][0] != ")":
            if arguments:
                take(",")
            arguments.append(whole())
        take(")")
        return ("call", name, arguments)

    def whole():
        value = term()
        while rest[0][0] == ".":
            take(".")
            value = ("property", value, take("name"))
        return value

    value = whole()
    take("end")
    return value


def is_expression(text):
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


class Template:
    """One file: what it declares, and the meaning of its expressions."""

    def __init__(self, document, scope):
        self.document, self.scope = document, scope
        self.used, self.refers = set(), []     # parameters; ids met since the list was emptied

    def value(self, node):
        """A JSON value with every expression replaced by what it gives."""
        if isinstance(node, dict):
            return {key: self.value(item) for key, item in node.items()}
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, str):
            return node
        if is_expression(node):
            if len(node) > 24576:
                raise Bad("an expression of %d characters" % len(node))
            return self.evaluate(parse(node[1:-1]))
        return node[1:] if node.startswith("[[") and node.endswith("]") else node

    def evaluate(self, tree):
        if tree[0] in ("string", "number"):
            return tree[1]
        if tree[0] == "property":
            if tree[1][:2] == ("call", "resourceGroup") and tree[2] == "location":
                return "LOCATION"
            raise Bad("property %s" % tree[2])
        name, arguments = tree[1], [self.evaluate(argument) for argument in tree[2]]
        if name == "parameters":
            return self.parameter(*arguments)
        if name == "format":
            return re.sub(r"\{(\d+)\}", lambda m: str(arguments[1 + int(m.group(1))]), arguments[0])
        if name == "resourceId":
            return self.resource_id(arguments)
        raise Bad("unknown function %s" % name)

    def parameter(self, name):
        declared = self.document.get("parameters", {})
        if name not in declared:
            raise Bad("parameter %s is not declared" % name)
        self.used.add(name)
        if "defaultValue" in declared[name]:
            return self.value(declared[name]["defaultValue"])
        return "GROUP" if name == "mainResourceGroup" else "SUBSCRIPTION" if name == "mainSubscription" else "<%s>" % name

    def resource_id(self, arguments):
        at = next((i for i, text in enumerate(arguments[:3]) if "/" in text), None)
        if at is None:
            raise Bad("resourceId without a type: %r" % arguments)
        subscription, group = self.scope
        if at == 2:
            subscription, group = arguments[:2]
        elif at == 1:
            group = arguments[0]
        self.refers.append(make_id(subscription, group, arguments[at], arguments[at + 1:]))
        return show_id(self.refers[-1])


def make_id(subscription, group, kind, names):
    parts = kind.split("/")
    if len(parts) != len(names) + 1:
        raise Bad("%s with %d names" % (kind, len(names)))
    return tuple(text.lower() for text in (subscription, group, kind, *names))


def show_id(identity):
    subscription, group, kind, *names = identity
    parts = kind.split("/")
    tail = "".join("/%s/%s" % pair for pair in zip(parts[1:], names))
    return "/subscriptions/%s/resourceGroups/%s/providers/%s%s" % (subscription, group, parts[0], tail)


# ---- one template ----


def needs_of(template, resource):
    """Ids that the resource refers to, and its own."""
    own = make_id(*template.scope, resource["type"], template.value(resource["name"]).split("/"))
    template.refers = []
    template.value({key: item for key, item in resource.items() if key != "dependsOn"})
    parts = resource["type"].split("/")
    if len(parts) > 2:
        template.refers.append(make_id(*template.scope, "/".join(parts[:-1]), list(own[3:-1])))
    return own, list(dict.fromkeys(template.refers))


def inline_children(template, resource, own):
    for child in resource.get("properties", {}).get("subnets", []):
        yield own[:2] + (own[2] + "/subnets",) + own[3:] + (template.value(child["name"]).lower(),)


class World:
    """What has been deployed so far, over all templates."""

    def __init__(self, policy):
        self.policy, self.done, self.problems = policy, set(), []

    def say(self, *parts):
        self.problems.append(": ".join(str(part) for part in parts))

    def foreign(self, identity):
        """May the thing be there already? Only networks that the policy calls existing, and what is not written."""
        if identity[2] not in OWN:
            return True
        return identity[2].startswith("microsoft.network/virtualnetworks") and bool(
            re.search(r"\b(network|zone)\s+%s\b[^{}]*\{[^}]*\bexisting\b" % re.escape(identity[-1]), self.policy, re.I)
            or re.search(r"\bnetwork\s+%s\b[^{}]*\{[^{}]*\bexisting\b" % re.escape(identity[3]), self.policy, re.I))

    def deploy(self, name, template):
        provides, depends, needs, order = {}, {}, {}, []
        for resource in template.document["resources"]:
            own, wanted = needs_of(template, resource)
            if own in depends or own in self.done:
                self.say(name, show_id(own), "written twice")
            for identity in (own, *inline_children(template, resource, own)):
                provides[identity] = own
            # A subnet that is there already still lies in a network that may be written.
            around = [i[:2] + (i[2].rpartition("/")[0],) + i[3:-1] for i in wanted if i[2].endswith("/subnets")]
            needs[own], order = wanted + around, order + [own]
            template.refers = []
            template.value(resource.get("dependsOn", []))
            depends[own] = template.refers
            if len(set(depends[own])) != len(depends[own]):
                self.say(name, show_id(own), "depends on something twice")
        reach = self.closure(name, depends)
        self.check_serial(name, order, reach)
        for own in order:
            self.check_needs(name, own, needs[own], provides, reach)
            self.check_depends(name, own, depends, needs[own], provides, reach)
        self.done.update(provides)

    def closure(self, name, depends):
        """What each resource waits for, directly or not; finds cycles and what is not there."""
        reach, open_now = {}, set()

        def visit(own):
            if own in reach:
                return reach[own]
            if own in open_now:
                self.say(name, show_id(own), "waits for itself")
                return set()
            open_now.add(own)
            found = set()
            for other in depends[own]:
                if other not in depends:
                    self.say(name, show_id(own), "depends on what the template has not", show_id(other))
                    continue
                found |= {other} | visit(other)
            open_now.discard(own)
            reach[own] = found
            return found

        for own in depends:
            visit(own)
        return reach

    def check_serial(self, name, order, reach):
        """Azure changes a network by one request at a time: its children wait for each other."""
        children = {}
        for own in order:
            if own[2].startswith("microsoft.network/virtualnetworks/"):
                children.setdefault(own[:2] + own[3:4], []).append(own)
        for siblings in children.values():
            for first, second in zip(siblings, siblings[1:]):
                if first not in reach[second]:
                    self.say(name, show_id(second), "may meet", show_id(first))

    def check_needs(self, name, own, needs, provides, reach):
        for identity in needs:
            if identity in self.done or provides.get(identity) in reach[own] or provides.get(identity) == own:
                continue
            if identity in provides:
                self.say(name, show_id(own), "does not wait for", show_id(identity))
            elif not self.foreign(identity):
                self.say(name, show_id(own), "refers to what is nowhere", show_id(identity))

    def check_depends(self, name, own, depends, needs, provides, reach):
        wanted = {provides.get(identity) for identity in needs}
        for other in depends[own]:
            siblings = len(own) > 4 and own[2].startswith("microsoft.network/virtualnetworks/") and own[3] == other[3]
            if other not in wanted and not siblings:
                self.say(name, show_id(own), "waits without need for", show_id(other))
            if any(other in reach.get(third, ()) for third in depends[own]):
                self.say(name, show_id(own), "waits anyway for", show_id(other))

    def check_frame(self, name, template):
        document = template.document
        if len(document["resources"]) > 800 or len(document.get("parameters", {})) > 256:
            self.say(name, "larger than Azure takes")
        template.refers = []
        for output in document.get("outputs", {}).values():
            template.value(output["value"])
        for identity in template.refers:
            if identity not in self.done and identity[2] in OWN and not self.foreign(identity) \
                    and not identity[2].endswith("/subnets"):
                self.say(name, "an output names what is nowhere", show_id(identity))
        unused = set(document.get("parameters", {})) - template.used
        if unused:
            self.say(name, "parameters without use", sorted(unused))


# ---- a directory ----


def load(path):
    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique)


def unique(pairs):
    if len({key for key, _ in pairs}) != len(pairs):
        raise Bad("a key twice")
    return dict(pairs)


def files_in_order(directory):
    """(name, template) for each, as they are deployed."""
    order = pathlib.Path(directory, "azuredeploy.order")
    if not order.exists():
        found = sorted(path.name for path in pathlib.Path(directory).glob("azuredeploy*.json"))
        if found != ["azuredeploy.json"]:
            raise Bad("templates without an order: %s" % found)
        return [("azuredeploy.json", Template(load(pathlib.Path(directory, found[0])), HERE))]
    out = []
    for line in order.read_text(encoding="utf-8").splitlines():
        name, group, subscription = line.split("\t")
        scope = (HERE[0] if subscription == "-" else subscription, HERE[1] if group == "-" else group)
        out.append((name, Template(load(pathlib.Path(directory, name)), scope)))
    listed, there = [name for name, _ in out], {p.name for p in pathlib.Path(directory).glob("azuredeploy*.json")}
    if set(listed) != there or len(listed) != len(there):
        raise Bad("the order lists %s, there are %s" % (listed, sorted(there)))
    return out


def without_scope(node):
    """Ids of security groups reduced to their names: a REST body has placeholders where a template has expressions."""
    if isinstance(node, dict):
        return {key: without_scope(item) for key, item in node.items()}
    if isinstance(node, list):
        return [without_scope(item) for item in node]
    match = isinstance(node, str) and re.fullmatch(r"/subscriptions/.*/applicationsecuritygroups/([^/]+)", node, re.I)
    return match.group(1).lower() if match else node


def ordered(node):
    """A value whose comparison minds the order of keys."""
    if isinstance(node, dict):
        return [(key, ordered(item)) for key, item in node.items()]
    return [ordered(item) for item in node] if isinstance(node, list) else node


def nsgs_of(template):
    for resource in template.document["resources"]:
        if resource["type"] == "Microsoft.Network/networkSecurityGroups":
            yield template.value(resource["name"]), template.value(resource)


def check_rules(directory, found, world):
    files = {path.name[:-9]: load(path) for path in pathlib.Path(directory).glob("*.nsg.json")}
    if files and sorted(files) != sorted(found):
        world.say("NSGs of the templates are %s, files %s" % (sorted(found), sorted(files)))
    for name in sorted(set(files) & set(found)):
        for key in ("location", "properties"):
            mine, theirs = (ordered(without_scope(nsg.get(key, "LOCATION"))) for nsg in (found[name], files[name]))
            if mine != theirs:
                world.say(name, key, "differs from the NSG's file")


def check(directory, policy_text):
    world = World(re.sub(r"#.*", "", policy_text))
    found = {}
    try:
        for name, template in files_in_order(directory):
            world.deploy(name, template)
            world.check_frame(name, template)
            found.update(nsgs_of(template))
        check_rules(directory, found, world)
    except Bad as bad:
        world.say(directory, bad)
    return world.problems
