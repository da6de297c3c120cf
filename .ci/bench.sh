#!/usr/bin/env bash
# Runs the benchmarks: builds the contestants, runs them against one real ZooKeeper, and writes the numbers to .build/bench/.
# Arguments select the workloads whose names begin with them. See benches/README.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=.build/bench
export BENCH_CLASSES=$PWD/$out/classes BENCH_PYTHON=$PWD/.build/venv/bin/python
mkdir -p "$BENCH_CLASSES"

cargo build --quiet --release --package zkcoord-bench
# The overhead of the languages is measured with release builds too. They remain, and differ only in speed.
if [ $# = 0 ] || [[ " $*" = *" overhead"* ]]; then
    PYTHON_BUILD=--release .ci/python.sh build
    NODE_BUILD=--release .ci/node.sh build
fi
jars=/usr/share/java
javac -Xlint:-options -d "$BENCH_CLASSES" benches/peers/CuratorPeer.java \
    -cp "$jars/curator-recipes.jar:$jars/curator-framework.jar:$jars/curator-client.jar:$jars/zookeeper.jar"

BENCH_DATE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
BENCH_COMMIT=$(git describe --always --dirty)
BENCH_OUT=$PWD/$out/${BENCH_DATE//:/}-$BENCH_COMMIT
export BENCH_DATE BENCH_COMMIT BENCH_OUT
"${CARGO_TARGET_DIR:-target}/release/zkcoord-bench" "$@"
