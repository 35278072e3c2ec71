#!/usr/bin/env python3
"""The importer reads one NSG alike in every shape it comes in. Prints TAP.

One base NSG and network are written in many ways: as REST bodies, as az prints them, as templates with parameters,
variables, loops, nested deployments and symbolic names. What is read must be the same each time. Then a table of
expressions with the values that Azure's documentation gives, what must be refused, and templates made to explode."""

import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("builddir", ".")).resolve()
DUMP = pathlib.Path(os.environ.get("DUMP_IMPORT", BUILD / "tests/conformance/dump_import"))
RESULTS = []
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
NSG = "Microsoft.Network/networkSecurityGroups"
GROUP = "/subscriptions/s1/resourceGroups/g1"


def check(name, good, detail=""):
    RESULTS.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(RESULTS)} - {name}")
    if not good and detail:
        for line in str(detail).splitlines()[:20]:
            print(f"# {line}")


def run(texts, options=(), limit=60):
    """The dumps of several texts in one run."""
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for number, text in enumerate(texts):
            path = pathlib.Path(directory) / f"{number}.json"
            path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
            paths.append(str(path))
        done = subprocess.run([DUMP, *options, *paths], capture_output=True, timeout=limit, check=False)
        if done.returncode != 0:
            return [{"crash": done.returncode, "stderr": done.stderr.decode(errors="replace")[-2000:]}] * len(texts)
        return [json.loads(line) for line in done.stdout.splitlines()]


def slugs(dump):
    return [d["slug"] for d in dump.get("diagnostics", [])]


def rule(name, priority, direction="Inbound", access="Allow", protocol="Tcp", src="*", dst="*", port="443", **more):
    fields = {"priority": priority, "direction": direction, "access": access, "protocol": protocol,
              "sourcePortRange": "*"}
    fields["sourceAddressPrefixes" if isinstance(src, list) else "sourceAddressPrefix"] = src
    fields["destinationAddressPrefixes" if isinstance(dst, list) else "destinationAddressPrefix"] = dst
    fields["destinationPortRanges" if isinstance(port, list) else "destinationPortRange"] = port
    return {"name": name, "properties": {**fields, **more}}


RULES = [
    rule("https", 100, src="Internet", description="the web"),
    rule("ssh", 110, src=["10.0.0.0/24", "10.2.0.0/24"], port=["22", "2200-2210"]),
    rule("deny-udp", 200, access="Deny", protocol="Udp", src="VirtualNetwork", dst="10.0.1.0/24", port="53"),
    rule("out", 100, direction="Outbound", protocol="*", dst="AzureCloud", port="*"),
]


def nsg(rules=None, **more):
    return {"name": "web", "type": NSG, "location": "westeurope",
            "properties": {"securityRules": RULES if rules is None else rules}, **more}


def template(resources, **more):
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": resources, **more}


def meaning(dump, place=False):
    """What a dump says about NSGs: not their ids, nor where they are."""
    return [{k: v for k, v in n.items() if k in ("name", "rules", "incomplete") or (place and k == "location")}
            for n in dump.get("nsgs", [])]


# ---- shapes ----

def flat(resource):
    """As az prints it: properties inside out, null for absent."""
    out = {k: v for k, v in resource.items() if k != "properties"}
    out.update(resource.get("properties", {}))
    if "securityRules" in out:
        out["securityRules"] = [{**flat(r), "description": r["properties"].get("description"),
                                 "sourceApplicationSecurityGroups": None, "provisioningState": "Succeeded"}
                                for r in out["securityRules"]]
    out["resourceGroup"] = "g1"
    return out


def echoed(resource):
    """With "" and [] beside the field that counts, as Azure answers."""
    out = copy.deepcopy(resource)
    for r in out["properties"]["securityRules"]:
        p = r["properties"]
        for one, many in (("sourceAddressPrefix", "sourceAddressPrefixes"), ("sourcePortRange", "sourcePortRanges"),
                          ("destinationAddressPrefix", "destinationAddressPrefixes"),
                          ("destinationPortRange", "destinationPortRanges")):
            p.setdefault(one, "")
            p.setdefault(many, [])
    return out


def upper_keys(value):
    if isinstance(value, dict):
        return {k[0].upper() + k[1:]: upper_keys(v) for k, v in value.items()}
    return [upper_keys(v) for v in value] if isinstance(value, list) else value


def words(resource, change):
    out = copy.deepcopy(resource)
    for r in out["properties"]["securityRules"]:
        for key in ("direction", "access", "protocol"):
            r["properties"][key] = change(r["properties"][key])
    return out


def with_id(resource):
    return {**resource, "id": f"{GROUP}/providers/{NSG}/web", "etag": "W/\"1\""}


def bare_rules():
    return [{**r, "type": f"{NSG}/securityRules", "id": f"{GROUP}/providers/{NSG}/web/securityRules/{r['name']}"}
            for r in RULES]


def get_az_resource():
    return [upper_keys({"name": "web", "type": NSG, "id": f"{GROUP}/providers/{NSG}/web", "location": "westeurope",
                        "resourceType": NSG, "properties": {"securityRules": RULES}}),
            {"Name": "lb", "Type": "Microsoft.Network/loadBalancers", "Properties": {}}]


def plain_shapes():
    base = nsg()
    yield "REST body", base
    yield "PUT body without name and type", {"location": "westeurope", "properties": base["properties"]}
    yield "GET answer", with_id(base)
    yield "GET answer with empty twins", echoed(with_id(base))
    yield "az network nsg show", flat(with_id(base))
    yield "az network nsg list", [flat(with_id(base))]
    yield "az network nsg create", {"NewNSG": with_id(base)}
    yield "list answer", {"value": [with_id(base)]}
    yield "array", [base]
    yield "words in upper case", words(base, str.upper)
    yield "words in lower case", words(base, str.lower)
    yield "keys as PowerShell writes them", upper_keys(with_id(base))
    yield "Get-AzResource", get_az_resource()
    yield "rules by themselves", bare_rules()
    yield "rules by themselves, az", [flat(r) for r in bare_rules()]
    yield "inline and by themselves", [with_id(base), *bare_rules()]
    yield "rules before their NSG", [*bare_rules(), with_id(nsg([]))]


def plain_texts():
    text = json.dumps(nsg(), indent=2)
    yield "comments", "// first\n" + text.replace('"location"', '/* here */ "location"') + "\n// last"
    yield "commas too many", text.replace("}\n", "},\n").rstrip().rstrip(",").replace("},\n}", "},\n}")
    yield "a line break in a string", text.replace("the web", "the\nweb").replace('"the\nweb"', '"the\nweb"')
    yield "a member twice", text.replace('"location": "westeurope"', '"location": "westeurope", "location":"westeurope"')
    yield "a byte order mark", "\ufeff" + text


# ---- templates ----

def child(r, name):
    return {"type": f"{NSG}/securityRules", "apiVersion": "2024-05-01", "name": name, "properties": r["properties"]}


def deployment(inner, scope, parameters=None, **more):
    properties = {"mode": "Incremental", "template": inner}
    if scope:
        properties["expressionEvaluationOptions"] = {"scope": scope}
    if parameters is not None:
        properties["parameters"] = {k: {"value": v} for k, v in parameters.items()}
    return {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
            "properties": properties, **more}


def expressed(rules):
    """The rules with their values in variables and parameters."""
    out = copy.deepcopy(rules)
    out[0]["properties"]["destinationPortRange"] = "[string(parameters('port'))]"
    out[0]["properties"]["sourceAddressPrefix"] = "[if(equals(parameters('open'), true()), 'Internet', 'broken')]"
    out[1]["properties"]["sourceAddressPrefixes"] = "[variables('net').admins]"
    out[2]["properties"]["access"] = "[concat('De', toLower('NY'))]"
    out[2]["properties"]["priority"] = "[add(100, mul(10, 10))]"
    return out


PARAMETERS = {"port": {"type": "int", "defaultValue": 443}, "open": {"type": "bool", "defaultValue": True},
              "name": {"type": "string", "defaultValue": "web"}}
VARIABLES = {"net": {"admins": "[split('10.0.0.0/24,10.2.0.0/24', ',')]"}, "nsgName": "[parameters('NAME')]"}


def columns():
    """Rules as data for a loop."""
    return [{"n": r["name"], **r["properties"]} for r in (rule("r1", 100, port="1"), rule("r2", 110, port="2"),
                                                          rule("r3", 120, port="3"))]


def looped(base):
    """A property loop that makes three rules."""
    body = {k: f"[variables('rows')[copyIndex('securityRules')].{k}]" for k in base[0] if k != "n"}
    loop = {"name": "securityRules", "count": "[length(variables('rows'))]",
            "input": {"name": "[variables('rows')[copyIndex('securityRules')].n]", "properties": body}}
    return template([{"type": NSG, "name": "web", "properties": {"copy": [loop]}}], variables={"rows": base})


def template_shapes():
    base = nsg()
    yield "template", template([base])
    yield "template without schema", {"resources": [base]}
    yield "export answer", {"value": template([base])}
    yield "exportTemplate answer", {"template": template([base])}
    yield "Blueprint artifact", {"kind": "template", "properties": {"template": template([base])}}
    yield "deployment", {"properties": {"mode": "Incremental", "template": template(
        [{**base, "name": "[parameters('n')]"}], parameters={"n": {"type": "string"}}),
        "parameters": {"n": {"value": "web"}}}}
    yield "parameters and variables", template([{**nsg(expressed(RULES)), "name": "[variables('nsgName')]"}],
                                               parameters=PARAMETERS, variables=VARIABLES)
    yield "the list in a variable", template([{**base, "properties": {"securityRules": "[variables('r')]"}}],
                                             variables={"r": RULES})
    yield "all properties in a variable", template([{**base, "properties": "[variables('p')]"}],
                                                   variables={"p": base["properties"]})
    yield "symbolic names", template({"web": base, "old": {**base, "name": "old", "existing": True}},
                                     languageVersion="2.0")
    yield "children inside", template([{**nsg([]), "resources": [
        {**child(r, r["name"]), "type": "securityRules"} for r in RULES]}])
    yield "children beside", template([nsg([]), *[child(r, "web/" + r["name"]) for r in RULES]])
    yield "children before", template([*[child(r, f"[concat(variables('w'), '/{r['name']}')]") for r in RULES],
                                       {**nsg([]), "name": "[variables('w')]"}], variables={"w": "web"})
    yield "export with inline and child", template([base, *[child(r, "web/" + r["name"]) for r in RULES]])
    yield "condition false", template([base, {**base, "name": "other", "condition": False},
                                       {**base, "name": "third", "condition": "[equals(1, 2)]"}])
    yield "nested, outer scope", template([deployment(template([{**base, "name": "[variables('n')]"}]), None)],
                                          variables={"n": "web"})
    yield "nested, inner scope", template([deployment(template(
        [{**base, "name": "[parameters('n')]"}], parameters={"n": {"type": "string"}}), "inner",
        {"n": "[variables('n')]"})], variables={"n": "web"})
    yield "two levels", template([deployment(template([deployment(template([base]), "Inner")]), "inner")])
    yield "a user's function", template(
        [{**base, "name": "[my.name('w', 'b')]"}],
        functions=[{"namespace": "my", "members": {"name": {"parameters": [
            {"name": "a", "type": "string"}, {"name": "b", "type": "string"}],
            "output": {"type": "string", "value": "[concat(parameters('a'), 'e', parameters('b'))]"}}}}])


def loop_shapes():
    rows = columns()
    rules = [{"name": r["n"], "properties": {k: v for k, v in r.items() if k != "n"}} for r in rows]
    yield "written out", nsg(rules)
    yield "property loop", looped(rows)
    yield "variable loop", template([{"type": NSG, "name": "web", "properties": {"securityRules": "[variables('r')]"}}],
                                    variables={"copy": [{"name": "r", "count": 3, "input": {
                                        "name": "[format('r{0}', copyIndex('r', 1))]",
                                        "properties": {**rules[0]["properties"],
                                                       "priority": "[add(100, mul(10, copyIndex('r')))]",
                                                       "destinationPortRange": "[string(copyIndex('r', 1))]"}}}]})
    yield "resource loop", template([nsg([]), {
        **child(rules[0], "[concat('web/r', copyIndex(1))]"), "copy": {"name": "loop", "count": 3},
        "properties": {**rules[0]["properties"], "priority": "[add(100, mul(10, copyIndex()))]",
                       "destinationPortRange": "[string(add(copyIndex('loop'), 1))]"}}])


def test_shapes():
    wanted = meaning(run([nsg()])[0])
    check("the base has its rules", len(wanted) == 1 and len(wanted[0]["rules"]) == 4, wanted)
    shapes = [*plain_shapes(), *template_shapes()]
    for (name, _), dump in zip(shapes, run([text for _, text in shapes])):
        got = meaning(dump)
        if name.startswith("PUT body"):
            got[0]["name"] = "web"
        check(name, got == wanted and not slugs(dump), json.dumps([slugs(dump), got])[:900])
    texts = list(plain_texts())
    for (name, _), dump in zip(texts, run([text for _, text in texts])):
        odd = [] if "mark" in name else ["json-relaxed"]
        check(name, [n["name"] for n in dump.get("nsgs", [])] == ["web"] and slugs(dump) == odd and
              len(dump["nsgs"][0]["rules"]) == 4, json.dumps(dump)[:900])
    loops = list(loop_shapes())
    dumps = run([text for _, text in loops])
    for (name, _), dump in zip(loops, dumps):
        check(name, meaning(dump) == meaning(dumps[0]) and len(dump["nsgs"][0]["rules"]) == 3 and not slugs(dump),
              json.dumps(dump)[:900])


# ---- networks ----

def network_forms():
    ids = f"{GROUP}/providers/Microsoft.Network"
    vnet = {"type": "Microsoft.Network/virtualNetworks", "name": "hub", "id": f"{ids}/virtualNetworks/hub",
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
                {"name": "a", "id": f"{ids}/virtualNetworks/hub/subnets/a", "properties": {
                    "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": f"{ids}/networkSecurityGroups/web"},
                    "routeTable": {"id": f"{ids}/routeTables/rt"}}},
                {"name": "b", "id": f"{ids}/virtualNetworks/hub/subnets/b",
                 "properties": {"addressPrefixes": ["10.0.1.0/24", "fd00::/64"]}}]}}
    table = {"type": "Microsoft.Network/routeTables", "name": "rt", "id": f"{ids}/routeTables/rt", "properties": {
        "routes": [{"name": "all", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance",
                                                  "nextHopIpAddress": "10.0.0.4"}},
                   {"name": "tag", "properties": {"addressPrefix": "Storage", "nextHopType": "internet"}}]}}
    subnets = vnet["properties"]["subnets"]
    apart = {**vnet, "properties": {"addressSpace": vnet["properties"]["addressSpace"]}}
    yield "deployed", [vnet, table, with_id(nsg())]
    yield "subnets by themselves", [*[{**s, "type": "Microsoft.Network/virtualNetworks/subnets"} for s in subnets],
                                    apart, table, with_id(nsg())]
    yield "template", symbolic(template([no_id(vnet), no_id(table), nsg()]))
    yield "template, subnets beside", symbolic(template(
        [no_id(apart), *[{**no_id(s), "type": "Microsoft.Network/virtualNetworks/subnets", "name": f"hub/{s['name']}"}
                         for s in subnets], no_id(table), nsg()]))
    yield "template, subnets inside", symbolic(template(
        [{**no_id(apart), "resources": [{**no_id(s), "type": "subnets"} for s in subnets]}, no_id(table), nsg()]))
    yield "both (an export)", symbolic(template(
        [no_id(vnet), *[{**no_id(s), "type": "Microsoft.Network/virtualNetworks/subnets", "name": f"hub/{s['name']}"}
                        for s in subnets], no_id(table), nsg()]))
    yield "ids from a module's outputs", symbolic(template([
        deployment(template([nsg()], outputs={"id": {"type": "string", "value":
                                                     "[resourceId('Microsoft.Network/networkSecurityGroups', 'web')]"}}),
                   "inner"), no_id(table), with_nsg(no_id(vnet),
                                                    "[reference(resourceId('Microsoft.Resources/deployments', 'inner'))"
                                                    ".outputs.id.value]")]))


def with_nsg(vnet, expression):
    out = copy.deepcopy(vnet)
    out["properties"]["subnets"][0]["properties"]["networkSecurityGroup"]["id"] = expression
    return out


def no_id(resource):
    out = {k: v for k, v in resource.items() if k != "id"}
    if "subnets" in out.get("properties", {}):
        out["properties"] = {**out["properties"], "subnets": [no_id(s) for s in out["properties"]["subnets"]]}
    return out


def symbolic(value):
    """Ids as resourceId() calls."""
    prefix = f"{GROUP}/providers/"
    if isinstance(value, str) and value.startswith(prefix):
        parts = value[len(prefix):].split("/")
        return f"[resourceId('{parts[0]}/{parts[1]}', '{parts[2]}')]"
    if isinstance(value, dict):
        return {k: symbolic(v) for k, v in value.items()}
    return [symbolic(v) for v in value] if isinstance(value, list) else value


def topology(dump):
    return [[n["name"], n["prefixes"], [[s["name"], s["prefixes"], s["nsg"], s.get("routes")] for s in n["subnets"]]]
            for n in dump.get("networks", [])] + [dump.get("routeTables")]


def test_networks():
    forms = list(network_forms())
    dumps = run([text for _, text in forms])
    wanted = topology(dumps[0])
    check("a network, its NSG and its routes", wanted[0][2] == [["a", ["10.0.0.0/24"], 0, "rt"],
                                                               ["b", ["10.0.1.0/24", "fd00::/64"], -1, None]] and
          [r.get("to") for r in wanted[1][0]["routes"]] == ["0.0.0.0/0", "Storage"], wanted)
    for (name, _), dump in zip(forms, dumps):
        check(f"network: {name}", topology(dump) == wanted and not slugs(dump),
              json.dumps([topology(dump), slugs(dump)])[:900])


# ---- expressions ----

EXPRESSIONS = [
    # [azure-docs template-functions-string.md, -array.md, -logical.md, -comparison.md, -object.md, -numeric.md, -cidr.md]
    ("concat('a', 1, true())", "a1True"), ("format('{0}-{1}-{{x}}', 'a', 2)", "a-2-{x}"), ("format('{0:D3}', 7)", "007"),
    ("toUpper('aBc')", "ABC"), ("toLower('ABC')", "abc"), ("trim('  a b ')", "a b"), ("'it''s'", "it's"),
    ("replace('123-123-1234', '-', '')", "1231231234"), ("substring('one two three', 4, 3)", "two"),
    ("take('one two three', 2)", "on"), ("skip('one two three', 4)", "two three"), ("first('One')", "O"),
    ("last('One')", "e"), ("length('One Two')", "7"), ("padLeft('123', 5, '0')", "00123"), ("indexOf('test', 't')", "0"),
    ("lastIndexOf('test', 't')", "3"), ("indexOf('abcdef', 'CD')", "2"), ("indexOf('abc', 'z')", "-1"),
    ("startsWith('abcdef', 'AB')", "True"), ("endsWith('abcdef', 'ef')", "True"), ("contains('OneTwo', 'e')", "True"),
    ("contains('OneTwo', 'z')", "False"), ("split('one,two;three', createArray(',', ';'))[2]", "three"),
    ("join(createArray('a', 'b'), '-')", "a-b"), ("string(createObject('a', createArray(1, 'x')))", '{"a":[1,"x"]}'),
    ("length(createArray(1, 2, 3))", "3"), ("empty('')", "True"), ("empty(createArray())", "True"),
    ("contains(createArray('one', 'two'), 'two')", "True"), ("contains(createObject('One', 1), 'one')", "True"),
    ("first(createArray('a', 'b'))", "a"), ("last(range(5, 3))", "7"), ("string(range(5, 3))", "[5,6,7]"),
    ("string(take(createArray(1, 2, 3), 2))", "[1,2]"), ("string(skip(createArray(1, 2, 3), 2))", "[3]"),
    ("string(union(createArray('a', 'b'), createArray('b', 'c')))", '["a","b","c"]'),
    ("string(intersection(createArray('a', 'b'), createArray('b', 'c')))", '["b"]'),
    ("string(concat(createArray(1), createArray(2)))", "[1,2]"), ("string(array('a'))", '["a"]'),
    ("string(flatten(createArray(createArray(1), createArray(2, 3))))", "[1,2,3]"),
    ("string(union(createObject('a', 1, 'b', 2), createObject('b', 3)))", '{"a":1,"b":3}'),
    ("items(createObject('b', 1, 'a', 2))[0].key", "a"), ("string(json('{\"a\": [true, null]}'))", '{"a":[true,null]}'),
    ("coalesce(null(), 'x')", "x"), ("tryGet(createObject('a', 'v'), 'a')", "v"), ("createObject('a', 'v').?a", "v"),
    ("if(equals('a', 'a'), 'yes', 'no')", "yes"), ("if(or(false(), true()), 'yes', variables('none'))", "yes"),
    ("and(true(), false())", "False"), ("not(false())", "True"), ("equals('a', 'A')", "False"),
    ("equals(createArray(1, 2), createArray(1, 2))", "True"), ("less(1, 2)", "True"), ("greaterOrEquals(2, 2)", "True"),
    ("bool('true')", "True"), ("int('42')", "42"), ("add(5, 3)", "8"), ("sub(7, 3)", "4"), ("mul(5, 3)", "15"),
    ("div(8, 3)", "2"), ("mod(7, 3)", "1"), ("min(0, 3, 2)", "0"), ("max(createArray(0, 3, 2))", "3"),
    ("cidrSubnet('10.144.0.0/20', 24, 0)", "10.144.0.0/24"), ("cidrSubnet('10.0.0.0/16', 24, 255)", "10.0.255.0/24"),
    ("cidrSubnet('fdad:3236:5555::/48', 52, 1)", "fdad:3236:5555:1000::/52"), ("cidrHost('10.144.3.0/24', 0)", "10.144.3.1"),
    ("parseCidr('10.144.0.0/20').netmask", "255.255.240.0"), ("parseCidr('10.144.0.0/20').lastUsable", "10.144.15.254"),
    ("string(map(createArray('a', 'b'), lambda('x', concat(lambdaVariables('x'), '1'))))", '["a1","b1"]'),
    ("string(map(range(5, 2), lambda('x', 'i', add(lambdaVariables('x'), lambdaVariables('i')))))", "[5,7]"),
    ("string(filter(range(0, 5), lambda('x', greater(lambdaVariables('x'), 2))))", "[3,4]"),
    ("reduce(range(1, 4), 0, lambda('sum', 'x', add(lambdaVariables('sum'), lambdaVariables('x'))))", "10"),
    ("string(toObject(createArray('a', 'b'), lambda('x', lambdaVariables('x')), lambda('x', 1)))", '{"a":1,"b":1}'),
    ("string(map(createArray(1, 2), lambda('x', map(createArray(3), lambda('y', mul(lambdaVariables('x'), lambdaVariables('y')))))))",
     "[[3],[6]]"),
    ("parseCidr('fdad:3236:5555::/48').netmask", "ffff:ffff:ffff::"), ("variables('deep').list[1].x", "found"),
    ("variables('deep')['list'][0]", "zero"), ("VARIABLES('DEEP').List[0]", "zero"), ("parameters('p')", "default"),
    ("resourceId('A.B/c', 'n')", "/subscriptions/{subscription().subscriptionId}/resourceGroups/{resourceGroup().name}"
                                 "/providers/A.B/c/n"),
    ("resourceId('sub', 'grp', 'A.B/c/d', 'n', 'm')", "/subscriptions/sub/resourceGroups/grp/providers/A.B/c/n/d/m"),
    ("tenantResourceId('A.B/c', 'n')", "/providers/A.B/c/n"),
    # what only a deployment knows
    ("resourceGroup().location", "{resourceGroup().location}"), ("uniqueString('a')", "{uniqueString('a')}"),
    ("concat('x-', uniqueString(resourceGroup().id))", "x-{uniqueString(resourceGroup().id)}"),
    ("reference('x').y.z", "{reference('x').y.z}"), ("parameters('none')", "{parameters('none')}"),
    ("if(parameters('flag'), 'same', 'same')", "same"), ("or(parameters('flag'), true())", "True"),
    ("and(parameters('flag'), false())", "False"), ("equals(parameters('flag'), parameters('flag'))", "True"),
    ("variables('cycle')", "{variables('cycle')}"),
]


def test_expressions():
    rules = [rule(f"r{i}", 100 + i, description=f"[string({e})]") for i, (e, _) in enumerate(EXPRESSIONS)]
    whole = template([nsg(rules)], variables={"deep": {"list": ["zero", {"x": "found"}]}, "cycle": "[variables('cycle')]"},
                     parameters={"p": {"type": "string", "defaultValue": "default"}, "flag": {"type": "bool"}})
    dump = run([whole])[0]
    values = {r["name"]: r.get("description") for r in dump["nsgs"][0]["rules"]}
    for i, (expression, wanted) in enumerate(EXPRESSIONS):
        got = values.get(f"r{i}")
        same = got in (wanted, "{string(" + wanted[1:-1] + ")}") if wanted.startswith("{") and wanted.endswith("}") else got == wanted
        check(f"expression {expression}"[:120], same, f"{got!r}, not {wanted!r}")


# ---- what is not known, and what is wrong ----

# ---- network interfaces ----

NETWORK = f"{GROUP}/providers/Microsoft.Network"
ADDRESSES = f"{NETWORK}/virtualNetworks/hub/subnets/a"


def vnet_of_nics():
    return {"type": "Microsoft.Network/virtualNetworks", "name": "hub", "id": f"{NETWORK}/virtualNetworks/hub",
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16", "fd00::/48"]}, "subnets": [
                {"name": "a", "id": ADDRESSES, "properties": {"addressPrefixes": ["10.0.0.0/24", "fd00::/64"]}}]}}


def ip_configuration(address=None, **more):
    fields = {"subnet": {"id": ADDRESSES}, "privateIPAllocationMethod": "Static" if address else "Dynamic", **more}
    return {"name": "ip", "properties": {**fields, **({"privateIPAddress": address} if address else {})}}


def interface(*configurations, nsg_id=f"{NETWORK}/networkSecurityGroups/web"):
    fields = {"ipConfigurations": list(configurations), **({"networkSecurityGroup": {"id": nsg_id}} if nsg_id else {})}
    return {"type": "Microsoft.Network/networkInterfaces", "name": "nic", "id": f"{NETWORK}/networkInterfaces/nic",
            "properties": fields}


def flat_interface(nic):
    """As `az network nic show` prints it."""
    fields = {**nic["properties"], "virtualMachine": None, "dnsSettings": {"dnsServers": []}}
    fields["ipConfigurations"] = [{"name": c["name"], **c["properties"], "publicIPAddress": None,
                                   "privateIPAddressVersion": "IPv4"} for c in fields["ipConfigurations"]]
    return {**{k: v for k, v in nic.items() if k != "properties"}, **fields}


def scale_set(*configurations, kind="virtualMachineScaleSets", names=("main",)):
    made = [{"name": n, "properties": {"networkSecurityGroup": {"id": f"{NETWORK}/networkSecurityGroups/web"},
                                       "ipConfigurations": list(configurations)}} for n in names]
    network = {"networkProfile": {"networkInterfaceConfigurations": made}}
    fields = {"virtualMachineProfile": network} if kind.endswith("Sets") else network
    return {"type": f"Microsoft.Compute/{kind}", "name": "pool", "properties": fields,
            "id": f"{GROUP}/providers/Microsoft.Compute/{kind}/pool"}


def read_nic(address="10.0.0.4", name="nic", family="IPv4", many=False, asgs=(), nsg_index=0, known=True):
    return name, nsg_index, many, [(family, address, "a")], list(asgs), known


def nics_of(dump):
    return [(n["name"], n["nsg"], n["many"], [(i["family"], i.get("address"), i.get("subnet")) for i in n["ips"]],
             n["asgs"], n["asgsKnown"]) for n in dump["interfaces"]]


def in_template(*resources, **more):
    return symbolic_nics(template([no_id(vnet_of_nics()), *[no_id(r) for r in resources], nsg()], **more))


def symbolic_nics(value):
    if value == ADDRESSES:
        return "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'hub', 'a')]"
    if isinstance(value, dict):
        return {k: symbolic_nics(v) for k, v in value.items()}
    return [symbolic_nics(v) for v in value] if isinstance(value, list) else symbolic(value)


def interface_forms():
    """What is written, and what must be read of it."""
    fixed, free = interface(ip_configuration("10.0.0.4")), interface(ip_configuration())
    group = {"applicationSecurityGroups": [{"id": f"{NETWORK}/applicationSecurityGroups/apps"}]}
    fourth = "[concat('10.0.0.', string(add(copyIndex(), 4)))]"
    beside = [vnet_of_nics(), with_id(nsg())]
    yield "deployed", [*beside, fixed], [read_nic()]
    yield "before its network", [fixed, *beside], [read_nic()]
    yield "as az shows it", [*beside, flat_interface(fixed)], [read_nic()]
    yield "without a type", [*beside, {k: v for k, v in fixed.items() if k != "type"}], [read_nic()]
    yield "other case", [*beside, upper_keys(fixed)], [read_nic()]
    yield "dynamic", [*beside, free], [read_nic(None)]
    got = ip_configuration("10.0.0.9")
    got["properties"]["privateIPAllocationMethod"] = "Dynamic"
    yield "dynamic, with the address that it got", [*beside, interface(got)], [read_nic("10.0.0.9")]
    yield "IPv6", [*beside, interface(ip_configuration("fd00::5", privateIPAddressVersion="IPv6"))], \
        [read_nic("fd00::5", family="IPv6")]
    yield "IPv6, dynamic", [*beside, interface(ip_configuration(privateIPAddressVersion="IPv6"))], \
        [read_nic(None, family="IPv6")]
    yield "in a group", [*beside, interface(ip_configuration("10.0.0.4", **group))], [read_nic(asgs=["apps"])]
    yield "without an NSG", [*beside, interface(ip_configuration("10.0.0.4"), nsg_id=None)], [read_nic(nsg_index=-1)]
    yield "an NSG that is elsewhere", \
        [*beside, interface(ip_configuration("10.0.0.4"), nsg_id=f"{NETWORK}/networkSecurityGroups/x")], [read_nic(nsg_index=-1)]
    yield "nonsense for an address", [*beside, interface(ip_configuration("10.0.0.999"))], [read_nic(None)]
    yield "a prefix for an address", [*beside, interface(ip_configuration("10.0.0.0/28"))], [read_nic(None)]
    yield "template", in_template(fixed), [read_nic()]
    yield "template, dynamic", in_template(free), [read_nic(None)]
    yield "template, an address that is not known", \
        in_template(interface(ip_configuration("[parameters('ip')]")), parameters={"ip": {"type": "string"}}), [read_nic(None)]
    copies = {**interface(ip_configuration(fourth)), "name": "[concat('nic', copyIndex())]", "copy": {"name": "c", "count": 2}}
    yield "template, copies", in_template(copies), [read_nic("10.0.0.4", "nic0"), read_nic("10.0.0.5", "nic1")]
    yield "template, copies of an unknown number", \
        in_template({**copies, "copy": {"name": "c", "count": "[parameters('n')]"}}, parameters={"n": {"type": "int"}}), \
        [read_nic(None, "nic{copyIndex()}", many=True)]
    yield "template, groups that are not known", in_template(
        interface(ip_configuration("10.0.0.4", applicationSecurityGroups="[parameters('groups')]")),
        parameters={"groups": {"type": "array"}}), [read_nic(known=False)]
    yield "scale set", [*beside, scale_set(ip_configuration())], [read_nic(None, "pool", many=True)]
    yield "scale set of two", [*beside, scale_set(ip_configuration(), names=("x", "y"))], \
        [read_nic(None, "pool-x", many=True), read_nic(None, "pool-y", many=True)]
    yield "template, scale set", in_template(scale_set(ip_configuration())), [read_nic(None, "pool", many=True)]
    own = scale_set(ip_configuration(), kind="virtualMachines")
    yield "a machine that makes its own", [*beside, own], [read_nic(None, "pool")]
    yield "template, a machine that makes its own", in_template(own), [read_nic(None, "pool")]


def test_interfaces():
    forms = list(interface_forms())
    for (name, _, wanted), dump in zip(forms, run([text for _, text, _ in forms])):
        check(f"network interface: {name}", dump["good"] and nics_of(dump) == wanted,
              f"{nics_of(dump)}\n{wanted}\n{dump['diagnostics']}")


def unknown_rules():
    yield "parameter without a value", "[parameters('x')]", "sourceAddressPrefix"
    yield "state of a resource", "[concat(reference('pip').ipAddress, '/32')]", "sourceAddressPrefix"
    yield "a broken expression", "[concat('a'", None
    yield "an unknown function", "[whoKnows(1)]", "destinationPortRange"


def test_refusals():
    for name, expression, field in unknown_rules():
        bad = rule("bad", 120)
        bad["properties"][field or "sourceAddressPrefix"] = expression + ("" if field else "]")
        dump = run([template([nsg([*RULES, bad])], parameters={"x": {"type": "string"}})])[0]
        check(f"left out and said: {name}", slugs(dump) == ["rule-unknown"] and len(dump["nsgs"][0]["rules"]) == 4 and
              dump["nsgs"][0]["incomplete"], json.dumps(dump)[:600])
    given = template([nsg("[parameters('rules')]")], parameters={"rules": {"type": "array"}})
    dump = run([given])[0]
    check("a list that stays an expression", slugs(dump) == ["rule-unknown"] and dump["nsgs"][0]["incomplete"] and
          dump["nsgs"][0]["rules"] == [], json.dumps(dump)[:600])
    dump = run([given], ["--param", "rules=" + json.dumps(RULES)])[0]
    check("... and with a value", slugs(dump) == [] and len(dump["nsgs"][0]["rules"]) == 4, json.dumps(dump)[:600])
    dump = run([template([{**nsg(), "copy": {"name": "c", "count": "[parameters('n')]"}}],
                         parameters={"n": {"type": "int"}})])[0]
    check("a loop of unknown length", slugs(dump) == ["copy-unknown"] and dump["nsgs"] == [], json.dumps(dump)[:600])
    dump = run([template([{**nsg(), "condition": "[parameters('c')]"}], parameters={"c": {"type": "bool"}})])[0]
    check("an unknown condition", slugs(dump) == ["condition-unknown"] and len(dump["nsgs"]) == 1, json.dumps(dump)[:600])
    linked = {"type": "Microsoft.Resources/deployments", "name": "l", "properties": {"templateLink": {"uri": "x"}}}
    dump = run([template([linked, nsg()])])[0]
    check("a linked template", slugs(dump) == ["linked-template"] and len(dump["nsgs"]) == 1, json.dumps(dump)[:600])
    other = copy.deepcopy(RULES[0])
    other["properties"]["priority"] = 300
    dump = run([template([nsg(), child(other, "web/https")])])[0]
    check("inline and child differ", slugs(dump) == ["rule-twice"] and
          [r["priority"] for r in dump["nsgs"][0]["rules"] if r["name"] == "https"] == [300], json.dumps(dump)[:600])
    dump = run([nsg([RULES[0], {**RULES[1], "properties": {**RULES[1]["properties"], "priority": 100}}])])[0]
    check("a priority twice", slugs(dump) == ["azure-refuses"] and "SecurityRuleConflict" in
          dump["diagnostics"][0]["message"], json.dumps(dump)[:600])
    dump = run([nsg([rule("r", 100, port="443 ")])])[0]
    check("a blank behind a port", slugs(dump) == ["tolerated"] and
          dump["nsgs"][0]["rules"][0]["destinationPorts"] == [[443, 443]], json.dumps(dump)[:600])
    dump = run([template([{"type": NSG, "name": "empty"}])])[0]
    check("an NSG without properties", slugs(dump) == [] and dump["nsgs"][0]["rules"] == [], json.dumps(dump)[:600])
    dump = run(['{"location": "a", "location": "b", "properties": {}}'])[0]
    check("a member twice with two values", slugs(dump) == ["json-duplicate-key"] and not dump["good"], dump)
    test_shapes()
    dump = run([{"hello": "world"}])[0]
    check("something else", slugs(dump) == ["not-an-nsg"] and not dump["good"], dump)


def test_shapes():
    """A member of a wrong type is said, and never taken for absent."""
    net = {"name": "v", "type": "Microsoft.Network/virtualNetworks", "id": GROUP + "/v", "location": "x",
           "tags": {"name": 1, "id": [2]}, "properties": {
               "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
                   {"name": "s", "properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": "/n"},
                                                "routeTable": {"id": "/t"}}}],
               "virtualNetworkPeerings": [{"name": "p", "properties": {
                   "remoteVirtualNetwork": {"id": "/w"}, "useRemoteGateways": False, "peeringState": "Connected"}}]}}
    check("tags may have any shape", not run([net])[0]["diagnostics"])
    places = [(nsg(), [["name"], ["type"], ["location"], ["id"], ["properties"], ["properties", "securityRules"]]),
              (net, [["name"], ["type"], ["location"], ["id"], ["properties"], ["properties", "addressSpace"],
                     ["properties", "addressSpace", "addressPrefixes"], ["properties", "subnets"],
                     ["properties", "subnets", 0], ["properties", "subnets", 0, "name"],
                     ["properties", "subnets", 0, "properties"],
                     ["properties", "subnets", 0, "properties", "addressPrefix"],
                     ["properties", "subnets", 0, "properties", "networkSecurityGroup"],
                     ["properties", "subnets", 0, "properties", "networkSecurityGroup", "id"],
                     ["properties", "subnets", 0, "properties", "routeTable"],
                     ["properties", "virtualNetworkPeerings"],
                     ["properties", "virtualNetworkPeerings", 0, "properties", "remoteVirtualNetwork"],
                     ["properties", "virtualNetworkPeerings", 0, "properties", "useRemoteGateways"],
                     ["properties", "virtualNetworkPeerings", 0, "properties", "peeringState"]])]
    texts, names = [], []
    for base, paths in places:
        for path in paths:
            text = copy.deepcopy(base)
            at = text
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = 5
            texts.append([text])
            names.append(".".join(map(str, path)))
    for link, expected in (("https://x", ["one-page"]), ("", []), (None, [])):
        dump = run([{"value": [nsg()], "NextLink": link}])[0]
        check(f"a list with the next page at {link}", slugs(dump) == expected and len(dump["nsgs"]) == 1, dump)
    texts.append([nsg(), 5])
    names.append("a resource")
    for name, dump in zip(names, run(texts)):
        check(f"{name} is a number", slugs(dump) == ["json-shape"], json.dumps(dump)[:600])


def test_parameters():
    prefixes = rule("r", 100, src=[])
    prefixes["properties"]["sourceAddressPrefixes"] = "[parameters('l')]"
    text = template([{**nsg(), "name": "[concat(parameters('s'), '-', parameters('i'), '-', parameters('b'))]",
                      "properties": {"securityRules": [prefixes]}}],
                    parameters={"s": {"type": "string"}, "i": {"type": "int"}, "b": {"type": "bool"},
                                "l": {"type": "array"}})
    wanted = ("x-3-True", ["10.0.0.0/24", "10.2.0.0/24"])
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "p.json"
        path.write_text(json.dumps({"$schema": "deploymentParameters.json#", "contentVersion": "1.0.0.0", "parameters": {
            "s": {"value": "x"}, "I": {"value": 3}, "b": {"value": True}, "l": {"value": ["10.0.0.0/24", "10.2.0.0/24"]}}}))
        ways = [("a parameter file", ["--params", str(path)]),
                ("options", ["--param", "s=x", "--param", "i=3", "--param", "B=yes",
                             "--param", "l=(10.0.0.0/24, \"10.2.0.0/24\")"]),
                ("options before the file", ["--params", str(path), "--param", "s=y", "--param", "s=x"])]
        for name, options in ways:
            dump = run([text], options)[0]
            got = [(n["name"], n["rules"][0]["source"]) for n in dump["nsgs"] if n["rules"]]
            check(f"parameters by {name}", got == [wanted], json.dumps(dump)[:600])
        dump = run([text], ["--params", str(path), "--param", "i=three"])[0]
        check("a value of another type", "parameter-value" in slugs(dump), dump)


def test_command():
    """A template and its own parameter file, with an object and a secret in it, on the command line."""
    command = os.environ.get("MLNSGC")
    if not command:
        return
    text = template([nsg("[parameters('net').rules]")], parameters={
        "net": {"type": "object"}, "n": {"type": "int"}, "secret": {"type": "securestring"}})
    given = {"parameters": {"net": {"value": {"rules": [rule("ssh", 100, port="22", description="a \"b\"")]}}, "n": {"value": -4},
                            "secret": {"reference": {"keyVault": {"id": "x"}, "secretName": "y"}}}}
    with tempfile.TemporaryDirectory() as directory:
        path, params = pathlib.Path(directory) / "t.json", pathlib.Path(directory) / "p.json"
        path.write_text(json.dumps(text))
        params.write_text(json.dumps(given))
        for options, status in (([f"--params={params}"], 0), ([], 2)):
            done = subprocess.run([command, "query", "--from=203.0.113.7", "--to=web:22", "--proto=tcp", "--expect=allow",
                                   *options, str(path)], capture_output=True, timeout=60, check=False)
            check(f"query of a template {'with' if options else 'without'} its parameters", done.returncode == status,
                  done.stdout.decode() + done.stderr.decode())


# ---- bombs ----

def bombs():
    doubling = {f"v{i}": f"[concat(variables('v{i - 1}'), variables('v{i - 1}'))]" for i in range(1, 60)}
    yield "a text doubled", template([{**nsg(), "name": "[variables('v59')]"}], variables={"v0": "aaaaaaaa", **doubling})
    lists = {f"v{i}": f"[createArray(variables('v{i - 1}'), variables('v{i - 1}'))]" for i in range(1, 60)}
    yield "lists of lists", template([nsg("[variables('v59')]")], variables={"v0": "x", **lists})
    flat_lists = {f"v{i}": f"[concat(variables('v{i - 1}'), variables('v{i - 1}'))]" for i in range(1, 60)}
    yield "a list doubled", template([nsg("[variables('v59')]")], variables={"v0": [RULES[0]], **flat_lists})
    yield "a billion copies", template([{**nsg(), "copy": {"name": "c", "count": 10**9}}])
    yield "a billion rules", template([{"type": NSG, "name": "n", "properties": {"copy": [
        {"name": "securityRules", "count": 10**9, "input": RULES[0]}]}}])
    loop = {"x": 1}
    for i in range(12):
        loop = {"copy": [{"name": f"n{i}", "count": 800, "input": loop}]}
    yield "loops in loops", template([nsg("[variables('v')]")], variables={"v": loop})
    inner = template([nsg()])
    for _ in range(12):
        inner = template([{**deployment(inner, "inner"), "copy": {"name": "c", "count": 800}}])
    yield "deployments in deployments", inner
    yield "brackets", template([nsg()], variables={"v": "[" + "concat(" * 5000 + ")" * 5000 + "]"},
                               outputs={"x": {"value": "[variables('v')]"}})
    yield "brackets in a name", template([{**nsg(), "name": "[" + "concat(" * 5000 + ")" * 5000 + "]"}])
    yield "indices", template([{**nsg(), "name": "[variables('v')" + "[0]" * 20000 + "]"}], variables={"v": []})
    chain = {f"v{i}": f"[variables('v{i + 1}')]" for i in range(20000)}
    yield "a chain of variables", template([{**nsg(), "name": "[variables('v0')]"}], variables=chain)
    nest = {f"v{i}": f"[createArray(variables('v{i - 1}'))]" for i in range(1, 3000)}
    names = [{**nsg([]), "name": f"[string(length(variables('v{i}')))]"} for i in range(0, 3000, 50)]
    yield "lists in lists, from below", template(names, variables={"v0": [1], **nest})
    yield "ranges united", template([nsg("[union(range(0, 10000), range(5000, 10000))]")])
    yield "replace", template([{**nsg(), "name": "[replace(variables('a'), 'a', variables('a'))]"}],
                              variables={"a": "a" * 100000})


LARGE = ("lists of lists", "a list doubled", "loops in loops", "deployments in deployments", "ranges united")


def test_bombs():
    for name, text in bombs():
        start = time.monotonic()
        try:
            dump = run([text], limit=30)[0]
        except subprocess.TimeoutExpired:
            dump = {"crash": "timeout"}
        took = time.monotonic() - start
        check(f"bomb: {name}", "crash" not in dump and took < 20, json.dumps(dump)[:600])
        if name in LARGE:
            check("... and it is said", "template-too-large" in slugs(dump), json.dumps(dump)[:600])


def main():
    if not DUMP.exists():
        print(f"1..0 # SKIP {DUMP} is not built")
        return 0
    for test in (test_shapes, test_networks, test_interfaces, test_expressions, test_refusals, test_parameters,
                 test_command, test_bombs):
        test()
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
