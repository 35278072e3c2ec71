#!/usr/bin/env python3
"""What lint says about ssh and rdp open to the Internet, against published verdicts of other tools. Prints TAP.

The verdicts lie in ../shared/corpus, beside this repository; without it everything is skipped. EXPECTED.tsv holds what
checkov and KICS publish for their own fixtures, BASELINE.tsv what three checks say of each NSG of Microsoft's templates.
A verdict of theirs is no oracle: those tools look at one rule at a time, at the text of an expression, at lists that
Azure refuses. So each difference has to fall into a class that is told by the input itself:

    refused     Azure refuses the rule (a list in one field, two forms at once): an error, and nothing is claimed
    unknown     the rule needs a value that only a deployment knows: an error says so, and nothing is claimed
    expression  they judged an expression as text, or could not; it is evaluated here
    one-address the source 0.0.0.0 is one address, not 0.0.0.0/0
    differ      they differ among themselves, mostly about '*' as protocol or ports; one of them agrees
"""

import csv
import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
CORPUS = SOURCE.parent / "shared" / "corpus"
NAMED = {"ssh": "ssh (22)", "rdp": "rdp (3389)"}
FIXTURES = {"CKV_AZURE_10": "ssh", "CKV_AZURE_9": "rdp", "2ade1579": "ssh", "59cb3da7": "rdp", "3e3c175e": "ssh",
            "efbf6449": "rdp"}
BASELINE = {"ssh": ("CKV_AZURE_10(ssh)", "KICS_ssh", "prowler_ssh"), "rdp": ("CKV_AZURE_9(rdp)", "KICS_rdp", "prowler_rdp")}
REFUSED = {"azure-refuses", "json-shape"}
UNKNOWN = {"rule-unknown", "copy-unknown", "condition-unknown"}


def table(name):
    with open(CORPUS / name, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Reports:
    """What lint says of a file: which services are open, and the slugs of all diagnostics."""

    def __init__(self):
        self.known = {}

    def of(self, name):
        if name not in self.known:
            result = subprocess.run([MLNSGC, "lint", "--message-format=json", "--max-errors=0", str(CORPUS / name)],
                                    capture_output=True, timeout=120, check=False)
            if result.returncode not in (0, 1, 2):
                raise RuntimeError(f"{name}: exit {result.returncode}: {result.stderr.decode()[:500]}")
            found = json.loads(result.stdout)["diagnostics"]
            open_to = [d["message"] for d in found if d["slug"] == "management-port-open"]
            self.known[name] = ({k for k, text in NAMED.items() if any(text in m for m in open_to)},
                                {d["slug"] for d in found})
        return self.known[name]


def fixture_class(row, service, reports):
    """None: they agree. '': they differ and nothing tells why."""
    open_to, slugs = reports.of(row["file"])
    theirs = row["verdict"] == "fail"
    if theirs == (service in open_to):
        return None
    if row["azure_would_accept"].startswith("no") and slugs & REFUSED:
        return "refused"
    if theirs and slugs & UNKNOWN:
        return "unknown"
    if theirs and '"0.0.0.0"' in (CORPUS / row["file"]).read_text():
        return "one-address"
    return ""


def baseline_class(rows, service, reports):
    open_to, slugs = reports.of(rows[0]["file"])
    theirs = [any(row[column] == "fail" for row in rows) for column in BASELINE[service]]
    ours = service in open_to
    if all(verdict == ours for verdict in theirs):
        return None
    if ours in theirs:
        return "differ"
    if not ours:
        return "unknown" if slugs & UNKNOWN else ""
    expression = any("expr" in row["rules_form"] or "/0 still" not in row["rules"] for row in rows)
    return "expression" if expression else ""


def main():
    if not (CORPUS / "EXPECTED.tsv").exists():
        print("1..0 # SKIP ../shared/corpus is not there")
        return 0
    reports, results, classes = Reports(), [], {}
    for row in table("EXPECTED.tsv"):
        service = FIXTURES.get(row["check"]) or FIXTURES.get(row["check"][:8])
        if service and row["file"].endswith(".json"):
            kind = fixture_class(row, service, reports)
            classes[kind] = classes.get(kind, 0) + 1
            results.append((f"{row['tool']} {service} {row['file']} {row['resource']}: {kind or 'agrees'}", kind != ""))
    files = {}
    for row in table("BASELINE.tsv"):
        files.setdefault(row["file"], []).append(row)
    for name, rows in files.items():
        for service in BASELINE:
            kind = baseline_class(rows, service, reports)
            classes[kind] = classes.get(kind, 0) + 1
            results.append((f"{service} {name}: {kind or 'agrees'}", kind != ""))
    agreed = classes.get(None, 0)
    results.append((f"{agreed} of {len(results)} agree, and most do", agreed * 10 >= len(results) * 8 and agreed > 300))
    for number, (name, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    print(f"# {', '.join(f'{n} {k}' for k, n in classes.items() if k)}")
    print(f"1..{len(results)}")
    return 0 if all(good for _, good in results) else 1


if __name__ == "__main__":
    sys.exit(main())
