#!/usr/bin/env bash
# Runs the Rust suite: format, lints, documentation, the tests of core, ffi, test kit and transport, and the examples.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
log=.build/logs/rust-tests.log
mkdir -p .build/logs
passed=0 failed=0

# Runs a check that counts as one test.
check() {
    echo "--- $*"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Adds up the numbers before a word ("passed", "failed") in the result lines of the test programs.
sum() {
    awk -v word="$1" '
        /^test result: / { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) }
        END { print n + 0 }' "$log"
}

# Prints the test programs in tests/ that ran no test.
idle_programs() {
    awk '
        /^ +Running / { program = $2 }
        /^test result: / { if (program ~ /^tests\// && $4 + $6 == 0) print program; program = "" }' "$log"
}

check cargo fmt --all --check
check cargo clippy --workspace --all-targets --quiet -- -D warnings
check env RUSTDOCFLAGS=-Dwarnings cargo doc --package zkcoord --no-deps --quiet

echo "--- cargo test"
cargo_failed=0
cargo test --workspace --exclude zkcoord-python --exclude zkcoord-node --no-fail-fast 2>&1 | tee "$log" || cargo_failed=1
tests_passed=$(sum passed) tests_failed=$(sum failed)
passed=$((passed + tests_passed)) failed=$((failed + tests_failed))
# A test program that does not build, or that aborts, has no result line. It still makes cargo fail.
if [ "$cargo_failed" = 1 ] && [ "$tests_failed" = 0 ]; then failed=$((failed + 1)); fi
if [ $((tests_passed + tests_failed)) = 0 ]; then
    echo "cargo test ran no test"
    failed=$((failed + 1))
fi
for program in $(idle_programs); do
    echo "$program ran no test"
    failed=$((failed + 1))
done

for example in lock counter rate_limit absent_keys; do
    check "$target/debug/zkcoord-testkit" run -- cargo run --quiet --package zkcoord --example "$example"
done

echo "rust: $passed passed, $failed failed"
[ "$failed" = 0 ]
