#!/bin/sh
# count-tests.sh BUILDDIR: adds up the .trs files of `make check` and prints "N passed, N failed".
# Fails when something failed or nothing passed.
set -eu
find "$1" -name '*.trs' -exec cat {} + | awk '
    $1 == ":test-result:" && ($2 == "PASS" || $2 == "XFAIL") { passed++ }
    $1 == ":test-result:" && ($2 == "FAIL" || $2 == "XPASS" || $2 == "ERROR") { failed++ }
    $1 == ":test-result:" && $2 == "SKIP" { skipped++ }
    END {
        if (skipped) printf "(%d skipped)\n", skipped
        printf "%d passed, %d failed\n", passed, failed
        exit failed || !passed
    }'
