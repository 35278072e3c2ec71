#!/bin/sh
# On a fresh Debian: installs what is needed, builds in ./build, and compiles the example policy into
# build/secure-mlops. Options go to ./configure.
set -eu
cd "$(dirname "$0")"
. ./contrib/install-needed.sh
install_needed build

[ -x configure ] || ./bootstrap
mkdir -p build
if [ ! -f build/Makefile ] || [ $# -gt 0 ]; then
    (cd build && ../configure "$@")
fi
make -C build -j "$(nproc)"
build/mlnsgc compile -o build/secure-mlops/ examples/secure-mlops/policy.mlp
ls build/secure-mlops
