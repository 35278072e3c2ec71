#!/bin/sh
# install-checkers.sh DIRECTORY: installs Node.js where it is missing, and into DIRECTORY/node_modules
# the packages that the offline checkers of ARM templates, Terraform and Bicep need. With
# MLNSGC_CHECKERS=DIRECTORY in the environment `make check` uses them (tests/checkers.py).
set -eu
# shellcheck source=contrib/install-needed.sh
. "$(dirname "$0")/install-needed.sh"

[ $# -eq 1 ] || {
    echo "usage: install-checkers.sh DIRECTORY" >&2
    exit 64
}
mkdir -p "$1"
install_needed checkers
npm install --prefix "$1" --no-audit --no-fund --no-save \
    ajv@8.20.0 ajv-draft-04@1.0.0 ajv-formats@3.0.1 \
    @cdktf/hcl2json@0.21.0 @cdktf/hcl-tools@0.21.0 web-tree-sitter@0.27.1 tree-sitter-bicep@1.1.0
