"""Offline checkers of ARM templates, Terraform and Bicep, for tests.

They are Node.js programs beside the checkout, with the official schemas: ../shared/azure/schemas/tool. Their packages
are in $MLNSGC_CHECKERS/node_modules (contrib/install-checkers.sh makes it). The programs look for packages from the
directory they lie in, so they are copied next to a link to these.

    reason = checkers.missing()            why nothing can be checked; None when everything is there
    with checkers.Checkers() as check:
        good, text = check.arm([files...])         text: what the checker printed, errors and all
        good, text = check.terraform([files...])
        good, text = check.bicep([files...])
        if check.can_format(): good, text = check.format([files...])       is it as `terraform fmt` leaves it?
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

SOURCE = pathlib.Path(os.environ.get("srcdir", pathlib.Path(__file__).resolve().parent.parent)).resolve()
# Of azurerm, but not in the subset of its schema.
NO_SCHEMA = {"azurerm_subnet_service_endpoint_storage_policy", "azurerm_mssql_firewall_rule",
             "azurerm_mssql_virtual_network_rule", "azurerm_mysql_flexible_server_firewall_rule",
             "azurerm_postgresql_flexible_server_firewall_rule", "azurerm_synapse_firewall_rule"}
FORMAT = """
const fs = require('fs'), {format} = require('@cdktf/hcl-tools');
(async () => {
  let ok = 0, bad = 0;
  for (const file of process.argv.slice(2)) {
    const before = fs.readFileSync(file, 'utf8'), after = await format(before);
    if (after === before) { ok++; continue; }
    bad++;
    const x = before.split('\\n'), y = after.split('\\n'), at = x.findIndex((line, i) => line !== y[i]);
    console.log(`${file}:${at + 1}: terraform fmt writes ${JSON.stringify(y[at])}, not ${JSON.stringify(x[at])}`);
  }
  console.log(JSON.stringify({ok, bad}));
  process.exit(bad ? 1 : 0);
})();
"""
SCHEMAS = SOURCE.parent / "shared" / "azure" / "schemas"


def modules():
    where = os.environ.get("MLNSGC_CHECKERS")
    return pathlib.Path(where).resolve() / "node_modules" if where else None


def missing():
    if not (SCHEMAS / "tool").is_dir():
        return "no schemas beside the checkout"
    if not shutil.which("node"):
        return "no node"
    if not modules() or not modules().is_dir():
        return "MLNSGC_CHECKERS names no directory with node_modules (contrib/install-checkers.sh makes one)"
    return None


class Checkers:
    def __enter__(self):
        self.box = tempfile.TemporaryDirectory()
        where = pathlib.Path(self.box.name)
        for tool in (SCHEMAS / "tool").glob("*.cjs"):
            shutil.copy(tool, where)
        (where / "format.cjs").write_text(FORMAT)
        (where / "node_modules").symlink_to(modules(), target_is_directory=True)
        return self

    def __exit__(self, *_):
        self.box.cleanup()

    def run(self, tool, arguments, files):
        """The checker's status is 0 and its last line a JSON summary, which is returned too."""
        command = ["node", str(pathlib.Path(self.box.name, tool)), *arguments, *map(str, files)]
        clean = dict(os.environ, AZURERM_SUBSET=str(SCHEMAS / "terraform" / "azurerm-4.55.0-subset.json"))
        result = subprocess.run(command, capture_output=True, text=True, env=clean, timeout=600)
        text = result.stdout + result.stderr
        last = result.stdout.rstrip().rsplit("\n", 1)[-1]
        summary = json.loads(last) if last.startswith("{") else {}
        return result.returncode == 0 and bool(summary), text, summary

    def arm(self, files):
        """Every resource has a schema, and all names, types and values are those of the schema."""
        good, text, summary = self.run("armcheck.cjs", ["--strict", "--schemas", str(SCHEMAS)], files)
        return good and summary.get("noschema") == 0 and summary.get("valid") == len(files), text

    def terraform(self, files):
        good, text, summary = self.run("tfcheck.cjs", [], files)
        return good and set(summary.get("noschema")) <= NO_SCHEMA, text

    def bicep(self, files):
        good, text, summary = self.run("bicepcheck.cjs", [], files)
        return good and summary.get("ok") == len(files), text

    def can_format(self):
        return (modules() / "@cdktf" / "hcl-tools").is_dir()

    def format(self, files):
        good, text, summary = self.run("format.cjs", [], files)
        return good and summary.get("ok") == len(files), text
