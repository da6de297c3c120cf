#!/usr/bin/env bash
# The Rust suite: format, lints, docs, the tests of core, ffi, test kit and transport, and the examples.
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

check cargo fmt --all --check
check cargo clippy --workspace --all-targets --quiet -- -D warnings
check env RUSTDOCFLAGS=-Dwarnings cargo doc --package zkcoord --no-deps --quiet

echo "--- cargo test"
cargo test --workspace --exclude zkcoord-python --exclude zkcoord-node --no-fail-fast 2>&1 | tee "$log" || true
sum() { awk -v word="$1" '/^test result: / { for (i = 2; i <= NF; i++) if ($i ~ "^" word) n += $(i - 1) } END { print n + 0 }' "$log"; }
passed=$((passed + $(sum passed))) failed=$((failed + $(sum failed)))
# A test program that does not build or breaks off has no result line.
if grep -qE '^error(\[|:)' "$log" && [ "$failed" = 0 ]; then failed=1; fi

for example in lock counter rate_limit absent_keys; do
    check "$target/debug/zkcoord-testkit" run -- cargo run --quiet --package zkcoord --example "$example"
done

echo "rust: $passed passed, $failed failed"
[ "$failed" = 0 ]
