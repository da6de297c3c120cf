#!/usr/bin/env bash
# The Python package as its users get it: the source distribution, and the wheel that is built from it for every Linux
# with glibc 2.17 or newer. Installs each of them into a fresh environment outside the tree and uses it there.
#
#     .ci/wheel.sh          all of that; the last line says what passed
#     .ci/wheel.sh build    only the two files, in dist/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source .build/venv/bin/activate
target=${CARGO_TARGET_DIR:-target}
package=bindings-python
log=.build/logs/wheel.log
scratch=$(mktemp -d)
# Compiled from nothing each time: the files of a source distribution are dated 2006, so that cargo would take what it
# has compiled of an earlier one for this one's.
export CARGO_TARGET_DIR=$PWD/.build/wheel
trap 'rm -rf "$scratch" "$CARGO_TARGET_DIR"' EXIT
rm -rf "$CARGO_TARGET_DIR"
mkdir -p .build/logs
passed=0 failed=0

# Runs a check that counts as one test.
check() {
    echo "--- $*"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

build() {
    rm -rf dist
    maturin build --sdist --release --strip --zig --compatibility manylinux_2_17 \
        --manifest-path $package/Cargo.toml --out dist >$log 2>&1 || {
        cat $log
        exit 1
    }
    ls -l dist
}

# Whether the wheel needs no more of its system than its name says.
check_platform() {
    auditwheel show dist/*.whl | tee "$scratch/platform"
    grep -q '"manylinux_2_17_' "$scratch/platform"
}

# check_installed PIP_ARGUMENT...: installs that and lets a program use it.
check_installed() {
    local place=$scratch/environment
    python3 -m venv --clear "$place" &&
        "$place/bin/pip" install --quiet --disable-pip-version-check "$@" &&
        "$target/debug/zkcoord-testkit" run -- "$place/bin/python" -I $package/tests/installed.py
}

# As `pip install zkcoord` does where no wheel fits, but without optimizing, which the wheel's build has shown.
check_source() {
    PIP_CONSTRAINT=.ci/requirements.txt MATURIN_PEP517_ARGS="--profile dev" check_installed dist/*.tar.gz
}

build
[ "${1:-}" != build ] || exit 0
CARGO_TARGET_DIR=$target cargo build --quiet --package zkcoord-testkit

check check_platform
check check_installed --no-index dist/*.whl
check check_source

echo "wheel: $passed passed, $failed failed"
[ "$failed" = 0 ]
