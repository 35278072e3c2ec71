# Test Anything Protocol for the shell tests: . "$srcdir/tests/tap.sh", then `ok`, `not_ok`, `skip`, and
# `tap_done` at the end.
# shellcheck shell=sh

tap_count=0
tap_failed=0

ok() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $*"
}

not_ok() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $*"
}

skip() { # REASON NAME...
    tap_count=$((tap_count + 1))
    reason=$1
    shift
    echo "ok $tap_count - $* # SKIP $reason"
}

# One test: it holds when the command succeeds; what it prints is shown when it does not.
tap_run() { # LABEL COMMAND...
    label=$1
    shift
    tap_out=$(mktemp)
    if "$@" >"$tap_out" 2>&1; then
        ok "$label"
    else
        not_ok "$label"
        tail -n 200 "$tap_out" | tap_comment
    fi
    rm -f "$tap_out"
}

# Indents standard input as TAP comments.
tap_comment() {
    sed 's/^/# /'
}

tap_done() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
    exit
}
