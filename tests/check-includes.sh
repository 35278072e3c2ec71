#!/bin/sh
# A layer includes itself and the layers above it, never one below.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
. "$srcdir/tests/tap.sh"
cd "$srcdir" || exit 1

layers='base diag net azure lang policy rules prove import emit cli'
allowed=
for layer in $layers; do
    allowed="$allowed $layer"
    wrong=$(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "src/$layer"/*.[ch] /dev/null |
        awk -v allowed="$allowed" '
            BEGIN { n = split(allowed, list, " "); for (i = 1; i <= n; i++) good[list[i]] = 1 }
            { split($0, part, "\""); split(part[2], dir, "/"); if (!(dir[1] in good)) print }')
    if [ -z "$wrong" ]; then
        ok "src/$layer includes only what stands above it"
    else
        not_ok "src/$layer includes what stands below it"
        echo "$wrong" | tap_comment
    fi
done

for dir in src/*/; do
    dir=${dir#src/}
    case " $layers " in
    *" ${dir%/} "*) ;;
    *) not_ok "src/$dir is no layer of ARCHITECTURE.md" ;;
    esac
done
tap_done
