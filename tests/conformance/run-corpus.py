#!/usr/bin/env python3
"""The importer against files that others wrote and Azure answered. Prints TAP; skipped where they are not at hand.

The files lie in ../shared/corpus beside the sources (or MLNSGC_SHARED/corpus) and are told in its README.md. What is expected
is worked out here, by another reading of the same JSON, or published beside the files (MANIFEST.tsv, BASELINE.tsv,
EXPECTED.tsv)."""

import collections
import csv
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parents[2])).resolve()
BUILD = pathlib.Path(os.environ.get("builddir", ".")).resolve()
DUMP = pathlib.Path(os.environ.get("DUMP_IMPORT", BUILD / "tests/conformance/dump_import"))
CORPUS = pathlib.Path(os.environ.get("MLNSGC_SHARED", SOURCE.parent / "shared")) / "corpus"
NSG = "microsoft.network/networksecuritygroups"
RESULTS = []


def check(name, good, detail=""):
    RESULTS.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(RESULTS)} - {name}")
    if not good:
        for line in str(detail).splitlines()[:12]:
            print(f"# {line[:600]}")


def dumps(paths, *options):
    done = subprocess.run([DUMP, *options, *map(str, paths)], capture_output=True, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def dump(path, *options):
    return dumps([path], *options)[0]


def load(path):
    return json.loads(path.read_text(encoding="utf-8-sig"))


def slugs(one, severity=None):
    return [d["slug"] for d in one["diagnostics"] if severity in (None, d["severity"])]


def table(name):
    with open(CORPUS / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


# ---- another reading of the rules ----

def prefix_of(text):
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def merged(prefixes):
    """Prefixes as sets of addresses, so that 10.0.0.0/25 and 10.0.0.128/25 are 10.0.0.0/24."""
    nets = [ipaddress.ip_network(p, strict=False) for p in prefixes]
    return sorted(str(n) for version in (4, 6)
                  for n in ipaddress.collapse_addresses(x for x in nets if x.version == version))


def side_of(fields, side):
    values = [v for v in [fields.get(side + "AddressPrefix")] + list(fields.get(side + "AddressPrefixes") or []) if v]
    groups = sorted(g["id"].split("/")[-1].lower() for g in fields.get(side + "ApplicationSecurityGroups") or [])
    nets = [v for v in values if prefix_of(v)]
    words = sorted(v.lower() for v in values if not prefix_of(v))
    return merged(nets), words, groups


def ports_of(fields, side):
    out = set()
    for text in [fields.get(side + "PortRange")] + list(fields.get(side + "PortRanges") or []):
        if text not in (None, ""):
            low, _, high = str(text).strip().partition("-")
            out.update([range(0, 65536)] if low == "*" else [range(int(low), int(high or low) + 1)])
    return sorted(set().union(*out))


def rule_of(rule):
    fields = rule.get("properties") or rule
    protocol = fields["protocol"].lower()
    portless = protocol in ("icmp", "esp", "ah")
    ports = (None, None) if portless else (ports_of(fields, "source"), ports_of(fields, "destination"))
    return (rule["name"].split("/")[-1].lower(), fields["direction"].lower(), int(fields["priority"]),
            fields["access"].lower(), protocol, side_of(fields, "source"), side_of(fields, "destination"), *ports)


def rules_of(nsg):
    fields = nsg.get("properties") or nsg
    return sorted(rule_of(r) for r in fields.get("securityRules") or [])


def imported_side(value):
    if isinstance(value, list):
        return merged(value), [], []
    if isinstance(value, dict):
        return [], [], [value["asg"].lower()]
    return [], [value.lower()], []


def ports_listed(ranges):
    return sorted(set().union(*[range(a, b + 1) for a, b in ranges]))


def imported_rules(nsg):
    """Alternatives of one rule (several groups, both families) come as several; they are put together again."""
    parts = collections.defaultdict(lambda: [[set(), set(), set()], [set(), set(), set()]])
    for r in nsg["rules"]:
        portless = r["protocol"] in ("Icmp", "Esp", "Ah")
        ports = (None, None) if portless else (tuple(ports_listed(r["sourcePorts"])),
                                               tuple(ports_listed(r["destinationPorts"])))
        key = (r["name"].lower(), r["direction"].lower(), r["priority"], r["access"].lower(), r["protocol"].lower(), *ports)
        for side, value in enumerate((r["source"], r["destination"])):
            for kind, values in enumerate(imported_side(value)):
                parts[key][side][kind].update(values)
    return sorted((*key[:5], *[(merged(nets), sorted(words), sorted(groups)) for nets, words, groups in sides],
                   *[p and list(p) for p in key[5:]]) for key, sides in parts.items())


def same_rules(nsg, imported):
    return rules_of(nsg) == imported_rules(imported)


def walk(value):
    if isinstance(value, dict):
        yield value
        for v in value.values():
            yield from walk(v)
    elif isinstance(value, list):
        for v in value:
            yield from walk(v)


def is_nsg(value):
    return isinstance(value.get("type"), str) and value["type"].lower() == NSG


def literal(value):
    return not any(isinstance(v, str) and v.startswith("[") for d in walk(value) for v in flat_values(d))


def flat_values(d):
    for v in d.values():
        yield from (v if isinstance(v, list) else [v])


# ---- what the service answered ----

def nsgs_in(value):
    """NSGs of an answer: one, a list, or an envelope."""
    items = value if isinstance(value, list) else value.get("value", [value]) if isinstance(value, dict) else []
    return [i for i in items if isinstance(i, dict) and (is_nsg(i) or "securityRules" in (i.get("properties") or i))]


def service_gets():
    for kind in ("cli", "xplat"):
        for path in sorted((CORPUS / "service" / kind / "get").glob("*.response.json")):
            twin = CORPUS / "service-flattened" / kind / "get" / path.name.replace(".response.", ".cli.")
            yield path, twin if twin.exists() else None


def bare(one):
    """Without what the two forms may differ in."""
    return [{k: v for k, v in n.items() if k not in ("line",)} for n in one["nsgs"]], one["networks"], one["routeTables"]


def test_service():
    pairs = list(service_gets())
    for path, twin in pairs:
        one, wanted = dump(path), nsgs_in(load(path))
        check(f"{path.name[:80]} reads without an error", one["good"] and not slugs(one, "error"), one["diagnostics"])
        if wanted:
            check("... with the rules it has", len(one["nsgs"]) == len(wanted) and
                  all(same_rules(a, b) for a, b in zip(wanted, one["nsgs"])), [rules_of(w) for w in wanted])
        if twin:
            other = dump(twin)
            check("... and its flattened twin alike", bare(one) == bare(other) and slugs(one) == slugs(other), bare(other))
    check("there are pairs", sum(t is not None for _, t in pairs) > 0)


def rules_by_name(one):
    return {r["name"].lower(): {k: v for k, v in r.items() if k != "name"} for n in one["nsgs"] for r in n["rules"]}


def test_puts():
    count = 0
    for answer in sorted((CORPUS / "service").glob("*/put-pairs/*.response.json")):
        request = answer.with_name(answer.name.replace(".response.", ".request."))
        if not request.exists():
            continue
        asked, got = dump(request), dump(answer)
        if "error" in load(answer):
            check(f"refused by Azure, and by us: {answer.name[:70]}", slugs(asked, "error"), load(answer))
        elif got["nsgs"]:
            count += 1
            check(f"put and answered: {answer.name[:80]}", rules_by_name(asked) == rules_by_name(got) and
                  not slugs(asked, "error"), [asked, got])
    check("there are pairs of NSGs", count > 0)


def test_examples():
    """Official requests and answers."""
    import tempfile
    with tempfile.TemporaryDirectory() as directory:
        for path in sorted((CORPUS / "rest-examples").glob("**/*.json")):
            example = load(path)
            bodies = [v for k, v in example["parameters"].items() if isinstance(v, dict)]
            answers = [a["body"] for a in example["responses"].values() if "body" in a]
            for body in [*bodies, *answers]:
                if not nsgs_in(body) or not (body.get("type") or body.get("value") or body.get("properties")):
                    continue
                file = pathlib.Path(directory) / "body.json"
                file.write_text(json.dumps(body))
                one = dump(file)
                wanted = nsgs_in(body)
                check(f"example {path.parent.name}/{path.name}", len(one["nsgs"]) == len(wanted) and
                      all(same_rules(a, b) for a, b in zip(wanted, one["nsgs"])) and not slugs(one, "error"), one)


# ---- the exporter ----

def export_options(resources):
    """The exporter makes a parameter of each name: networkSecurityGroups_my_nsg_name."""
    for r in resources:
        kind, name = r["type"].split("/")[-1], r["name"].split("/")[-1]
        yield from ("--param", f"{kind}_{re.sub('[^A-Za-z0-9]', '_', name)}_name={name}")


def anonymous(one):
    """Topology and rules without ids, sorted."""
    nets = sorted([n["name"], n["prefixes"], sorted([s["name"], s["prefixes"], bool(s.get("nsgId"))] for s in n["subnets"]),
                   sorted(p["name"] for p in n["peerings"])] for n in one["networks"])
    tables = sorted([t["name"], [sorted(r.items()) for r in t["routes"]]] for t in one["routeTables"])
    return sorted((n["name"], repr(imported_rules(n))) for n in one["nsgs"]), nets, tables


def test_exports():
    for directory in sorted((CORPUS / "export-pairs").iterdir()):
        raw, made = directory / "resources.json", directory / "result.json"
        if not raw.exists():
            continue
        resources = load(raw)
        resources = resources if isinstance(resources, list) else resources.get("value", [resources])
        one, other = dump(raw), dump(made, *export_options(resources))
        mine = anonymous(one)
        if any(mine):
            check(f"export of {directory.name}: both sides mean the same", mine == anonymous(other) and
                  not slugs(other, "error") and not slugs(one, "error"), [mine, anonymous(other), one["diagnostics"]])
        else:
            check(f"export of {directory.name}: nothing of concern", not other["nsgs"] and not other["networks"], other)


def test_bicep():
    count = 0
    for symbolic in sorted((CORPUS / "bicep-pairs").glob("**/*.symbolicnames.json")):
        plain = symbolic.with_name(symbolic.name.replace(".symbolicnames.", "."))
        if not plain.exists():
            continue
        one, other = dump(plain), dump(symbolic)
        count += 1
        check(f"Bicep {symbolic.parent.name}/{plain.name}", bare(one) == bare(other) and
              slugs(one) == slugs(other) and "good" in one, [bare(one), bare(other)])
    check("there are pairs of compiled Bicep", count > 0)


# ---- templates ----

def quickstarts():
    for row in table("MANIFEST.tsv"):
        if row["collection"] == "arm-quickstart" and (CORPUS / row["file"]).exists():
            note = dict(part.split("=") for part in row["note"].split() if re.fullmatch(r"\w+=\d+", part))
            yield row["file"], {k: int(v) for k, v in note.items()}


def strict(path):
    try:
        return load(path)
    except ValueError:
        return None


def plain_template(document):
    """No NSG that is copied, conditional or nested: the importer must find what a walk finds."""
    resources = document.get("resources", [])
    tops = [r for r in resources if isinstance(r, dict)]
    return not any("condition" in r or "copy" in r for r in tops if is_nsg(r)) and \
        len([d for d in walk(document) if is_nsg(d)]) == len([r for r in tops if is_nsg(r)])


def test_quickstarts():
    files = list(quickstarts())
    read = dict(zip([f for f, _ in files], dumps([CORPUS / f for f, _ in files])))
    check("every quickstart template is read", all(read[f]["good"] and read[f]["template"] for f, _ in files))
    alarms = [(f, d["message"]) for f, _ in files for d in read[f]["diagnostics"]
              if d["slug"] in ("azure-refuses", "json-shape", "json-syntax", "json-duplicate-key", "not-an-nsg", "rule-twice")]
    check("no false alarm on any of them", not alarms, "\n".join(map(str, alarms)))
    blanks = [f for f, _ in files for d in read[f]["diagnostics"] if d["slug"] == "tolerated"]
    check("the trailing blank of one is tolerated", all("application-gateway" in f for f in blanks), blanks)
    nsgs = rules = 0
    for file, note in files:
        document = strict(CORPUS / file)
        one = read[file]
        if document is None or not plain_template(document):
            continue
        wanted = [r for r in document["resources"] if isinstance(r, dict) and is_nsg(r)]
        nsgs += len(wanted)
        check(f"{file[15:100]}: {len(wanted)} NSGs, {note['rules']} rules", len(one["nsgs"]) == len(wanted) == note["nsgs"],
              [note, [n["name"] for n in one["nsgs"]]])
        for nsg, got in zip(wanted, one["nsgs"]):
            children = [r for r in walk(document) if str(r.get("type", "")).lower().endswith("securityrules")]
            if literal(nsg.get("properties") or {}) and not children:
                rules += len(got["rules"])
                check("... an NSG with literal rules", same_rules(nsg, got), [rules_of(nsg), imported_rules(got)])
    check(f"{nsgs} NSGs, {rules} literal rules compared", nsgs > 100 and rules > 200)


def test_baseline():
    """Rules for each NSG as others counted them, with how many of them stayed expressions."""
    files = collections.defaultdict(list)
    for row in table("BASELINE.tsv"):
        if (CORPUS / row["file"]).exists() and row["rules_form"] == "inline":
            count, rest = re.fullmatch(r"(\d+) rules/(\d+) still with expressions", row["rules"]).groups()
            files[row["file"]].append((int(count), int(rest)))
    total = found = 0
    for file, wanted in sorted(files.items()):
        document, one = strict(CORPUS / file), dump(CORPUS / file)
        if document is None or not plain_template(document):
            continue
        lost = collections.Counter(d["slug"] for d in one["diagnostics"])["rule-unknown"]
        mine, theirs = sum(len({r["name"] for r in n["rules"]}) for n in one["nsgs"]), sum(c for c, _ in wanted)
        total, found = total + theirs, found + mine
        check(f"{file[:90]}: {theirs} rules, {lost} left out", mine + lost == theirs and
              lost <= sum(rest for _, rest in wanted), one["diagnostics"])
    check(f"{found} of {total} inline rules are known", total > 300 and found >= 0.95 * total)


# ---- fixtures of linters ----

def test_fixtures():
    verdicts = {}
    for row in table("EXPECTED.tsv"):
        verdicts.setdefault(row["file"], row["azure_would_accept"])
    for file, verdict in sorted(verdicts.items()):
        if not (CORPUS / file).exists():
            continue
        one = dump(CORPUS / file)
        if verdict.startswith("no:"):
            check(f"Azure would refuse {file[13:]}", "azure-refuses" in slugs(one, "error"), [verdict, one["diagnostics"]])
        elif "priority" in verdict:
            check(f"two rules of one priority: {file[13:]}", any("SecurityRuleConflict" in d["message"]
                                                                 for d in one["diagnostics"]), one["diagnostics"])
        elif "Blueprint" in verdict:
            check(f"the template in an artifact: {file[13:]}", one["template"] and one["nsgs"], one)
        elif not verdict.startswith("n/a"):
            check(f"Azure would accept {file[13:]}", "azure-refuses" not in slugs(one) and one["good"] and
                  (one["nsgs"] or one["networks"]), one["diagnostics"])


def test_everything():
    """Nothing there stops the importer."""
    paths = sorted(CORPUS.glob("**/*.json"))
    check(f"all {len(paths)} JSON files", len(dumps(paths)) == len(paths))


def main():
    if not DUMP.exists() or not CORPUS.is_dir():
        print(f"1..0 # SKIP {'the corpus is not at hand' if DUMP.exists() else f'{DUMP} is not built'}")
        return 0
    for test in (test_service, test_puts, test_examples, test_exports, test_bicep, test_quickstarts, test_baseline,
                 test_fixtures, test_everything):
        test()
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
