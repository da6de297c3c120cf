#!/usr/bin/env bash
# Installs what building and testing need, as far as it is missing: Debian packages, Python tools in .build/venv, and the
# npm packages of bindings-node. The Makefile runs it before everything else; it is fast when nothing is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_AT_LEAST=1.88
PYTHON_AT_LEAST=3.11
NODE_AT_LEAST=20.19

venv=.build/venv
requirements=.ci/requirements.txt
node_package=bindings-node

say() { echo "setup: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least VERSION MINIMUM: succeeds if VERSION is MINIMUM or newer.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Checks the toolchains, which only the user can install, and names all that are missing before it fails.
check_toolchains() {
    local missing=0 version
    need() {
        say "missing: $1. $2"
        missing=1
    }
    version=$(cargo --version 2>/dev/null | cut -d ' ' -f 2) || true
    at_least "${version:-0}" $CARGO_AT_LEAST ||
        need "Rust $CARGO_AT_LEAST or newer (found: ${version:-none})" "Get it from https://rustup.rs"
    version=$(python3 -c 'import platform; print(platform.python_version())' 2>/dev/null) || true
    at_least "${version:-0}" $PYTHON_AT_LEAST ||
        need "python3 $PYTHON_AT_LEAST or newer (found: ${version:-none})" \
            "Get it with 'apt-get install python3' on Debian 12 or newer, or from https://www.python.org/downloads"
    version=$(node --version 2>/dev/null | tr -d v) || true
    at_least "${version:-0}" $NODE_AT_LEAST ||
        need "Node.js $NODE_AT_LEAST or newer (found: ${version:-none})" "Get it from https://nodejs.org/en/download"
    have npm || need "npm" "It comes with Node.js from https://nodejs.org, or with 'apt-get install npm'"
    return $missing
}

# Prints the Debian packages that are missing, one per line.
missing_packages() {
    # A package that installs no program is recognised by one of its files.
    [ -e /usr/share/java/zookeeper.jar ] || echo zookeeper
    [ -e /usr/share/java/curator-recipes.jar ] || echo libcurator-recipes-java
    { have java && have javac; } || echo default-jdk-headless
    have gcc || echo gcc
    have g++ || echo g++
    have make || echo make
    have cmake || echo cmake
    have pkg-config || echo pkg-config
    have valgrind || echo valgrind
    have abidiff || echo abigail-tools
    python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
}

install_packages() {
    local packages=() root=()
    mapfile -t packages < <(missing_packages)
    [ ${#packages[@]} -gt 0 ] || return 0
    if ! have apt-get; then
        say "missing: ${packages[*]} (names of Debian packages). There is no apt-get here: install their equivalents by hand"
        return 1
    fi
    if [ "$(id -u)" != 0 ]; then
        have sudo || {
            say "missing: ${packages[*]}. Install them as root: apt-get install --no-install-recommends ${packages[*]}"
            return 1
        }
        root=(sudo)
    fi
    say "installing Debian packages: ${packages[*]}"
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "${packages[@]}" </dev/null >&2
}

# Installs the Python tools into their own environment, again whenever the requirements, python3 or the folder change.
install_python_tools() {
    local stamp=$venv/stamp wanted
    wanted=$(python3 --version && pwd && cat $requirements)
    [ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || return 0
    say "installing the Python tools of $requirements into $venv"
    python3 -m venv --clear $venv
    $venv/bin/python -m pip install --quiet --disable-pip-version-check -r $requirements >&2
    # The first run of pyright fetches its npm package.
    $venv/bin/pyright --version >/dev/null
    echo "$wanted" >$stamp
}

# Installs the npm packages, again whenever the lock file or Node change.
install_node_tools() {
    local stamp=$node_package/node_modules/.stamp wanted
    wanted=$(node --version && cat $node_package/package-lock.json)
    [ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || return 0
    say "installing the npm packages of $node_package/package-lock.json"
    (cd $node_package && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    echo "$wanted" >$stamp
}

check_toolchains
install_packages
install_python_tools
install_node_tools
