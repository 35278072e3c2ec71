#!/bin/sh
# Each header compiles alone.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
. "$srcdir/tests/tap.sh"
cd "$srcdir" || exit 1

for header in src/*/*.h; do
    # CC may carry flags.
    # shellcheck disable=SC2086
    if message=$(echo "#include \"${header#src/}\"" |
        ${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -Isrc -fsyntax-only -x c - 2>&1); then
        ok "${header#src/}"
    else
        not_ok "${header#src/}"
        echo "$message" | tap_comment
    fi
done
tap_done
