#!/usr/bin/env bash
# The Node package: builds it, checks its types, runs its tests and its examples.
#
#     .ci/node.sh          all of that; the last line says what passed
#     .ci/node.sh build    only what `node examples/lock.mjs` needs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=bindings-node
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
# Absolute, for cargo is called in more than one directory.
[[ $CARGO_TARGET_DIR = /* ]] || CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR

say() { echo "node: $*" >&2; }
# Runs a tool of the package, in the package.
tool() { (cd $package && "node_modules/.bin/$1" "${@:2}"); }

# The tools, anew when the lock file or Node has changed.
install() {
    local stamp=$package/node_modules/.stamp wanted
    wanted=$(node --version && cat $package/package-lock.json)
    [ "$(cat $stamp 2>/dev/null)" != "$wanted" ] || return 0
    say "installing the tools of $package/package-lock.json"
    (cd $package && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >&2
    echo "$wanted" >$stamp
}

build() {
    node $package/build.mjs ${NODE_BUILD:-}
    rm -rf $package/dist
    tool tsc
    # What makes `import 'zkcoord'` work in examples/ and tests/.
    mkdir -p node_modules
    ln -sfn ../$package node_modules/zkcoord
}

# Runs the tests and counts them. One that was cancelled has failed.
tests() {
    local log=dist-test/log.txt
    rm -rf $package/dist-test
    tool tsc --project test --noEmit
    tool tsc --project test
    (
        cd $package
        node --test --test-reporter=spec --test-reporter-destination=stderr \
            --test-reporter=tap --test-reporter-destination=$log dist-test/*.test.js || true
    )
    figure() { sed -n "s/^# $1 //p" $package/$log | tail -n 1; }
    passed=$(figure pass)
    [ "${passed:-0}" -gt 0 ] || { say "no test has passed" && return 1; }
    failed=$(($(figure fail) + $(figure cancelled)))
}

examples() {
    local example
    for example in lock counter rate_limit absent_keys; do
        if timeout 60 "$CARGO_TARGET_DIR/debug/zkcoord-testkit" run -- node examples/$example.mjs; then
            passed=$((passed + 1))
        else
            say "examples/$example.mjs failed"
            failed=$((failed + 1))
        fi
    done
}

install
build
[ "${1:-}" != build ] || exit 0
cargo build --quiet -p zkcoord-testkit
passed=0 failed=0
tests
examples
echo "node: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
