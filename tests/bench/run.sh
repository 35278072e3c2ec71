#!/bin/sh
# Measures mlnsgc on generated policies and prints a table: wall time, processor time, peak memory;
# the median of several runs. Each writes into a directory of its own: a file system takes its time to
# create files where others have just been removed. TMPDIR says where.
#   run.sh [--dual-stack] [BINARY [INTENTS...]]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stack=
[ "${1:-}" = --dual-stack ] && stack=$1 && shift
binary=${1:-./mlnsgc}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 1000 10000 100000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

printf '%10s %8s %6s %10s %10s %10s %8s\n' intents zones exit 'wall ms' 'cpu ms' 'peak MB' rules
for intents in "$@"; do
    python3 "$here/gen_policy.py" --intents "$intents" ${stack:+"$stack"} >"$work/policy.mlp"
    python3 - "$binary" "$work" "$intents" <<'PYTHON'
import glob, os, resource, subprocess, sys, time
binary, work, intents = sys.argv[1:]
source = os.path.join(work, "policy.mlp")
runs, code = [], 0
for run in range(3 if int(intents) > 50000 else 7):
    out = os.path.join(work, "out-%s-%d" % (intents, run))
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    code = subprocess.run([binary, "compile", "-q", "--emit=nsg", "-o", out, source],
                          stdout=subprocess.DEVNULL, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    runs.append((time.perf_counter() - start, cpu))
wall, cpu = sorted(runs)[len(runs) // 2]
rules = sum(open(f).read().count('"priority"') for f in glob.glob(os.path.join(out, "*.nsg.json")))
zones = sum(line.lstrip().startswith("zone ") for line in open(source))
print("%10s %8d %6d %10.1f %10.1f %10.1f %8d" %
      (intents, zones, code, wall * 1000, cpu * 1000, after.ru_maxrss / 1024, rules))
PYTHON
done
