#!/usr/bin/env bash
# Makes sure that this machine has what building and testing need, and installs what it can (Debian packages, Python
# tools in .build/venv). Run by make; when nothing is missing it does nothing, quickly.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CARGO_AT_LEAST=1.88
PYTHON_AT_LEAST=3.11
NODE_AT_LEAST=20

venv=.build/venv
requirements=.ci/requirements.txt

say() { echo "setup: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# Whether version $1 is $2 or newer.
at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# What only the user can install: all of it is named before giving up.
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

# The Debian packages that are missing here, one a line.
missing_packages() {
    # Packages without a program to look for are looked for by a file of theirs.
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
        say "missing: ${packages[*]} (names of Debian packages). This is not Debian: install the like by other means"
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

# Python tools in an environment of their own, made anew when the requirements, python3 or its place change.
install_python_tools() {
    local stamp=$venv/stamp wanted
    wanted=$(python3 --version && pwd && cat $requirements)
    [ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || return 0
    say "installing the Python tools of $requirements into $venv"
    python3 -m venv --clear $venv
    $venv/bin/python -m pip install --quiet --disable-pip-version-check -r $requirements >&2
    # Fetches its npm package.
    $venv/bin/pyright --version >/dev/null
    echo "$wanted" >$stamp
}

check_toolchains
install_packages
install_python_tools
