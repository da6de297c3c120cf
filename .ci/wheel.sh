#!/usr/bin/env bash
# The Python packages as users install them: the source distribution, and the wheel built from it for every Linux with
# glibc 2.17 or newer. Installs each of them into a fresh environment outside the tree and uses it there.
#
#     .ci/wheel.sh                              does all of that; the last line counts what passed
#     .ci/wheel.sh build [MATURIN_ARGUMENT]...  only builds, into dist/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

source .build/venv/bin/activate
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
# Absolute, because cargo is run in copies of the tree.
[[ $CARGO_TARGET_DIR = /* ]] || CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR
package=bindings-python
log=.build/logs/wheel.log
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

# Runs a check, which counts as one test.
check() {
    echo "--- $*"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Cargo treats copies of a crate in different places as one, and decides by the dates of the files whether to compile it
# again. So the files get the current date, instead of maturin's default in 2006.
build() {
    rm -rf dist
    SOURCE_DATE_EPOCH=$(date +%s) maturin sdist --manifest-path $package/Cargo.toml --out dist
    tar -xzf dist/*.tar.gz -C "$scratch"
    local out=$PWD/dist
    (cd "$scratch"/zkcoord-* &&
        maturin build --release --strip --zig --compatibility manylinux_2_17 --out "$out" "$@")
}

# Checks that the wheel needs no more of the system than its name states.
check_platform() {
    auditwheel show dist/*.whl | tee "$scratch/platform"
    grep -q '"manylinux_2_17_' "$scratch/platform"
}

# check_installed PIP_ARGUMENT...: installs a package and runs a program that uses it.
check_installed() {
    local place=$scratch/environment
    python3 -m venv --clear "$place" &&
        "$place/bin/pip" install --quiet --disable-pip-version-check "$@" &&
        "$CARGO_TARGET_DIR/debug/zkcoord-testkit" run -- "$place/bin/python" -I $package/tests/installed.py
}

# Builds the source distribution as pip does if no wheel fits, but without optimization, to reuse the dependencies that
# other suites have compiled. Our own crates must not be confused with those of the tree: options for the lowest of them
# set all of them apart.
check_source() {
    local apart="--config profile.dev.package.async-io.debug=2 --config profile.dev.package.async-net.debug=2"
    PIP_CONSTRAINT=$PWD/.ci/requirements.txt MATURIN_PEP517_ARGS="--profile dev $apart" check_installed dist/*.tar.gz
}

mkdir -p .build/logs
if [ "${1:-}" = build ]; then
    build "${@:2}"
    exit
fi
build >$log 2>&1 || {
    cat $log
    exit 1
}
ls -l dist
cargo build --quiet --package zkcoord-testkit

check check_platform
check check_installed --no-index dist/*.whl
check check_source

echo "wheel: $passed passed, $failed failed"
[ "$failed" = 0 ]
