#!/bin/sh
# The manual pages are sound, and mlnsgc(1) speaks of exactly the options and commands that there are.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
MLNSGC=${MLNSGC:-$srcdir/build/mlnsgc}
. "$srcdir/tests/tap.sh"
cd "$srcdir" || exit 1

if ! command -v mandoc >/dev/null; then
    skip "mandoc is missing" "manual pages"
    tap_done
fi

for page in man/*; do
    if message=$(mandoc -T lint -W warning "$page" 2>&1); then
        ok "$page is sound"
    else
        not_ok "$page is sound"
        echo "$message" | tap_comment
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Options are what a line of help begins with: "  -q, --quiet", "  --tags=FILE". What --format takes is the command's own.
commands=$("$MLNSGC" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
for command in $commands; do
    "$MLNSGC" "$command" --help
done | grep -oE '^  -[^ ]+(, --[^ ]+)?([ =][A-Z][^ ]*)?' | sed 's/^  //; s/^--format=.*/--format=FORM/' | sort -u >"$work/options"
mandoc -T ascii -O width=300 man/mlnsgc.1 | sed 's/.\x08//g' >"$work/page"

while read -r option; do
    if grep -qE "^ +$(printf '%s' "$option" | sed 's/[][|.*]/\\&/g')( |\$)" "$work/page"; then
        ok "mlnsgc(1) describes '$option'"
    else
        not_ok "mlnsgc(1) describes '$option'"
    fi
done <"$work/options"

sed -n '/^OPTIONS/,/^ENVIRONMENT/s/^ \{5\}\(-[^ ].*\)/\1/p' "$work/page" | sed 's/  .*//' |
    sort -u >"$work/described"
while read -r option; do
    if grep -qxF -- "$option" "$work/options"; then
        ok "'$option' exists"
    else
        not_ok "'$option' is described but does not exist"
    fi
done <"$work/described"

for command in $commands; do
    if grep -qE "^     (mlnsgc )?$command( |\$)" "$work/page"; then
        ok "mlnsgc(1) describes the command $command"
    else
        not_ok "mlnsgc(1) describes the command $command"
    fi
done
tap_done
