#!/usr/bin/env bash
# Programs in C, Python and Node contend for one lock and are killed in turn. See tests/contention/README.md.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo build --quiet --package zkcoord-ffi --package zkcoord-testkit
link_soname "$target/debug"
"${c11[@]}" "${warnings[@]}" -Iinclude tests/contention/contender.c -o "$target/debug/contention-c" \
    -L"$target/debug" -lzkcoord -Wl,-rpath,"$target/debug"
.ci/python.sh build
.ci/node.sh build

export CONTENDER_C=$target/debug/contention-c CONTENDER_PYTHON=$PWD/.build/venv/bin/python
count "contention" node --test --test-reporter=spec tests/contention/kill.test.mjs
finish contention
