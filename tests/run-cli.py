#!/usr/bin/env python3
"""The command line's contract: exit status, streams, files, depfiles. Prints TAP."""

import hashlib
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

POLICY = """network lab 10.0.0.0/16 {
    region westeurope
    zone web 10.0.1.0/24
    zone data 10.0.2.0/24
}
allow https from web to data
"""
WARNS = POLICY + "allow tcp 443 from web to 10.0.2.0/28 until 2030-01-15\n"
BROKEN = POLICY + "allow https from webb to data\n"

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Box:
    """A directory of its own, and runs of mlnsgc in it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.write("policy.mlp", POLICY)

    def write(self, name, text):
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return target

    def read(self, name):
        return (self.path / name).read_text()

    def files(self, under="."):
        top = self.path / under
        return sorted(str(p.relative_to(top)) for p in top.rglob("*") if p.is_file()) if top.is_dir() else []

    def run(self, *arguments, stdin=b"", stdout=subprocess.PIPE, **environment):
        clean = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1893456000"}
        clean.update((k, v) for k, v in os.environ.items() if k.endswith("SAN_OPTIONS"))
        clean.update(environment)
        result = subprocess.run([MLNSGC, *arguments], cwd=self.path, env=clean, input=stdin, stdout=stdout,
                                stderr=subprocess.PIPE, timeout=120)
        self.out = (result.stdout or b"").decode()
        self.err = result.stderr.decode()
        return result.returncode


def same(actual, expected):
    assert actual == expected, f"got {actual!r}, expected {expected!r}"


def within(part, whole):
    assert part in whole, f"no {part!r} in {whole!r}"


# ---- help, version, wrong calls ----


@test
def alone_prints_short_help_and_64(box):
    same(box.run(), 64)
    same(box.out, "")
    within("Usage: mlnsgc", box.err)


@test
def help_goes_to_standard_output(box):
    for arguments in (["--help"], ["-h"], ["help"], ["compile", "--help"], ["check", "-h"], ["help", "check"]):
        same(box.run(*arguments), 0)
        within("Usage: mlnsgc", box.out)
        same(box.err, "")


@test
def version_is_gnu_style(box):
    for arguments in (["--version"], ["-V"], ["version"], ["compile", "-V"]):
        same(box.run(*arguments), 0)
        assert re.match(r"mlnsgc \d+\.\d+\.\d+\n", box.out), box.out


@test
def wrong_calls_are_64_and_suggest(box):
    for arguments, message in (
            (["cmpile"], "did you mean 'compile'"),
            (["--tags=x"], "behind a command"),
            (["help", "chekc"], "did you mean 'check'"),
            (["compile"], "no policy given"), (["test"], "no policy given"), (["lint"], "no file given"),
            (["compile", "--prams=x", "policy.mlp"], "did you mean '--params'"),
            (["compile", "--para", "x=y", "policy.mlp"], "unknown option '--para'"),
            (["compile", "--prune=yes", "policy.mlp"], "takes no value"),
            (["compile", "policy.mlp", "-o"], "needs a value"),
            (["compile", "--emit=nsg,bogus", "policy.mlp"], "'bogus' is none of: nsg"),
            (["check", "--message-format=sarif", "policy.mlp"], "is none of: text, short, json"),
            (["check", "-Wno-swallwed", "policy.mlp"], "did you mean"),
            (["check", "-Wno-unknown-name", "policy.mlp"], "cannot be turned off"),
            (["check", "-Werror=nonsense-at-all", "policy.mlp"], "unknown diagnostic"),
            (["check", "--cloud=moon", "policy.mlp"], "public, usgov, china"),
            (["check", "--today=2027-02-30", "policy.mlp"], "not a date"),
            (["check", "--param", "x", "policy.mlp"], "NAME=TEXT"),
            (["check", "--priorities=50-100", "policy.mlp"], "LOW-HIGH"),
            (["check", "--priorities=300-200", "policy.mlp"], "LOW-HIGH"),
            (["check", "--max-errors=-1", "policy.mlp"], "not a number"),
            (["check", "--report=text", "policy.mlp"], "FORMAT:FILE"),
            (["check", "--locked", "policy.mlp"], "need --lock"),
            (["check", "--prune", "policy.mlp"], "is no option of 'check'"),
            (["compile", "-MP", "policy.mlp"], "need -M or -MD"),
            (["compile", "--prune", "-o", "-", "policy.mlp"], "needs a directory"),
            (["compile", "--expand-tags=always", "policy.mlp"], "needs --tags"),
            (["compile", "-", "-"], "once only"),
            (["compile", "policy.mlp", "sub/policy.mlp"], "two policies"),
            (["version", "x"], "no operand")):
        same((arguments, box.run(*arguments)), (arguments, 64))
        within(message, box.err)
        same(box.out, "")
    same(box.files(), ["policy.mlp"])


@test
def control_characters_stay_out_of_messages(box):
    box.run("compile", "--\x1b[31mred", "x")
    assert "\x1b" not in box.err, box.err
    box.run("compile", "no\x1bsuch")
    assert "\x1b" not in box.err, box.err


# ---- streams and status ----


@test
def success_is_silent(box):
    same(box.run("compile", "-o", "out", "policy.mlp"), 0)
    same((box.out, box.err), ("", ""))
    same(box.files("out"), ["MANIFEST", "azuredeploy.json", "nsg-data.nsg.json", "nsg-web.nsg.json"])


@test
def the_current_directory_is_the_default(box):
    same(box.run("compile", "policy.mlp"), 0)
    same(box.files(), ["MANIFEST", "azuredeploy.json", "nsg-data.nsg.json", "nsg-web.nsg.json", "policy.mlp"])


@test
def compile_reports_on_standard_error_check_on_output(box):
    box.write("policy.mlp", BROKEN)
    same(box.run("compile", "-o", "out", "policy.mlp"), 2)
    same(box.out, "")
    within("[MLP0201 unknown-name]", box.err)
    same(box.files("out"), [])
    same(box.run("check", "policy.mlp"), 2)
    same(box.err, "")
    within("[MLP0201 unknown-name]", box.out)


@test
def a_missing_policy_is_66(box):
    same(box.run("compile", "-o", "out", "absent.mlp"), 66)
    within("absent.mlp", box.err)
    same(box.run("check", "--tags=absent.json", "policy.mlp"), 66)
    same(box.run("check", "--params=absent", "policy.mlp"), 66)
    same(box.run("check", "."), 66)


@test
def every_input_is_processed_and_the_highest_status_wins(box):
    box.write("broken.mlp", BROKEN)
    same(box.run("check", "--message-format=short", "broken.mlp", "absent.mlp", "policy.mlp"), 66)
    within("unknown-name", box.out)
    within("cannot-read", box.out)


@test
def json_is_one_document_always(box):
    box.write("broken.mlp", BROKEN)
    for inputs, count in (["policy.mlp"], 0), (["broken.mlp"], 1), (["policy.mlp", "absent.mlp", "broken.mlp"], 2):
        box.run("check", "--message-format=json", *inputs)
        same((inputs, len(json.loads(box.out)["diagnostics"])), (inputs, count))


@test
def a_failed_write_to_standard_output_is_74(box):
    with open("/dev/full", "wb") as full:
        for arguments in (["help"], ["compile", "-o", "-", "policy.mlp"], ["check", "--message-format=json", "policy.mlp"]):
            same((arguments, box.run(*arguments, stdout=full)), (arguments, 74))
            within("standard output", box.err)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        same(box.run("compile", "-o", "-", "policy.mlp", stdout=closed), 74)


@test
def reports_are_written_beside(box):
    box.write("policy.mlp", BROKEN)
    same(box.run("check", "--report=json:r.json", "--report=short:r.txt", "policy.mlp"), 2)
    same(len(json.loads(box.read("r.json"))["diagnostics"]), 1)
    within("policy.mlp:7:", box.read("r.txt"))
    same(box.run("check", "--report=json:no/such/dir.json", "policy.mlp"), 73)


@test
def severities_decide_the_status(box):
    box.write("policy.mlp", WARNS)
    same(box.run("check", "policy.mlp"), 0)
    within("warning:", box.out)
    same(box.run("check", "--fail-on=warning", "policy.mlp"), 1)
    same(box.run("check", "--fail-on=never", "policy.mlp"), 0)
    same(box.run("check", "-Werror", "policy.mlp"), 2)
    same(box.run("compile", "-Werror", "-o", "out", "policy.mlp"), 2)
    same(box.files("out"), [])
    same(box.run("check", "-Werror=adds-nothing", "policy.mlp"), 2)
    same(box.run("check", "-Wno-adds-nothing", "-Wno-expires-soon", "--fail-on=note", "policy.mlp"), 0)
    same(box.out, "")
    same(box.run("check", "-q", "policy.mlp"), 0)
    same(box.out, "")


@test
def max_errors_limits_what_is_shown(box):
    box.write("policy.mlp", POLICY + "".join(f"allow https from nobody{i} to data\n" for i in range(5)))
    box.run("check", "--max-errors=2", "--message-format=short", "policy.mlp")
    same(box.out.count("[MLP0201"), 2)
    box.run("check", "--max-errors=0", "--message-format=short", "policy.mlp")
    same(box.out.count("[MLP0201"), 5)


@test
def color_only_where_asked(box):
    box.write("policy.mlp", BROKEN)
    box.run("check", "policy.mlp")
    assert "\x1b" not in box.out
    box.run("check", "--color=always", "policy.mlp")
    within("\x1b[", box.out)


@test
def verbose_tells_times(box):
    same(box.run("compile", "-v", "-o", "out", "policy.mlp"), 0)
    for stage in ("load", "build", "lower", "passes", "emit", "write", "memory"):
        within("mlnsgc: " + stage, box.err)


# ---- output ----


@test
def standard_output_holds_one_nsg_or_an_array(box):
    same(box.run("compile", "-o", "-", "--nsg=nsg-web", "policy.mlp"), 0)
    same(json.loads(box.out)["name"], "nsg-web")
    same(box.run("compile", "-o", "-", "policy.mlp"), 0)
    same([nsg["name"] for nsg in json.loads(box.out)], ["nsg-data", "nsg-web"])
    same(box.files(), ["policy.mlp"])


@test
def one_file_is_written_where_asked(box):
    same(box.run("compile", "-o", "web.json", "--nsg=nsg-web", "policy.mlp"), 0)
    same(json.loads(box.read("web.json"))["name"], "nsg-web")
    same(box.run("compile", "-o", "all.json", "policy.mlp"), 64)
    same(box.files(), ["policy.mlp", "web.json"])


@test
def an_unknown_nsg_gets_a_suggestion(box):
    same(box.run("compile", "-o", "out", "--nsg=nsg-wbe", "policy.mlp"), 2)
    within("did you mean 'nsg-web'", box.err)
    within("[MLP0905 unknown-nsg]", box.err)


@test
def standard_input_is_an_input(box):
    same(box.run("compile", "-o", "out", "-", stdin=POLICY.encode()), 0)
    same(box.files("out"), ["MANIFEST", "azuredeploy.json", "nsg-data.nsg.json", "nsg-web.nsg.json"])


@test
def several_policies_get_a_directory_each(box):
    box.write("sub/other.mlp", POLICY)
    same(box.run("compile", "-o", "out", "policy.mlp", "sub/other.mlp"), 0)
    same(box.files("out"), [f"{d}/{f}" for d in ("other", "policy")
                            for f in ("MANIFEST", "azuredeploy.json", "nsg-data.nsg.json", "nsg-web.nsg.json")])


@test
def one_broken_policy_of_several_keeps_all_back(box):
    box.write("broken.mlp", BROKEN)
    same(box.run("compile", "-o", "out", "policy.mlp", "broken.mlp"), 2)
    same(box.files("out"), [])


@test
def an_error_changes_no_output(box):
    box.run("compile", "-o", "out", "policy.mlp")
    before = {name: (box.path / "out" / name).read_bytes() for name in box.files("out")}
    box.write("policy.mlp", BROKEN)
    same(box.run("compile", "-o", "out", "--prune", "policy.mlp"), 2)
    same({name: (box.path / "out" / name).read_bytes() for name in box.files("out")}, before)


@test
def what_cannot_be_written_is_73_and_leaves_nothing(box):
    box.write("out", "a file, not a directory")
    same(box.run("compile", "-o", "out/", "policy.mlp"), 73)
    within("[MLP0902 cannot-write]", box.err)
    box.write("half/nsg-web.nsg.json/x", "a directory where a file should go")
    same(box.run("compile", "-o", "half", "policy.mlp"), 73)
    assert not [name for name in box.files("half") if "tmp" in name], box.files("half")


@test
def manifest_lists_what_was_written(box):
    box.run("compile", "-o", "out", "policy.mlp")
    lines = [line.split("  ") for line in box.read("out/MANIFEST").splitlines()]
    same([line[1:] for line in lines], [["azuredeploy.json", "policy.mlp"], ["nsg-data.nsg.json", "policy.mlp"],
                                        ["nsg-web.nsg.json", "policy.mlp"]])
    for digest, name, _ in lines:
        same(digest, hashlib.sha256((box.path / "out" / name).read_bytes()).hexdigest())
    box.run("compile", "-o", "out", "--nsg=nsg-web", "policy.mlp")
    same(len(box.read("out/MANIFEST").splitlines()), 3)


@test
def prune_removes_what_went_and_nothing_else(box):
    box.run("compile", "-o", "out", "policy.mlp")
    box.write("precious", "outside")
    box.write("out/mine.txt", "not in the manifest")
    evil = "0" * 64 + "  ../precious  policy.mlp\n" + "0" * 64 + "  ..  policy.mlp\n" + "junk\n"
    box.write("out/MANIFEST", box.read("out/MANIFEST") + evil)
    box.write("policy.mlp", POLICY.replace("zone data 10.0.2.0/24", "zone data 10.0.2.0/24 { nsg shared }"))
    same(box.run("compile", "-o", "out", "policy.mlp"), 0)
    within("nsg-data.nsg.json", box.files("out"))
    box.write("out/MANIFEST", "0" * 64 + "  nsg-data.nsg.json  policy.mlp\n" + evil)
    same(box.run("compile", "-o", "out", "--prune", "policy.mlp"), 0)
    same(box.files("out"), ["MANIFEST", "azuredeploy.json", "mine.txt", "nsg-web.nsg.json", "shared.nsg.json"])
    same(box.read("precious"), "outside")


# ---- dependencies ----


def rule(text):
    """Target and prerequisites of the first rule, as make reads them."""
    first = text.replace("\\\n", " ").splitlines()[0]
    target, _, files = first.partition(":")
    words = re.findall(r"(?:\\.|[^\s\\])+", files)
    return target.split(), [re.sub(r"\\(.)", r"\1", word).replace("$$", "$") for word in words]


@test
def depfiles_name_everything_read(box):
    box.write("mods/m.mlp", "service odd = tcp 4711\n")
    box.write("beside $1 #2.mlp", "service odder = tcp 4712\n")
    box.write("policy.mlp", 'import m\nimport "beside \\$1 #2.mlp"\nimport azure/bastion as b\n' + POLICY)
    box.write("p.params", "# nothing\n")
    same(box.run("compile", "-I", "mods", "--params=p.params", "--lock=x.lock", "-MD", "-MP", "-MF", "out.d",
                 "-o", "out", "policy.mlp"), 0)
    targets, files = rule(box.read("out.d"))
    same(targets, ["out/nsg-data.nsg.json", "out/nsg-web.nsg.json", "out/azuredeploy.json", "out/MANIFEST"])
    same(files[0], "policy.mlp")
    same(sorted(files[1:]), sorted(["mods/m.mlp", "./beside $1 #2.mlp", "p.params"])
         if "./beside $1 #2.mlp" in files else sorted(["mods/m.mlp", "beside $1 #2.mlp", "p.params"]))
    within("\nmods/m.mlp:\n", box.read("out.d"))
    box.run("compile", "-I", "mods", "--lock=x.lock", "-MD", "-MT", "all of it", "-MF", "out.d", "-o", "out", "policy.mlp")
    within("x.lock", rule(box.read("out.d"))[1])
    assert box.read("out.d").startswith("all of it: policy.mlp"), box.read("out.d")


@test
def m_alone_prints_and_compiles_nothing(box):
    same(box.run("compile", "-M", "-o", "out", "policy.mlp"), 0)
    same(box.out, "out/MANIFEST: policy.mlp\n")
    same(box.files(), ["policy.mlp"])
    same(box.run("compile", "-M", "-MF", "x.d", "-MT", "t", "policy.mlp"), 0)
    same(box.read("x.d"), "t: policy.mlp\n")
    same(box.run("compile", "-M", "absent.mlp"), 66)
    same(box.out, "")


@test
def the_default_depfile_lies_beside_the_output(box):
    same(box.run("compile", "-MD", "-o", "out", "policy.mlp"), 0)
    within("policy.d", box.files("out"))


# ---- inputs ----


PARAMETRIC = POLICY.replace("westeurope", "$region").replace("10.0.2.0/24", "$data").replace(
    "allow https", "allow tcp $port") + "param region\nparam data\nparam port = 80\n"


def location_and_port(box):
    nsg = json.loads(box.out)
    rules = [r["properties"] for r in nsg["properties"]["securityRules"]]
    port = [r["destinationPortRange"] for r in rules if r["access"] == "Allow"][0]
    return nsg["location"], port


@test
def parameters_come_from_options_and_files(box):
    box.write("policy.mlp", PARAMETRIC)
    to = ["compile", "-o", "-", "--nsg=nsg-data", "policy.mlp"]
    same(box.run(*to), 2)
    within("missing-param", box.err)
    box.write("lines", "# comment\n\n region = northeurope \r\ndata=10.0.2.0/24\n")
    same(box.run(*to, "--params=lines"), 0)
    same(location_and_port(box), ("northeurope", "80"))
    same(box.run(*to, "--params=lines", "--param", "port=443", "--param=region=uksouth"), 0)
    same(location_and_port(box), ("uksouth", "443"))
    box.write("flat.json", '{"region": "northeurope", "data": ["10.0.2.0/24"], "port": 8443}')
    same((box.run(*to, "--params=flat.json"), box.err), (0, ""))
    same(location_and_port(box), ("northeurope", "8443"))
    box.write("arm.json", '{"$schema": "x", "contentVersion": "1.0.0.0", "parameters": {"region": {"value": '
              '"northeurope"}, "data": {"value": "10.0.2.0/24"}}}')
    same(box.run(*to, "--params=arm.json"), 0)
    same(location_and_port(box), ("northeurope", "80"))
    same(box.run(*to, "--params=-", stdin=b"region=uksouth\ndata=10.0.2.0/24\n"), 0)


@test
def bad_parameter_files_are_2_with_a_place(box):
    for text, where in (("region\n", "bad:1:1"), ("a=b\n=c\n", "bad:2:1"), ('{"a": {}}', "bad:1:7"), ('{"a": 1.5}', "bad:1:"),
                        ('{"a": 1', "bad:1:"), ('{"a": []}', "bad:1:7")):
        box.write("bad", text)
        same((text, box.run("check", "--message-format=short", "--params=bad", "policy.mlp")), (text, 2))
        within(where, box.out)
        within("bad-params-file" if text[0] != "{" else "json-", box.out)


@test
def unknown_parameters_are_errors(box):
    same(box.run("check", "--param", "nosuch=1", "policy.mlp"), 2)
    within("unknown-param", box.out)


@test
def modules_are_searched_in_order(box):
    box.write("one/m.mlp", "service odd = tcp 1111\n")
    box.write("two/m.mlp", "service odd = tcp 2222\n")
    box.write("policy.mlp", "import m\n" + POLICY.replace("https", "odd"))
    to = ["compile", "-o", "-", "--nsg=nsg-data", "policy.mlp"]
    same(box.run(*to, "-Ione", "-I", "two"), 0)
    same(location_and_port(box)[1], "1111")
    same(box.run(*to, "-Itwo", MLNSGC_PATH="one"), 0)
    same(location_and_port(box)[1], "2222")
    same(box.run(*to, MLNSGC_PATH=":one:two"), 0)
    same(location_and_port(box)[1], "1111")
    same(box.run(*to), 2)


@test
def today_decides_about_until(box):
    box.write("policy.mlp", POLICY + "allow ssh from web to data until 2026-06-30\n")
    for arguments, environment, word in (
            (["--today=2026-07-01"], {}, "expired"), (["--today=2026-06-30"], {}, "expires-soon"),
            (["--today=2026-01-01"], {}, None), ([], {"SOURCE_DATE_EPOCH": "1782777600"}, "expires-soon"),
            ([], {"SOURCE_DATE_EPOCH": "1782864000"}, "expired")):
        same(box.run("check", *arguments, "policy.mlp", **environment), 0)
        if word:
            within(word + "]", box.out)
        else:
            same(box.out, "")
    same(box.run("check", "policy.mlp", SOURCE_DATE_EPOCH="soon"), 64)


TAGFILE = {"changeNumber": 1, "cloud": "Public", "values": [
    {"name": "Storage", "id": "Storage", "properties": {
        "changeNumber": 1, "region": "", "regionId": 0, "platform": "Azure", "systemService": "AzureStorage",
        "addressPrefixes": ["20.38.98.0/24"], "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"]}}]}


@test
def service_tags_come_from_a_file(box):
    box.write("policy.mlp", POLICY + "allow https from web to Storage\n")
    box.write("tags.json", json.dumps(TAGFILE))
    same((box.run("check", "--tags=tags.json", "policy.mlp"), box.out), (0, ""))
    same(box.run("check", "policy.mlp", MLNSGC_TAGS="tags.json"), 0)
    same(box.run("check", "--tags=tags.json", "--cloud=china", "policy.mlp"), 2)
    within("cloud-mismatch", box.out)
    box.write("tags.json", json.dumps(TAGFILE)[:-20])
    same(box.run("check", "--tags=tags.json", "policy.mlp"), 2)


@test
def examples_compile_silently_to_the_same_bytes_everywhere(box):
    policies = sorted((SOURCE / "examples").glob("*/policy.mlp"))
    assert len(policies) >= 4, policies
    for policy in policies:
        near, far = box.path / "near", box.path / "far"
        tags = policy.parent / "ServiceTags_abridged.json"
        known = [f"--tags={tags}"] if tags.exists() else []
        # What a list from such a file cannot do is noted.
        quiet = [f"-Wno-{slug}" for slug in ("macos-agents", "preview-firewall", "allowlist-widened")] if known else []
        same((box.run("compile", *known, *quiet, "-o", str(near), str(policy), LC_ALL="C", TZ="UTC0"), box.err, box.out),
             (0, "", ""))
        place = box.path / "else" / "where"
        place.mkdir(parents=True, exist_ok=True)
        relative = os.path.relpath(policy, place)
        done = subprocess.run([MLNSGC, "compile", *known, *quiet, "-o", str(far), relative], cwd=place, capture_output=True, check=False,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "NZST-12",
                                   "SOURCE_DATE_EPOCH": "1893456000"})
        same((done.returncode, done.stderr), (0, b""))
        same(box.files("near"), box.files("far"))
        for name in box.files("near"):
            same((near / name).read_bytes(), (far / name).read_bytes())
        for made in (near, far):
            for name in made.iterdir():
                name.unlink()


@test
def bad_tag_files_are_2_with_a_place(box):
    whole = json.dumps(TAGFILE, indent=1)
    for text, finding in [
        (whole[:-20], "json-syntax"),
        (whole.replace('"cloud"', '"changeNumber": 1, "cloud"', 1), "json-duplicate-key"),
        ("[]", "tag-file"),
        (whole.replace("/", "/9", 1), "tag-file"),
    ]:
        box.write("tags.json", text)
        same(box.run("check", "--tags=tags.json", "--message-format=short", "policy.mlp"), 2)
        assert re.search(r"^tags\.json:\d+:\d+: error: .*%s\]$" % finding, box.out, re.M), (finding, box.out)


@test
def tags_are_written_as_prefixes_where_asked(box):
    box.write("policy.mlp", POLICY + "allow https from web to Internet except Storage\n"
              "allow https from web to Internet except 8.8.8.0/24, Storage\n")
    box.write("tags.json", json.dumps(TAGFILE))
    same(box.run("compile", "--tags=tags.json", "--expand-tags=always", "-o", "-", "--nsg=nsg-web", "policy.mlp"), 0)
    for r in json.loads(box.out)["properties"]["securityRules"]:
        for key in ("sourceAddressPrefix", "destinationAddressPrefix"):
            assert not r["properties"].get(key, "*").startswith("Storage"), r


@test
def what_no_nsg_can_say_names_each_tag_once(box):
    box.write("policy.mlp", POLICY + "allow https from web to Sql except Storage\n"
              "allow https from web to Storage except Sql\n")
    same(box.run("check", "policy.mlp"), 2)
    within("not-expressible", box.out)
    for tag in ("Sql", "Storage"):
        same(box.out.count(f"the service tag {tag} cannot be split"), 1)


@test
def more_ports_than_azure_takes_are_an_error(box):
    ports = ", ".join(str(port) for port in range(1, 8100, 2))
    box.write("policy.mlp", POLICY + f"allow tcp {ports} from data to web\n")
    same(box.run("check", "policy.mlp"), 2)
    within("too-many-ports", box.out)
    within("SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached", box.out)


@test
def notes_tell_what_needs_no_rule(box):
    box.write("policy.mlp", POLICY + "network far 10.9.0.0/16 { zone alone 10.9.1.0/24 }\n"
              "deny ssh from web to alone\nallow https from Storage to Sql\n"
              "resource one storage-account { endpoint blob in data }\n"
              "resource two key-vault { endpoint vault in data }\n"
              "allow https from web to two\n")
    same((box.run("check", "--message-format=short", "policy.mlp"), box.err), (0, ""))
    for finding in ("no-path-satisfied", "no-governed-end", "wider-than-resource"):
        within(finding, box.out)


@test
def the_proof_can_be_left_out_but_not_silently(box):
    same(box.run("compile", "--no-prove", "-o", "out", "policy.mlp"), 0)
    within("not proved", box.err)


@test
def a_wrong_parameter_is_said_to_be_one(box):
    box.write("ports.mlp", "param port = 443\n" + POLICY.replace("allow https", "allow tcp $port"))
    same(box.run("check", "--param=port=abc", "ports.mlp"), 2)
    within("found 'abc' [MLP0210 wrong-value]", box.out)
    within("      = note: the value comes from --param or --params\n", box.out)
    box.write("ports.mlp", "param port = abc\n" + POLICY.replace("allow https", "allow tcp $port"))
    same(box.run("check", "ports.mlp"), 2)
    within("ports.mlp:1:14: note: the value comes from here\n", box.out)
    assert "--param" not in box.out


@test
def utf16_is_said_to_be_utf16(box):
    """PowerShell writes it when the output of az goes into a file."""
    for encoding in ("utf-16-le", "utf-16-be"):
        box.write("live.json", "\ufeff[]".encode(encoding))
        for command in (["lint"], ["reach"], ["query", "--from=any", "--to=any"], ["verify", "policy.mlp", "--live=live.json"]):
            same(box.run(*command, *(["live.json"] if len(command) < 2 or command[0] == "query" else [])), 2)
            within("live.json:1:1: error: this text is UTF-16: save it as UTF-8 [MLP0910 json-syntax]", box.out + box.err)


@test
def locks_keep_names_and_priorities(box):
    first = ["compile", "--lock=policy.lock", "-o", "out", "policy.mlp"]
    same((box.run(*first), box.err), (0, ""))
    lock = box.read("policy.lock")
    web = box.read("out/nsg-web.nsg.json")
    same(box.run(*first[:-1], "--locked", "policy.mlp"), 0)
    same(box.read("policy.lock"), lock)
    box.write("policy.mlp", POLICY + "allow ssh from data to web\n")
    same(box.run(*first, "--locked"), 2)
    within("lock-out-of-date", box.err)
    same(box.read("policy.lock"), lock)
    same(box.run(*first), 0)
    old = {r["name"]: r["properties"]["priority"] for r in json.loads(web)["properties"]["securityRules"]}
    new = {r["name"]: r["properties"]["priority"]
           for r in json.loads(box.read("out/nsg-web.nsg.json"))["properties"]["securityRules"]}
    same({name: new.get(name) for name in old}, old)
    assert box.read("policy.lock") != lock
    box.write("policy.lock", "rubbish\n")
    same(box.run(*first), 2)
    same(box.run(*first, "--relock"), 0)


@test
def priorities_stay_in_their_range(box):
    same(box.run("compile", "-o", "-", "--priorities=200-300", "policy.mlp"), 0)
    for nsg in json.loads(box.out):
        for r in nsg["properties"]["securityRules"]:
            assert 200 <= r["properties"]["priority"] <= 300, r


def main():
    failed = 0
    for number, function in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory() as where:
            problem = ""
            try:
                function(Box(where))
            except Exception:  # a test that breaks is a test that failed
                problem = traceback.format_exc(limit=-2)
        failed += bool(problem)
        print(f"{'not ok' if problem else 'ok'} {number} - {function.__name__}")
        for line in problem.splitlines():
            print("# " + line)
    print(f"1..{len(TESTS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
