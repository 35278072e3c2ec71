#!/usr/bin/env python3
"""Bicep against the ARM template of the same policy: for the examples, the golden cases and random policies, every symbol is
declared once and used, and what the file says, put back into ARM's form, is what azuredeploy.json says, member by
member; the order of deployment that follows from its symbols is that of dependsOn, and no dependsOn says what a symbol
says. The security rules are also those of the NSGs' REST bodies. With the packages of contrib/install-checkers.sh
also: a Bicep grammar. Prints TAP."""

import json
import pathlib
import re
import sys
import tempfile

import bicep
import checkers
import networks

FUNCTIONS = {"resourceId", "resourceGroup", "subscription", "subscriptionResourceId"}


# ---- symbols ----

def everything(file):
    for declaration in [*file.params.values(), *file.variables.values(), *file.outputs.values()]:
        yield declaration.value
    for resource in file.resources.values():
        yield resource.body


def check_symbols(file):
    problems, names = [], set()
    for name in file.names:
        if name.lower() in names:
            problems.append(f"{name} is declared twice")
        names.add(name.lower())
    used = {ref.split(".")[0] for value in everything(file) for ref in bicep.references(value)}
    problems += [f"{name} is declared nowhere" for name in sorted(used - set(file.names))]
    existing = {symbol for symbol, resource in file.resources.items() if resource.existing}
    idle = (set(file.params) | set(file.variables) | existing) - used
    problems += [f"{name} is never used" for name in sorted(idle)]
    functions = {name for value in everything(file) for name in bicep.calls(value)}
    return problems + [f"what is {name}()?" for name in sorted(functions - FUNCTIONS)]


# ---- as ARM ----

class Arm:
    """What a Bicep file says, in ARM's form. Expressions become texts without brackets."""

    def __init__(self, file):
        self.file = file

    def segments(self, resource):
        """Expressions of the name's segments, the parent's first."""
        parent = resource.body.get("parent")
        before = self.segments(self.file.resources[parent]) if parent else []
        return before + [self.expression(resource.body["name"])]

    def scope(self, resource):
        parent = resource.body.get("parent")
        if parent:
            return self.scope(self.file.resources[parent])
        scope = resource.body.get("scope")
        return [self.expression(argument) for argument in scope.arguments] if scope else []

    def identity(self, symbol, more=()):
        """resourceId() of a resource, or of what lies inside it: pairs of type and name."""
        resource = self.file.resources[symbol]
        kind = "/".join([resource.kind] + [pair[0] for pair in more])
        names = self.segments(resource) + ["'%s'" % pair[1].replace("'", "''") for pair in more]
        return "resourceId(%s)" % ", ".join(self.scope(resource) + ["'%s'" % kind] + names)

    def reference(self, ref):
        name, _, prop = ref.partition(".")
        if name in self.file.params:
            return f"parameters('{name}')"
        if name in self.file.variables:
            return f"variables('{name}')"
        assert prop == "id", ref
        return self.identity(name)

    def template(self, value):
        parts = value.parts
        first = parts[1] if isinstance(parts[1], bicep.Ref) else ""
        if parts[0] == "" and first.endswith(".id") and len(parts) == 3:
            path = parts[2].split("/")[1:]
            return self.identity(first[:-3], list(zip(path[::2], path[1::2])))
        form, arguments = "", []
        for i, part in enumerate(parts):
            form += part if i % 2 == 0 else "{%d}" % (i // 2)
            if i % 2:
                arguments.append(self.expression(part))
        return "format(%s)" % ", ".join([self.expression(form)] + arguments)

    def expression(self, value):
        if isinstance(value, bicep.Ref):
            return self.reference(value)
        if isinstance(value, bicep.Template):
            return self.template(value)
        if isinstance(value, bicep.Call):
            text = "%s(%s)" % (value.name, ", ".join(map(self.expression, value.arguments)))
            return text + ("." + value.prop if value.prop else "")
        if isinstance(value, str):
            return "'%s'" % value.replace("'", "''")
        if isinstance(value, bool):
            return "true()" if value else "false()"
        return str(value)

    def value(self, value):
        if isinstance(value, (bicep.Ref, bicep.Template, bicep.Call)):
            return f"[{self.expression(value)}]"
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, str) and value.startswith("[") and value.endswith("]") and len(value) > 1:
            return "[" + value
        return value

    def name(self, resource):
        """As the writer of ARM puts segments together."""
        segments = self.segments(resource)
        if len(segments) == 1:
            return self.value(resource.body["name"])
        if all(segment.startswith("'") for segment in segments):
            return "/".join(segment[1:-1].replace("''", "'") for segment in segments)
        holes = "/".join("{%d}" % i for i in range(len(segments)))
        return "[format('%s', %s)]" % (holes, ", ".join(segments))

    def resource(self, resource):
        out = {"type": resource.kind, "apiVersion": resource.api, "name": self.name(resource)}
        for key, value in resource.body.items():
            if key not in ("name", "parent", "dependsOn", "scope"):
                out[key] = self.value(value)
        return out

    def params(self):
        out = {}
        for name, param in self.file.params.items():
            out[name] = {"type": param.kind}
            if param.value is not None:
                out[name]["defaultValue"] = self.value(param.value)
            if param.description:
                out[name]["metadata"] = {"description": param.description}
        return out

    def outputs(self):
        return {name: {"type": output.kind, "value": self.value(output.value)}
                for name, output in self.file.outputs.items()}


# ---- order ----

def needs_of(file, resource):
    """Resources of this file that the symbols of one name, not counting dependsOn."""
    body = {key: value for key, value in resource.body.items() if key != "dependsOn"}
    named = {ref.split(".")[0] for ref in bicep.references(body)}
    out = set()
    for name in named & set(file.resources):
        if file.resources[name].existing:
            out |= needs_of(file, file.resources[name])
        else:
            out.add(name)
    return out


def closure(direct):
    done = {}

    def visit(name, path):
        if name in path:
            raise bicep.Fault(f"{name} waits for itself")
        if name not in done:
            done[name] = set(direct[name]).union(*[visit(other, path | {name}) for other in direct[name]])
        return done[name]

    return {name: visit(name, frozenset()) for name in direct}


def check_order(file, arm, template):
    problems, symbols, implied, direct = [], {}, {}, {}
    for symbol, resource in file.resources.items():
        if not resource.existing:
            implied[symbol] = needs_of(file, resource)
            symbols["[" + arm.identity(symbol) + "]"] = symbol
    for symbol, needs in implied.items():
        said = set(file.resources[symbol].body.get("dependsOn", []))
        rest = closure({s: implied[s] | (set(file.resources[s].body.get("dependsOn", [])) if s != symbol else set())
                        for s in implied})
        problems += [f"{symbol}: dependsOn {name} is needless" for name in said & rest[symbol]]
        direct[symbol] = needs | said
    wanted = {}
    for symbol, resource in zip(implied, template["resources"]):
        wanted[symbol] = {symbols.get(name, name) for name in resource.get("dependsOn", [])}
    got, want = closure(direct), closure(wanted)
    return problems + [f"{s} waits for {sorted(got[s])}, not {sorted(want[s])}" for s in got if got[s] != want[s]]


# ---- all of it ----

def differences(where, got, want):
    if type(got) is not type(want):
        return [f"{where}: {got!r}, not {want!r}"]
    if isinstance(got, dict):
        if list(got) != list(want):
            return [f"{where}: {list(got)}, not {list(want)}"]
        return [d for key in got for d in differences(f"{where}.{key}", got[key], want[key])]
    if isinstance(got, list) and len(got) == len(want):
        return [d for i, item in enumerate(got) for d in differences(f"{where}[{i}]", item, want[i])]
    return [] if got == want else [f"{where}: {got!r}, not {want!r}"]


SUBNET = re.compile(r"\[format\('\{0\}/subnets/\{1\}', (.*), '([^']*)'\)\]")


def canonical(value):
    """Literal arguments of format() inside its form, as Bicep has them."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    match = SUBNET.fullmatch(value) if isinstance(value, str) else None
    return f"[format('{{0}}/subnets/{match[2]}', {match[1]})]" if match else value


def check_template(text, template):
    file, template = bicep.parse(text), canonical(template)
    arm = Arm(file)
    resources = [arm.resource(r) for r in file.resources.values() if not r.existing]
    want = [{key: value for key, value in r.items() if key != "dependsOn"} for r in template["resources"]]
    problems = check_symbols(file)
    problems += differences("parameters", arm.params(), template.get("parameters", {}))
    problems += differences("resources", resources, want)
    problems += differences("outputs", arm.outputs(), template.get("outputs", {}))
    return problems or check_order(file, arm, template)


def check_rules(files, rules):
    found = {}
    for name, text in files.items():
        if name.endswith(".bicep"):
            for resource in bicep.parse(text).resources.values():
                if resource.kind == "Microsoft.Network/networkSecurityGroups" and not resource.existing:
                    found[resource.body["name"]] = resource.body["properties"]["securityRules"]
    if set(found) != set(rules):
        return [f"groups {sorted(found)}, not {sorted(rules)}"]
    groups = ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups")
    problems = []
    for name, body in rules.items():
        for got, want in zip(found[name], body["properties"]["securityRules"]):
            for key in groups:
                if key in got["properties"] and key in want["properties"]:
                    got["properties"][key] = want["properties"][key]    # compared with the template's
            problems += differences(f"{name}.{want['name']}", got, want)
        if len(found[name]) != len(body["properties"]["securityRules"]):
            problems.append(f"{name}: {len(found[name])} rules")
    return problems


def check(case):
    pairs = [(name, "azuredeploy" + name[len("main"):-len("bicep")] + "json") for name in case.files
             if name.endswith(".bicep")]
    problems = []
    for name, template in pairs:
        try:
            problems += check_template(case.files[name], json.loads(case.files[template]))
        except bicep.Fault as fault:
            problems.append(f"{name}: {fault}")
    order = case.files.get("azuredeploy.order", "").replace("azuredeploy", "main").replace(".json\t", ".bicep\t")
    if order != case.files.get("main.order", ""):
        problems.append("main.order differs from azuredeploy.order")
    return problems or check_rules(case.files, case.rules)


def main():
    tap = networks.Tap()
    texts = []
    for case in networks.cases("bicep,arm"):
        problems = check(case)
        tap.result(f"bicep: {case.name}", problems + ([case.text] if problems else []))
        texts += [text for name, text in case.files.items() if name.endswith(".bicep")]
    name = "bicep: a grammar of Bicep takes every file"
    if checkers.missing():
        tap.skip(name, checkers.missing())
        return tap.done()
    with tempfile.TemporaryDirectory() as folder, checkers.Checkers() as tools:
        files = [pathlib.Path(folder, f"{number}.bicep") for number in range(len(texts))]
        for path, text in zip(files, texts):
            path.write_text(text, encoding="utf-8")
        good, text = tools.bicep(files)
        tap.result(name, [] if good else [text])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
