#!/usr/bin/env python3
"""mlnsgc tags: golden reports, every shape of a service-tag file, and answers against Python's ipaddress. Prints TAP.

tests/golden/tags/NAME.args   the arguments, one a line. NAME.out is what `mlnsgc tags` prints for them there:
                              standard output, then standard error under "--- stderr" where there is any, then
                              "--- exit N".

The published files beside the checkout (../shared, or MLNSGC_SHARED) are skipped where they are not there.

    run-tags.py [--update]      --update writes what is printed as expected
"""

import copy
import csv
import io
import ipaddress
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
GOLDEN = SOURCE / "tests" / "golden" / "tags"
SMALL = GOLDEN / "ServiceTags_Public_20260629.json"
SHARED = pathlib.Path(os.environ.get("MLNSGC_SHARED", SOURCE.parent / "shared")) / "data" / "servicetags"
WEEKS = [SHARED / f"ServiceTags_Public_{day}.json" for day in ("20260615", "20260622")]


def run(*arguments, where=GOLDEN):
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
    clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, "tags", *map(str, arguments)], cwd=where, env=clean, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=300)


def printed(result):
    text = result.stdout.decode()
    if result.stderr:
        text += "--- stderr\n" + result.stderr.decode()
    return text + f"--- exit {result.returncode}\n"


def golden_cases(update):
    for case in sorted(GOLDEN.glob("*.args")):
        actual = printed(run(*case.read_text().split()))
        out = case.with_suffix(".out")
        if update:
            out.write_text(actual)
        expected = out.read_text() if out.exists() else ""
        yield f"tags/{case.stem}", [] if actual == expected else ["expected:", expected, "printed:", actual]


# ---- shapes ----

def as_answer(document):
    """What `az network list-service-tags` gives for the same tags."""
    answer = copy.deepcopy(document)
    answer.update(name="Public", id="/subscriptions/s/providers/Microsoft.Network/serviceTags/Public", nextLink=None,
                  type="Microsoft.Network/serviceTags", changeNumber=str(answer["changeNumber"]))
    for value in answer["values"]:
        properties = value["properties"]
        properties["changeNumber"] = str(properties["changeNumber"])
        properties["state"] = "GA"
        del properties["platform"]
    return answer


def shapes(work):
    text = SMALL.read_text()
    document = json.loads(text)
    wanted = run("list", SMALL, "--format=csv").stdout
    shuffled = copy.deepcopy(document)
    rng = random.Random(1)
    rng.shuffle(shuffled["values"])
    for value in shuffled["values"]:
        rng.shuffle(value["properties"]["addressPrefixes"])
    variants = {
        "with CRLF": text.replace("\n", "\r\n").encode(),
        "with CRLF and no final line end": text.rstrip("\n").replace("\n", "\r\n").encode(),
        "with a byte order mark": b"\xef\xbb\xbf" + text.encode(),
        "on one line": json.dumps(document).encode(),
        "in another order": json.dumps(shuffled, indent=2).encode(),
        "with its keys sorted": json.dumps(document, indent=2, sort_keys=True).encode(),
        "as the answer of the API": json.dumps(as_answer(document), indent=2).encode(),
    }
    for name, data in variants.items():
        path = work / "variant.json"
        path.write_bytes(data)
        result = run("list", path, "--format=csv")
        yield f"a file {name} says the same", [] if result.stdout == wanted and result.returncode == 0 \
            else [printed(result)]
    for cloud, known in (("AzureGermany", True), ("AzureGovernment", True), ("China", True), ("Atlantis", False)):
        path = work / "cloud.json"
        path.write_text(json.dumps(dict(document, cloud=cloud)))
        status = run("list", path).returncode
        yield f"a file of the cloud {cloud} exits {0 if known else 2}", [] if (status == 0) == known else [str(status)]


def closed_cloud(work):
    """Its files can be looked at; a policy cannot be compiled with them."""
    path = work / "germany.json"
    path.write_text(json.dumps(dict(json.loads(SMALL.read_text()), cloud="AzureGermany"), indent=2).replace("\n", "\r\n"))
    policy = work / "p.mlp"
    policy.write_text("network n 10.0.0.0/16 { zone a 10.0.1.0/24 }\nallow https from a to Storage\n")
    result = subprocess.run([MLNSGC, "check", f"--tags={path}", str(policy)], capture_output=True, text=True)
    yield "no policy is compiled for the cloud AzureGermany", \
        [] if result.returncode == 2 and "was closed in 2021" in result.stdout and "germany.json:4:" in result.stdout \
        else [result.stdout, result.stderr]


def damaged(work):
    """Every damage is an error with a place, never a shorter list."""
    text = SMALL.read_text()
    document = json.loads(text)

    def changed(change):
        other = copy.deepcopy(document)
        change(other)
        return json.dumps(other, indent=2)

    def first(other):
        return other["values"][0]["properties"]

    damages = {
        "a key twice": text.replace('"regionId": 0,', '"regionId": 0, "regionId": 0,', 1),
        "a key twice, escaped": text.replace('"regionId": 0,', '"regionId": 0, "region\\u0049d": 0,', 1),
        "two lists": text.replace('"values": [', '"values": [], "values": [', 1),
        "no list": changed(lambda d: d.pop("values")),
        "an empty list": changed(lambda d: d.update(values=[])),
        "an object for the list": changed(lambda d: d.update(values={})),
        "a string for a tag": changed(lambda d: d["values"].append("Storage")),
        "a tag twice": changed(lambda d: d["values"].append(d["values"][0])),
        "a tag twice in another case": changed(
            lambda d: d["values"].append(dict(d["values"][0], name=d["values"][0]["name"].upper()))),
        "no name": changed(lambda d: d["values"][3].pop("name")),
        "a name with a blank": changed(lambda d: d["values"][3].update(name="Azure Cloud")),
        "no prefixes": changed(lambda d: first(d).pop("addressPrefixes")),
        "null for prefixes": changed(lambda d: first(d).update(addressPrefixes=None)),
        "a number for a prefix": changed(lambda d: first(d)["addressPrefixes"].append(1)),
        "a prefix that is none": changed(lambda d: first(d)["addressPrefixes"].append("203.0.113.0/33")),
        "an address that is none": changed(lambda d: first(d)["addressPrefixes"].append("203.0.113.256")),
        "host bits": changed(lambda d: first(d)["addressPrefixes"].append("203.0.113.1/24")),
        "a leading zero": changed(lambda d: first(d)["addressPrefixes"].append("203.0.113.01")),
        "a string for features": changed(lambda d: first(d).update(networkFeatures="NSG")),
        "a number for a feature": changed(lambda d: first(d).update(networkFeatures=[1])),
        "a fraction for the region's number": changed(lambda d: first(d).update(regionId=1.5)),
        "a list for the region": changed(lambda d: first(d).update(region=[])),
        "a word for a change number": changed(lambda d: first(d).update(changeNumber="four")),
        "a fraction for the change number": changed(lambda d: d.update(changeNumber=1.5)),
        "a number for the service": changed(lambda d: first(d).update(systemService=5)),
        "one page of several": changed(lambda d: d.update(nextLink="https://management.azure.com/next")),
        "another document": '{"a": 1}', "no document": "", "a list": "[]",
        "something behind the end": text + "{}",
    }
    rng = random.Random(2)
    for number, length in enumerate(sorted(rng.sample(range(len(text) - 2), 60))):
        damages[f"cut after {length} bytes"] = text[:length]
    path = work / "damaged.json"
    for name, data in damages.items():
        path.write_text(data)
        result = run("list", path, "--format=json")
        good = result.returncode == 2 and json.loads(result.stdout)["tags"] == [] and \
            f"{path}:".encode() in result.stderr and b"error" in result.stderr
        yield f"{name}: an error with its place", [] if good else [printed(result)]


# ---- published weeks ----

def sets_of(path):
    document = json.loads(path.read_text())
    return {v["name"]: [list(ipaddress.collapse_addresses(
        p for p in map(ipaddress.ip_network, v["properties"]["addressPrefixes"]) if p.version == version))
        for version in (4, 6)] for v in document["values"]}


def size(networks):
    return sum(n.num_addresses for n in networks)


def minus(some, other):
    """What is in `some` and not in `other`; both disjoint and sorted."""
    def ranges(networks):
        return [(int(n.network_address), int(n.broadcast_address)) for n in networks]
    result, cuts = [], ranges(other)
    at = 0
    for lo, hi in ranges(some):
        while at < len(cuts) and cuts[at][1] < lo:
            at += 1
        k = at
        while k < len(cuts) and cuts[k][0] <= hi:
            if cuts[k][0] > lo:
                result.append((lo, cuts[k][0] - 1))
            lo = max(lo, cuts[k][1] + 1)
            k += 1
        if lo <= hi:
            result.append((lo, hi))
    return sum(hi - lo + 1 for lo, hi in result)


def lists_published(sets):
    rows = {r["name"]: r for r in csv.DictReader(io.StringIO(run("list", WEEKS[1], "--format=csv").stdout.decode()))}
    wrong = [name for name, (v4, v6) in sets.items()
             if (int(rows[name]["ipv4_prefixes"]), int(rows[name]["ipv6_prefixes"]), int(rows[name]["ipv4_addresses"]))
             != (len(v4), len(v6), size(v4))]
    yield f"{len(sets)} published tags have as many addresses as Python counts", \
        [] if len(rows) == len(sets) and not wrong else wrong[:5]
    shown = json.loads(run("show", "AzureCloud", "Storage.FranceCentral", "sql", f"--tags={WEEKS[1]}",
                           "--format=json").stdout)["tags"]
    wrong = [t["name"] for t in shown for f, k in enumerate(("ipv4", "ipv6"))
             if [ipaddress.ip_network(p) for p in t[k]["prefixes"]] != sets[t["name"]][f] or
             t[k]["addresses"] != size(sets[t["name"]][f])]
    yield "the prefixes shown are those that Python collapses", [] if len(shown) == 3 and not wrong else wrong


def finds_published(sets):
    rng = random.Random(3)
    everything = [n for v in sets.values() for family in v for n in family]
    asked = []
    for network in rng.sample(everything, 30):
        wider = rng.choice([network.max_prefixlen, network.prefixlen, max(network.prefixlen - 3, 8)])
        asked.append(ipaddress.ip_network((int(network.network_address) + rng.randrange(network.num_addresses), wider),
                                          strict=False))
    found = json.loads(run("find", *asked, f"--tags={WEEKS[1]}", "--format=json").stdout)["found"]
    wrong = []
    for network in asked:
        expected = {}
        for name, families in sets.items():
            inside = [n for n in families[0 if network.version == 4 else 1] if n.overlaps(network)]
            if inside:
                expected[name] = "all" if any(network.subnet_of(n) for n in inside) else "part"
        text = str(network)
        if {f["tag"]: f["holds"] for f in found if f["asked"] == text} != expected:
            wrong.append(text)
    yield "find names the tags that Python finds", wrong


def diffs_published(new):
    old = sets_of(WEEKS[0])
    result = run("diff", *WEEKS, "--format=json")
    document = json.loads(result.stdout)
    listed = {t["name"]: t for t in document["tags"]}
    wrong = []
    for name in sorted(old.keys() | new.keys()):
        x, y = old.get(name, [[], []]), new.get(name, [[], []])
        change = listed.get(name)
        if x == y and name in old and name in new:
            wrong += [name] if change and change["added"] + change["removed"] else []
        elif not change or change["ipv4_addresses_added"] != minus(y[0], x[0]) or \
                change["ipv4_addresses_removed"] != minus(x[0], y[0]) or \
                sum(map(lambda p: ipaddress.ip_network(p).num_addresses, change["added"])) != \
                minus(y[0], x[0]) + minus(y[1], x[1]):
            wrong.append(name)
    yield "diff of two weeks is Python's", wrong[:5]
    yield "two weeks differ: exit 1", [] if result.returncode == 1 and document["equal"] is False else [printed(result)]
    yield "a week equals itself: exit 0", [] if run("diff", WEEKS[0], WEEKS[0]).returncode == 0 else ["it does not"]


def checks_published():
    for day, status in (("2026-07-05", 0), ("2026-07-06", 1)):
        result = run("check", WEEKS[1], f"--today={day}")
        yield f"the file of 2026-06-22 on {day}: exit {status}", [] if result.returncode == status else [printed(result)]
    for name in ("AzureGovernment", "China"):
        result = run("check", SHARED / f"ServiceTags_{name}_20260720.json", "--today=2026-07-21")
        yield f"the file of {name} is fit for use", [] if result.returncode == 0 else [printed(result)]


def published():
    if not all(w.exists() for w in WEEKS):
        yield "published weeks # SKIP the published files are not here", []
        return
    sets = sets_of(WEEKS[1])
    yield from lists_published(sets)
    yield from finds_published(sets)
    yield from diffs_published(sets)
    yield from checks_published()


def main():
    results = list(golden_cases("--update" in sys.argv[1:]))
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        for part in (lambda: shapes(work), lambda: closed_cloud(work), lambda: damaged(work), published):
            try:
                results += part()
            except Exception:
                results.append(("a part of the tests runs through", [traceback.format_exc()]))
    for number, (name, fault) in enumerate(results, 1):
        print(f"{'not ok' if fault else 'ok'} {number} - {name}")
        for line in "\n".join(fault).splitlines():
            print(f"# {line}")
    print(f"1..{len(results)}")
    return 0 if all(not fault for _, fault in results) else 1


if __name__ == "__main__":
    sys.exit(main())
