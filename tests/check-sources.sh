#!/bin/sh
# Every source file is listed in Makefile.am, and every unit suite in suites.def; the scanner never backs up.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
. "$srcdir/tests/tap.sh"
cd "$srcdir" || exit 1

listed() {
    if grep -qE "(^|[[:space:]])$1( |\$)" Makefile.am; then
        ok "$1 is listed"
    else
        not_ok "$1 is missing in Makefile.am"
    fi
}

for file in src/*/*.[ch] src/*/*.def tests/unit/*.[ch] \
    $(find stdlib -name '*.mlp' -o -name '*.tsv' | sort); do
    listed "$file"
done

# shellcheck disable=SC2013 # the words are single names
for suite in $(sed -n 's/^void suite_\([a-z0-9_]*\)(void)$/\1/p' tests/unit/test_*.c | sort -u); do
    if grep -qF "UNIT_ENTRY($suite)" tests/unit/suites.def; then
        ok "suite $suite is listed"
    else
        not_ok "suite $suite is missing in tests/unit/suites.def"
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lexer=$PWD/grammar/lexer.l
if ! command -v flex >/dev/null 2>&1; then
    skip "flex is not installed" "the scanner never backs up"
elif (cd "$work" && flex -b "$lexer" && grep -qx 'No backing up.' lex.backup); then
    ok "the scanner never backs up"
else
    not_ok "the scanner backs up; flex -b tells where"
fi
tap_done
