#!/usr/bin/env bash
# The Python suite: the native module, format, lints, types, the tests, and the examples against a real server.
#
#     .ci/python.sh                              runs all of that; the last line counts what passed
#     .ci/python.sh build                        builds only the native module, for programs that import zkcoord
#     .ci/python.sh test [PYTEST_ARGUMENT]...    builds, and runs only pytest, in bindings-python: test tests/test_mutex.py
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ -e .build/venv/stamp ] || .ci/setup.sh
source .build/venv/bin/activate
target=${CARGO_TARGET_DIR:-target}
package=bindings-python
settings=$package/pyproject.toml
examples=(examples/{lock,lock_asyncio,counter,rate_limit,absent_keys,article_lock,article_counter}.py)
# All Python code of the repository, including that of other suites.
sources=("$package" "${examples[@]}" tests benches)
report=.build/logs/python-tests.xml
passed=0 failed=0

# Runs a check, which counts as one test.
check() {
    echo "--- $*"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Prints how many tests pytest ran and how many of them failed.
count_tests() {
    python - "$report" <<'END'
import sys
from xml.etree import ElementTree

suite = ElementTree.parse(sys.argv[1]).find("testsuite")
tests, skipped, failures, errors = (int(suite.get(name)) for name in ("tests", "skipped", "failures", "errors"))
print(tests - skipped, failures + errors)
END
}

mkdir -p .build/logs
maturin develop ${PYTHON_BUILD:-} --manifest-path $package/Cargo.toml >.build/logs/maturin.log 2>&1 || {
    cat .build/logs/maturin.log
    exit 1
}
[ "${1:-}" != build ] || exit 0
cargo build --quiet --package zkcoord-testkit
if [ "${1:-}" = test ]; then
    shift
    # The test kit is looked for there.
    CARGO_TARGET_DIR=$(realpath "$target")
    export CARGO_TARGET_DIR
    cd $package
    exec pytest "${@#"$package"/}"
fi

check ruff check --config $settings "${sources[@]}"
check ruff format --check --config $settings "${sources[@]}"
check mypy --strict --config-file $settings $package/python/{zkcoord,pytest_zkcoord} $package/tests "${examples[@]}"
check python -m mypy.stubtest zkcoord._zkcoord
# Finds the interpreter in the environment that is active.
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1
check pyright $package/python/zkcoord $package/tests/typing
check pyright --verifytypes zkcoord --ignoreexternal

echo "--- pytest"
rm -f "$report"
pytest --quiet --config-file $settings --rootdir $package --junit-xml "$report" $package/tests || true
ran=0 bad=0
if [ -e "$report" ]; then read -r ran bad < <(count_tests); fi
if [ "$ran" = 0 ]; then
    echo "pytest ran no test"
    ran=1 bad=1
fi
passed=$((passed + ran - bad)) failed=$((failed + bad))

for example in "${examples[@]}"; do
    check "$target/debug/zkcoord-testkit" run -- python "$example"
done

echo "python: $passed passed, $failed failed"
[ "$failed" = 0 ]
