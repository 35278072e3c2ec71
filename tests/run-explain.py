#!/usr/bin/env python3
"""mlnsgc explain and doc: whatever has a name is explained, and the library's page is made from its modules.

Names are taken from where they are defined (the catalogue of diagnostics, the grammar's words, the modules), not from
the program, so a new one without a text fails here. Prints TAP.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import traceback

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
MLNSGC = str(pathlib.Path(os.environ.get("MLNSGC", SOURCE / "build" / "mlnsgc")).resolve())
DECLARES = re.compile(r"^(template|kind|service|external|geography|group|param) ([\w-]+)", re.M)


def run(*arguments, stdin=""):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1893456000"}
    environment.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
    return subprocess.run([MLNSGC, *arguments], input=stdin, env=environment, capture_output=True, text=True,
                          timeout=120)


def good(*arguments):
    result = run(*arguments)
    assert result.returncode == 0 and result.stderr == "", (arguments, result.returncode, result.stderr)
    return result.stdout


def modules():
    root = SOURCE / "stdlib"
    return {str(path.relative_to(root))[:-4]: path.read_text() for path in sorted(root.rglob("*.mlp"))}


def diagnostics():
    text = (SOURCE / "src" / "diag" / "diag.def").read_text()
    return re.findall(r'^MLN_DIAG\(\w+, "(\d+)", MLN_(\w+), "([\w-]+)"', text, re.M)


def test_every_diagnostic_by_code_and_slug():
    found = diagnostics()
    assert len(found) > 100
    for code, severity, slug in found:
        title = f"MLP{code} {slug} ({severity.lower()})"
        by_code = good("explain", "MLP" + code)
        assert by_code.splitlines()[0] == title, (title, by_code)
        assert title in good("explain", slug) and len(by_code) > len(title) + 40, title


def test_every_word_of_the_language():
    grammar = (SOURCE / "grammar" / "parser.y").read_text()
    words = [word for word in re.findall(r'^%token.*?"([a-z-]+)"', grammar, re.M)] + \
        re.findall(r'"([a-z][a-z-]+)"', (SOURCE / "src" / "lang" / "syntax.c").read_text())
    reserved = """import param network zone asg external peer connect group service resource kind geography template
        apply when else default allow deny forbid assert from to within except as overrides until owner because
        any""".split()
    keywords = re.findall(r'^MLN_KEYWORD\("([\w-]+)"', (SOURCE / "src" / "lang" / "keyword.def").read_text(), re.M)
    assert keywords == sorted(keywords), "keyword.def is in the order of its words"
    assert words and set(reserved) <= set(keywords), set(reserved) - set(keywords)
    for word in keywords:
        assert f"{word} (word of the language)" in good("explain", word), word


def test_items_that_stand_in_braces_are_words_too():
    page = (SOURCE / "man" / "mlp.5").read_text()
    items = set(re.findall(r"^\.It Ic ([a-z][a-z-]+)", page, re.M)) - {"tcp", "udp", "icmp"}
    keywords = set(re.findall(r'^MLN_KEYWORD\("([\w-]+)"', (SOURCE / "src/lang/keyword.def").read_text(), re.M))
    assert len(items) > 10 and items <= keywords, items - keywords


def test_every_module_and_what_it_declares():
    for module, text in modules().items():
        assert text.startswith("# "), f"{module} says what it is"
        shown = good("doc", module)
        assert shown.startswith(f"# {module}\n"), shown[:80]
        for kind, name in DECLARES.findall(text):
            assert name in shown, (module, name)
            assert f"{name} ({kind} in {module})" in good("explain", f"{module}.{name}"), (module, name)
            assert f"{name} ({kind} in {module})" in good("explain", name), (module, name)


def test_templates_are_shown_with_their_parameters():
    for module, text in modules().items():
        for name, parameters in re.findall(r"^template ([\w-]+)\((.*?)\) \{", text, re.M):
            above = text[:text.index(f"template {name}(")].rsplit("\n\n", 1)[1]
            assert above.lstrip().startswith("# "), f"{module}.{name} has a comment"
            # In the module's own words: each parameter, or where they are told.
            for parameter in re.findall(r"\$([\w-]+)", parameters):
                told = f"${parameter}" in above or "arameters as for" in above
                assert told, f"{module}.{name} does not tell what ${parameter} is"


def test_service_tags():
    assert "In rules          no; use AzureMachineLearning" in good("explain", "AzureMachineLearning.EastUS")
    assert "Part of           Storage" in good("explain", "storage.westeurope")
    assert "AzureCloud.centralfrance (service tag)" in good("explain", "AzureCloud.francecentral")
    assert "Regional tags" in good("explain", "Storage")
    for tag in ("VirtualNetwork", "Internet", "AzureLoadBalancer", "AzurePlatformDNS", "AzurePlatformIMDS",
                "AzurePlatformLKM"):
        assert "No file lists it" in good("explain", tag).replace("\n", " ") or "no file lists it" in \
            good("explain", tag).replace("\n", " "), tag
    china = good("explain", "--cloud=china", "AzureCognitiveSearch")
    assert "In rules          no" in china, china


def test_several_names_and_unknown_ones():
    both = good("explain", "overrides", "unknown-name")
    assert both.index("overrides (word") < both.index("MLP0201")
    result = run("explain", "overides", "allow")
    assert result.returncode == 2 and "did you mean 'overrides'?" in result.stderr, result.stderr
    assert "allow (word" in result.stdout
    assert "[MLP0960 unknown-topic]" in result.stderr
    assert "did you mean 'azure/bastion'" in run("doc", "azure/bastoin").stderr
    assert run("doc", "azure/bastoin").returncode == 2
    assert run("explain").returncode == 64
    assert run("doc", "--format=man", "azure/bastion").returncode == 64
    assert run("doc", "absent.mlp").returncode == 66
    assert run("explain", "\x1b[31mred").stderr.count("\x1b") == 0


def test_markdown_tables_are_rectangular():
    policies = sorted((SOURCE / "examples").glob("*/policy.mlp"))
    assert policies
    for policy in policies:
        text = good("doc", *([] if policy.parent.name != "hosted-agents" else
                             [f"--tags={policy.parent}/ServiceTags_abridged.json"]), str(policy))
        widths, count = None, 0
        for line in text.splitlines():
            if not line.startswith("|"):
                widths = None
                continue
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert widths in (None, cells), line
            widths, count = cells, count + 1
        assert count > 5, policy
        places = ("## Networks", "## Zones") if "\nnetwork " in policy.read_text() else ("## Resources",)
        for heading in ("# policy.mlp", *places, "## Intents", "## Assertions"):
            assert heading + "\n" in text, (policy, heading)


def test_a_policy_with_everything_in_its_documentation():
    text = run("doc", "-", stdin='''# What it is for. More.
network a 10.0.0.0/16 {
    # Where | people work.
    zone desks 10.0.1.0/24
}
external office 198.51.100.0/24
external shop "shop.example"
# Why | so.
allow https from office to desks as web owner "net" until 2031-02-03
assert deny ssh from Internet to desks
''').stdout
    assert text.startswith("# <stdin>\n\nWhat it is for. More.\n"), text
    assert "| desks | 10.0.1.0/24 | nsg-desks | plain | deny | deny | Where \\| people work. |" in text, text
    assert "| office | 198.51.100.0/24 |  |  |\n| shop |  | shop.example |  |" in text, text
    assert "| web | allow | https | office | desks | Why \\| so.; owner net; until 2031-02-03 |" in text, text


def test_the_manual_page_is_what_doc_prints():
    page = good("doc", "--format=man")
    built = pathlib.Path(os.environ.get("builddir", ""), "man", "mlnsgc-stdlib.7")
    if os.environ.get("builddir") and built.exists():
        assert built.read_text() == page
    for module, text in modules().items():
        assert f".Sh {module.upper()}\n".replace("-", "\\-") in page, module
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page, capture_output=True, text=True)
        assert lint.returncode == 0, lint.stdout


def main():
    tests = [(name[5:], value) for name, value in sorted(globals().items()) if name.startswith("test_")]
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name.replace('_', ' ')}")
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            failed += 1
            print(f"not ok {number} - {name.replace('_', ' ')}")
            for line in traceback.format_exc(limit=-2).splitlines():
                print("# " + line)
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
