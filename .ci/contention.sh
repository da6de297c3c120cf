#!/usr/bin/env bash
# Programs in C, Python and Node contend for one lock and are killed in turn. See tests/contention/README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=$(realpath "${CARGO_TARGET_DIR:-target}")

cargo build --quiet --package zkcoord-ffi --package zkcoord-testkit
ln -sfn libzkcoord.so "$target/debug/libzkcoord.so.0"   # as an installation has it
cc -std=c11 -Wall -Wextra -Werror -Iinclude tests/contention/contender.c -o "$target/debug/contention-c" \
    -L"$target/debug" -lzkcoord -Wl,-rpath,"$target/debug"
.ci/python.sh build
.ci/node.sh build

export CONTENDER_C=$target/debug/contention-c CONTENDER_PYTHON=$PWD/.build/venv/bin/python
if node --test --test-reporter=spec tests/contention/kill.test.mjs; then
    echo "contention: 1 passed, 0 failed"
else
    echo "contention: 0 passed, 1 failed"
    exit 1
fi
