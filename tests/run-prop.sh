#!/bin/sh
# Random policies and NSGs with fixed seeds against evaluators that share no code with the compiler; see
# tests/prop/judge.py, which can run for hours.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
MLNSGC=${MLNSGC:-$srcdir/build/mlnsgc}
. "$srcdir/tests/tap.sh"

seed=1
policies=60 lists=1500 worlds=8 chains=60
[ -z "${MLN_SANITIZED:-}" ] || policies=15 lists=300 worlds=5 chains=20

tap_run "the judge decides worked examples" python3 "$srcdir/tests/prop/selftest.py"
tap_run "$policies random policies, seed $seed" \
    python3 "$srcdir/tests/prop/judge.py" --seed "$seed" --count "$policies" --binary "$MLNSGC"
tap_run "$lists random NSGs against brute force, seed $seed" \
    python3 "$srcdir/tests/prop/redundant.py" --seed "$seed" --count "$lists" --binary "$MLNSGC"
tap_run "$worlds random networks with interfaces and appliances, packet by packet" \
    python3 "$srcdir/tests/prop/interfaces.py" --seed 15 --count "$worlds" --binary "$MLNSGC"
tap_run "$chains random policies with appliances one behind the other, seed $seed" \
    python3 "$srcdir/tests/prop/chains.py" --seed "$seed" --count "$chains" --binary "$MLNSGC"
tap_done
