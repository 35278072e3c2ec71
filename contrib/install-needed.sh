# install_needed build|test|checkers: installs the Debian packages that are missing, as root or through sudo.
# shellcheck shell=sh

missing_packages() { # COMMAND:PACKAGE or pc/MODULE:PACKAGE or file/PATH:PACKAGE...
    for pair in "$@"; do
        need=${pair%%:*}
        case $need in
        pc/*) pkg-config --exists "${need#pc/}" 2>/dev/null && continue ;;
        *) command -v "$need" >/dev/null 2>&1 && continue ;;
        esac
        echo "${pair#*:}"
    done
}

install_needed() {
    if [ "$1" = checkers ]; then
        set -- "$1" node:nodejs npm:npm
    else
        set -- "$1" gcc:gcc make:make flex:flex bison:bison autoconf:autoconf automake:automake \
            pkg-config:pkg-config pc/libcjson:libcjson-dev pc/cunit:libcunit1-dev
    fi
    if [ "$1" = test ]; then
        set -- "$@" python3:python3 clang:clang mandoc:mandoc shellcheck:shellcheck xz:xz-utils
    fi
    shift
    packages=$(missing_packages "$@")
    [ -n "$packages" ] || return 0
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    # The list is split into words on purpose.
    # shellcheck disable=SC2086
    {
        DEBIAN_FRONTEND=noninteractive $as_root apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends \
                libc6-dev $packages
    } </dev/null
}
