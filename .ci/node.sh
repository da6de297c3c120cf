#!/usr/bin/env bash
# The Node package: builds it, checks its style and types, runs its tests and its examples, packs it and tries the tarball.
#
#     .ci/node.sh                       all of that; the last line says how many passed
#     .ci/node.sh build                 only what `node examples/lock.mjs` needs
#     .ci/node.sh test mutex            builds, and runs only bindings-node/test/mutex.test.ts
#     .ci/node.sh test mutex timeout    of that file only the tests whose names match the pattern
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

package=bindings-node
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
# Absolute, because cargo is called in more than one directory.
[[ $CARGO_TARGET_DIR = /* ]] || CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR

say() { echo "node: $*" >&2; }
# Runs a tool of the package, in the package.
tool() { (cd $package && "node_modules/.bin/$1" "${@:2}"); }

# Installs the tools, again when the lock file or Node has changed.
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
    # Makes `import 'zkcoord'` work in examples/ and tests/.
    mkdir -p node_modules
    ln -sfn ../$package node_modules/zkcoord
}

build_tests() {
    cargo build --quiet -p zkcoord-testkit
    rm -rf $package/dist-test
    tool tsc --project test
}

# Runs all tests and counts them. A cancelled test counts as failed.
tests() {
    local log=dist-test/log.txt
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

# Runs the tests of one file, or those of them whose names match a pattern.
one_test() {
    local name=$1 log=dist-test/log.txt status=0
    build_tests
    cd $package
    node --test --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=tap --test-reporter-destination=$log \
        ${2:+--test-name-pattern="$2"} "dist-test/$name.test.js" || status=$?
    # Node succeeds if the pattern matches no test.
    grep -qE '^# (pass|fail) [1-9]' $log || {
        say "no test in $name matches '${2:-}'"
        status=1
    }
    exit $status
}

# Fails before anything is built if there is no such test.
check_test_name() {
    [ -e "$package/test/${1:-}.test.ts" ] || {
        say "no test '${1:-}'; there are: $(cd $package/test && echo *.test.ts | sed 's/\.test\.ts//g')"
        exit 2
    }
}

# Runs a check that counts as one test.
check() {
    if "$@"; then
        passed=$((passed + 1))
    else
        say "failed: $*"
        failed=$((failed + 1))
    fi
}

lint() { (cd $package && npm run --silent lint) >&2; }

# Packs the package as for npm, and tries it in an empty project outside of the repository.
pack() {
    local folder tarball project program
    folder=$(mktemp -d)
    project=$folder/project
    (cd $package && npm pack --silent --pack-destination "$folder") >&2
    tarball=$(echo "$folder"/zkcoord-*.tgz)
    say "$(basename "$tarball"): $(du -h "$tarball" | cut -f1)"
    check tool publint run "$tarball" --strict
    # A required ES module is not a mistake: the supported versions of Node allow it.
    check tool attw "$tarball" --ignore-rules cjs-resolves-to-esm
    mkdir "$project"
    cp $package/test/package/*js "$project"
    echo '{ "private": true }' >"$project/package.json"
    (cd "$project" && npm install --offline --no-audit --no-fund --loglevel=error "$tarball") >&2
    for program in import.mjs require.cjs; do
        check timeout 60 "$CARGO_TARGET_DIR/debug/zkcoord-testkit" run -- node "$project/$program"
    done
    rm -rf "$folder"
}

examples() {
    local example
    for example in lock counter rate_limit absent_keys; do
        check timeout 60 "$CARGO_TARGET_DIR/debug/zkcoord-testkit" run -- node examples/$example.mjs
    done
}

[ "${1:-}" != test ] || check_test_name "${2:-}"
install
build
case ${1:-} in
build) exit 0 ;;
test) one_test "${@:2}" ;;
esac
build_tests
passed=0 failed=0
tests
check lint
examples
pack
echo "node: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
