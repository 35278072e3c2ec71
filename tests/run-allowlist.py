#!/usr/bin/env python3
"""mlnsgc allowlist: golden lists, and lists of the published file against Python's ipaddress. Prints TAP.

tests/golden/allowlist/NAME.args   the arguments, one a line. NAME.out is what `mlnsgc allowlist` prints for them there:
                                   standard output, then standard error under "--- stderr" where there is any, then
                                   "--- exit N".

The published file beside the checkout (../shared, or MLNSGC_SHARED) is skipped where it is not there. That lists are
the minimum is shown by tests/unit/test_fit.c.

    run-allowlist.py [--update]      --update writes what is printed as expected
"""

import csv
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
GOLDEN = SOURCE / "tests" / "golden" / "allowlist"
SMALL = SOURCE / "tests" / "golden" / "tags" / "ServiceTags_Public_20260629.json"
SHARED = pathlib.Path(os.environ.get("MLNSGC_SHARED", SOURCE.parent / "shared"))
PUBLISHED = SHARED / "data" / "servicetags" / "ServiceTags_Public_20260622.json"
TABLE = SHARED / "azure" / "tables" / "allowlist-sizes-20260622.csv"
PRIVATE = [ipaddress.ip_network(n) for n in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                                             "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")]


def run(*arguments, where=GOLDEN):
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
    clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, "allowlist", *map(str, arguments)], cwd=where, env=clean, stdin=subprocess.DEVNULL,
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
        yield f"allowlist/{case.stem}", [] if actual == expected else ["expected:", expected, "printed:", actual]


def ranges_of(entries):
    """Entries of any form as pairs of numbers."""
    for entry in entries:
        first, _, last = entry.partition("-")
        network = ipaddress.ip_network(first)
        yield int(network.network_address), int(ipaddress.ip_address(last) if last else network.broadcast_address)


def merged(ranges):
    result = []
    for lo, hi in sorted(ranges):
        if result and lo <= result[-1][1] + 1:
            result[-1][1] = max(result[-1][1], hi)
        else:
            result.append([lo, hi])
    return result


def size(ranges):
    return sum(hi - lo + 1 for lo, hi in ranges)


def common(some, other):
    """Addresses in both; merged ranges."""
    total, k = 0, 0
    for lo, hi in some:
        while k < len(other) and other[k][1] < lo:
            k += 1
        j = k
        while j < len(other) and other[j][0] <= hi:
            total += min(hi, other[j][1]) - max(lo, other[j][0]) + 1
            j += 1
    return total


def judge(document, source, azure, limit, storage=False):
    """What is wrong with a list of IPv4, all told again from its entries."""
    (listed,) = document["lists"]
    entries = listed.get("prefixes", listed.get("ranges"))
    each = list(ranges_of(entries))
    whole = merged(each)
    extra = size(whole) - common(whole, source)
    strangers = size(whole) - common(whole, merged([*map(tuple, source), *map(tuple, azure)]))
    private = merged(ranges_of(map(str, PRIVATE)))
    wrong = []
    for name, good in (("covers its source", common(whole, source) == size(source)),
                       ("stays within the limit", not limit or len(entries) <= limit),
                       ("counts its entries", listed["entries"] == len(entries)),
                       ("has disjoint entries in order", all(a[1] < b[0] for a, b in zip(each, each[1:]))),
                       ("holds nothing private", common(whole, private) == 0),
                       ("has no /31 or /32", not storage or not any(e.endswith(("/31", "/32")) for e in entries)),
                       ("tells its size", listed["addresses"] == size(source)),
                       ("tells what it adds", (listed["extra"], listed["strangers"]) == (extra, strangers))):
        if not good:
            wrong.append(f"not so: it {name}")
    return wrong


def same_list_in_all_forms():
    common_options = ["--geography=europe", f"--tags={SMALL}", "-q", "--for=storage-account"]
    document = json.loads(run(*common_options, "--format=json").stdout)["lists"][0]
    lines = run(*common_options).stdout.decode().split()
    rows = list(csv.DictReader(run(*common_options, "--format=csv").stdout.decode().splitlines()))
    rules = json.loads(run(*common_options, "--format=arm").stdout)["resources"][0]["properties"]["networkAcls"]["ipRules"]
    script = run(*common_options, "--format=cli").stdout.decode()
    yield "lines, CSV, JSON and ARM have the same entries", \
        [] if lines == document["prefixes"] == [r["entry"] for r in rows] == [r["value"] for r in rules] else [str(lines)]
    yield "the script names every entry", [] if all(re.search(re.escape(e) + r"\b", script) for e in lines) else [script]
    yield "the script is one", [] if subprocess.run(["sh", "-n"], input=script.encode()).returncode == 0 else [script]
    sums = [sum(int(r[k]) for r in rows) for k in ("extra", "strangers")]
    yield "what single entries add is what all of them add", \
        [] if sums == [document["extra"], document["strangers"]] else [str(sums)]
    once, twice = (run("--region=" + r, f"--tags={SMALL}").stdout for r in ("centralfrance", "France Central"))
    yield "a region under two names is the same", [] if once == twice and once else [once.decode(), twice.decode()]


def output_file():
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work, "deep", "list.txt")
        good = run("--geography=europe", f"--tags={SMALL}", "-q", "-o", path)
        yield "-o writes the list and prints nothing", \
            [] if good.returncode == 0 and good.stdout == b"" and len(path.read_text().split()) > 5 else [printed(good)]
        before = path.read_text()
        bad = run("--geography=europe", f"--tags={SMALL}", "-q", "--for=managed-hsm", "--format=json", "-o", path)
        yield "a list that does not fit leaves the file as it was", \
            [] if bad.returncode == 2 and path.read_text() == before and os.listdir(path.parent) == ["list.txt"] \
            else [printed(bad)]
        worse = run("--geography=europe", f"--tags={SMALL}", "-q", "-o", "/dev/null/list.txt")
        yield "an output that cannot be made: exit 73", [] if worse.returncode == 73 else [printed(worse)]


def kinds():
    """Every kind of the library takes a list of the small file, or says why it does not."""
    text = "".join((SOURCE / "stdlib" / "azure" / f).read_text() for f in ("kinds.mlp", "other-kinds.mlp"))
    names = re.findall(r"^kind ([\w-]+) \{", text, re.M)
    for name in names:
        with_firewall = re.search(rf"^kind {name} \{{.*?^\}}", text, re.M | re.S).group(0).count("    firewall \"")
        result = run("--geography=europe", f"--tags={SMALL}", f"--for={name}", "--widen", "-q", "--format=arm")
        script = run("--geography=europe", f"--tags={SMALL}", f"--for={name}", "--widen", "-q", "--format=cli")
        good = result.returncode == (0 if with_firewall else 2) and isinstance(json.loads(result.stdout), dict) and \
            script.returncode == result.returncode and (bool(script.stdout) == bool(with_firewall))
        yield f"a list for a {name}", [] if good else [printed(result), printed(script)]
    yield "the library has kinds", [] if len(names) > 15 else [str(names)]


def tag_sets(document):
    return {v["name"].lower(): merged(ranges_of(p for p in v["properties"]["addressPrefixes"] if ":" not in p))
            for v in document["values"]}


# The geographies of the language that the table has too, by the names of its regions.
ROWS = {"united-states": "United States (docs sample, 10 regions)", "europe": "Europe (northeurope+westeurope)",
        "europe-france": "West Europe org + France fallback", "brazil-united-states": "Brazil + United States fallback",
        "united-kingdom": "United Kingdom", "australia": "Australia", "brazil": "Brazil", "canada": "Canada",
        "india": "India (central,south,west)", "asia-pacific": "Asia Pacific (eastasia+southeastasia)"}


def published():
    if not (PUBLISHED.exists() and TABLE.exists()):
        yield "lists of the published file # SKIP the published file or the table is not here", []
        return
    sets = tag_sets(json.loads(PUBLISHED.read_text()))
    rows = {r["set"]: r for r in csv.DictReader(TABLE.open())}
    limits = {"storage-account": 400, "key-vault": 1000, "container-registry": 200, "sql-server": 128}
    for geography, name in ROWS.items():
        row = rows[name]
        source = merged([tuple(x) for r in row["regions"].split("+") for x in sets["azurecloud." + r]])
        for kind, limit in limits.items():
            for cost in ("strangers", "total"):
                result = run(f"--geography={geography}", f"--tags={PUBLISHED}", f"--for={kind}", "--widen", "-q",
                             f"--cost={cost}", "--format=json")
                document = json.loads(result.stdout)
                wrong = judge(document, source, sets["azurecloud"], limit, kind == "storage-account")
                listed = document["lists"][0]
                column = {("storage-account", "total"): "extraS_K400_storage", ("sql-server", "total"): "int_extra_K128",
                          ("key-vault", "total"): "extra_K1000", ("container-registry", "total"): "extra_K200",
                          ("key-vault", "strangers"): "nonMS_K1000", ("container-registry", "strangers"): "nonMS_K200"}
                known = column.get((kind, cost))
                if known and int(row[known]) != listed["extra" if cost == "total" else "strangers"]:
                    wrong.append(f"{known} is {row[known]}")
                yield f"{geography} for {kind}, fewest {cost}", wrong + ([printed(result)] if result.returncode else [])
    without = json.loads(PUBLISHED.read_text())
    without["values"] = [v for v in without["values"] if v["name"] != "AzureCloud.eastus3"]
    with tempfile.TemporaryDirectory() as work:
        path = pathlib.Path(work, "older.json")
        path.write_text(json.dumps(without))
        result = run("--geography=united-states", f"--tags={path}")
        yield "a region that the file lacks is an error, not a shorter list", \
            [] if result.returncode == 2 and not result.stdout and b"AzureCloud.eastus3" in result.stderr \
            else [printed(result)]


def main():
    results = list(golden_cases("--update" in sys.argv[1:]))
    for part in (same_list_in_all_forms, output_file, kinds, published):
        try:
            results += part()
        except Exception:
            results.append((f"{part.__name__} runs through", [traceback.format_exc()]))
    for number, (name, fault) in enumerate(results, 1):
        print(f"{'not ok' if fault else 'ok'} {number} - {name}")
        for line in "\n".join(fault).splitlines():
            print(f"# {line}")
    print(f"1..{len(results)}")
    return 0 if all(not fault for _, fault in results) else 1


if __name__ == "__main__":
    sys.exit(main())
