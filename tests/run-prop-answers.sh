#!/bin/sh
# Answers of query, reach and diff about random policies and networks, with fixed seeds, packet by packet.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
MLNSGC=${MLNSGC:-$srcdir/build/mlnsgc}
. "$srcdir/tests/tap.sh"

seed=1
nsgs=100 policies=40 questions=30 networks=25 drift=40
[ -z "${MLN_SANITIZED:-}" ] || nsgs=20 policies=6 questions=5 networks=5 drift=6

tap_run "$nsgs pairs of NSGs and $policies pairs of policies, packet by packet, seed $seed" \
    python3 "$srcdir/tests/prop/differences.py" --seed "$seed" --nsgs "$nsgs" --policies "$policies" \
    --binary "$MLNSGC"
tap_run "questions about $questions random policies, packet by packet, seed $seed" \
    python3 "$srcdir/tests/prop/questions.py" --seed "$seed" --count "$questions" --binary "$MLNSGC"
tap_run "questions about $networks random networks as JSON, and rules of them broken, seed $seed" \
    python3 "$srcdir/tests/prop/deployed.py" --seed "$seed" --count "$networks" --queries 10 --binary "$MLNSGC"
tap_run "$drift random policies against what they compile to, with interfaces too, seed $seed" \
    python3 "$srcdir/tests/prop/drift.py" --seed "$seed" --count "$drift" --binary "$MLNSGC"
tap_done
