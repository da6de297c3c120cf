#!/usr/bin/env bash
# Runs the demo: builds its programs, starts a real ZooKeeper, and lets four languages contend. See tests/demo/README.md.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

echo "Building: Rust and C"
cargo build --quiet --package zkcoord-demo --package zkcoord-ffi
link_soname "$target/debug"
"${c11[@]}" "${warnings[@]}" -Iinclude tests/demo/contenders/contender.c -o "$target/debug/contender-c" \
    -L"$target/debug" -lzkcoord -Wl,-rpath,"$target/debug"
echo "Building: Python"
.ci/python.sh build
echo "Building: Node"
.ci/node.sh build

export DEMO_PYTHON=$PWD/.build/venv/bin/python
count "demo" "$target/debug/zkcoord-demo"
finish demo
