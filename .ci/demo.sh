#!/usr/bin/env bash
# The demo: builds what it needs, starts a real ZooKeeper, and lets four languages contend. See tests/demo/README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}

echo "Building: Rust and C"
cargo build --quiet --package zkcoord-demo --package zkcoord-ffi
ln -sfn libzkcoord.so "$target/debug/libzkcoord.so.0"   # as an installation has it
cc -std=c11 -Wall -Wextra -Iinclude tests/demo/contenders/contender.c -o "$target/debug/contender-c" \
    -L"$target/debug" -lzkcoord -Wl,-rpath,"$(realpath "$target/debug")"
echo "Building: Python"
.ci/python.sh build
echo "Building: Node"
.ci/node.sh build

if DEMO_PYTHON=$PWD/.build/venv/bin/python "$target/debug/zkcoord-demo"; then
    echo "demo: 1 passed, 0 failed"
else
    echo "demo: 0 passed, 1 failed"
    exit 1
fi
