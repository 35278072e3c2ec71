#!/bin/sh
# Builds as build.sh does, runs all tests, and ends with "N passed, N failed". Options go to ./configure.
set -eu
cd "$(dirname "$0")"
. ./contrib/install-needed.sh
install_needed test
sh ./build.sh "$@"
find build -name '*.trs' -exec rm -f {} +
status=0
make -C build check -j "$(nproc)" </dev/null || status=$?
sh contrib/count-tests.sh build || status=1
exit "$status"
