#!/bin/sh
# Random policies with a fixed seed against the compiler; see tests/prop/judge.py, which can run for hours.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
MLNSGC=${MLNSGC:-$srcdir/build/mlnsgc}
. "$srcdir/tests/tap.sh"

seed=1
count=60
[ -z "${MLN_SANITIZED:-}" ] || count=15
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if python3 "$srcdir/tests/prop/selftest.py" >"$work/out" 2>&1; then
    ok "the judge decides worked examples"
else
    not_ok "the judge decides worked examples"
    tap_comment <"$work/out"
fi

if python3 "$srcdir/tests/prop/judge.py" --seed "$seed" --count "$count" --binary "$MLNSGC" >"$work/out" 2>&1; then
    ok "$count random policies, seed $seed: $(tail -n 1 "$work/out")"
else
    not_ok "$count random policies, seed $seed: $(tail -n 1 "$work/out")"
    tail -n 200 "$work/out" | tap_comment
fi

lists=1500
[ -z "${MLN_SANITIZED:-}" ] || lists=300
if python3 "$srcdir/tests/prop/redundant.py" --seed "$seed" --count "$lists" --binary "$MLNSGC" >"$work/out" 2>&1; then
    ok "$lists random NSGs against brute force, seed $seed"
else
    not_ok "$lists random NSGs against brute force, seed $seed"
    tap_comment <"$work/out"
fi

nsgs=100
policies=40
[ -z "${MLN_SANITIZED:-}" ] || nsgs=25 policies=10
if python3 "$srcdir/tests/prop/differences.py" --seed "$seed" --nsgs "$nsgs" --policies "$policies" \
    --binary "$MLNSGC" >"$work/out" 2>&1; then
    ok "$nsgs pairs of NSGs and $policies pairs of policies, packet by packet, seed $seed"
else
    not_ok "$nsgs pairs of NSGs and $policies pairs of policies, packet by packet, seed $seed"
    tap_comment <"$work/out"
fi

questions=30
[ -z "${MLN_SANITIZED:-}" ] || questions=8
if python3 "$srcdir/tests/prop/questions.py" --seed "$seed" --count "$questions" --binary "$MLNSGC" >"$work/out" 2>&1; then
    ok "questions about $questions random policies, packet by packet, seed $seed"
else
    not_ok "questions about $questions random policies, packet by packet, seed $seed"
    tap_comment <"$work/out"
fi

networks=25
[ -z "${MLN_SANITIZED:-}" ] || networks=8
if python3 "$srcdir/tests/prop/deployed.py" --seed "$seed" --count "$networks" --queries 10 --binary "$MLNSGC" >"$work/out" 2>&1; then
    ok "questions about $networks random networks as JSON, and rules of them broken, packet by packet, seed $seed"
else
    not_ok "questions about $networks random networks as JSON, and rules of them broken, packet by packet, seed $seed"
    tap_comment <"$work/out"
fi
worlds=8
[ -z "${MLN_SANITIZED:-}" ] || worlds=3
if python3 "$srcdir/tests/prop/interfaces.py" --seed 15 --count "$worlds" --binary "$MLNSGC" >"$work/out" 2>&1; then
    ok "$worlds random networks with interfaces and appliances, packet by packet"
else
    not_ok "$worlds random networks with interfaces and appliances, packet by packet"
    tap_comment <"$work/out"
fi
tap_done
