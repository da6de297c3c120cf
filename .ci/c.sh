#!/usr/bin/env bash
# Builds libzkcoord, and compiles and runs tests/c with it against a real server: as they are, with the sanitizers, and
# where valgrind is installed under that. threads is for ThreadSanitizer alone, which runs what the others would. Prints
# `c: N passed, M failed` at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
libraries=$target/debug
programs=$target/c

warnings=(-Wall -Wextra -Wpedantic -Werror)
c=(gcc -std=c11 -D_GNU_SOURCE)
cpp17=(g++ -std=c++17)
cpp20=(g++ -std=c++20)
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all)
thread_sanitizer=(-fsanitize=thread)
c_tests=(arguments async async_calls callbacks client counter counters dlopen events fork fork_async guard header_example
    inspect locks miss_guard mutex nulls nulls_async owners rate_limiter tls)
cpp_tests=(wrapper wrapper_async wrapper_counters wrapper_limits wrapper_tls)

passed=0
failed=0

# Counts one thing that is as it should be or not: count DESCRIPTION COMMAND...
count() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what" >&2
    fi
}

build() {
    export CARGO_TARGET_DIR=$target
    cargo build --quiet -p zkcoord-ffi -p zkcoord-testkit
    mkdir -p "$programs/include"
    ln -sfn libzkcoord.so "$libraries/libzkcoord.so.0" # as an installation has it
}

# compile PROGRAM COMPILER... SOURCE... With --as-needed, because dlopen must not be linked with the library.
compile() {
    local program=$1
    shift
    "$@" -g "${warnings[@]}" -Iinclude -I"$programs/include" -o "$programs/$program" \
        -L"$libraries" -Wl,-rpath,"$libraries" -Wl,--as-needed -lzkcoord -pthread
}

# The first example in the header, the very text.
header_example() {
    sed -n '/@code/,/@endcode/{/@endcode/q;/@code/!p}' include/zkcoord.h | sed 's/^ \* \{0,1\}//'
}

# stands_alone HEADER COMPILER...
stands_alone() {
    local header=$1
    shift
    "$@" "${warnings[@]}" -fsyntax-only "$header"
}

check_headers() {
    count "zkcoord.h in C11" stands_alone include/zkcoord.h gcc -std=c11 -x c
    count "zkcoord.h in C23" stands_alone include/zkcoord.h gcc -std=c2x -x c
    count "zkcoord.h in C++17" stands_alone include/zkcoord.h "${cpp17[@]}" -x c++
    local header
    for header in include/*.hpp include/zkcoord/*.hpp; do
        count "$header in C++17" stands_alone "$header" "${cpp17[@]}" -x c++
    done
    count "zkcoord.hpp in C++20" stands_alone include/zkcoord.hpp "${cpp20[@]}" -x c++
}

# Whether every function of the library is called in tests/c.
all_is_called() {
    local name missing=0
    while read -r name; do
        grep -qw "$name" tests/c/*.c && continue
        echo "no test calls $name" >&2
        missing=1
    done <ffi/symbols.txt
    return $missing
}

compile_all() {
    local name sources
    header_example >"$programs/include/header_example.inc"
    compile threads.tsan "${c[@]}" "${thread_sanitizer[@]}" tests/c/threads.c
    for name in "${c_tests[@]}"; do
        compile "$name" "${c[@]}" "tests/c/$name.c"
        compile "$name.asan" "${c[@]}" "${sanitizers[@]}" "tests/c/$name.c"
    done
    for name in "${cpp_tests[@]}"; do
        sources=("tests/c/$name.cpp" tests/c/wrapper_other.cpp)
        compile "$name" "${cpp17[@]}" "${sources[@]}"
        compile "$name.asan" "${cpp20[@]}" "${sanitizers[@]}" "${sources[@]}"
    done
    # Or the sanitizers have looked at nothing.
    nm "$programs/mutex.asan" | grep __asan_init >/dev/null
    nm "$programs/threads.tsan" | grep __tsan_init >/dev/null
}

# run_test PROGRAM [COMMAND...]: runs it, under the command if there is one, and adds up its last line, `N passed, M
# failed`. A program without it, as after a crash, has failed.
run_test() {
    local name="$1${2:+ under $2}" program=$programs/$1 output status=0 line
    shift
    output=$("$@" "$program") || status=$?
    line=$(tail -n 1 <<<"$output")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || count "$name: exit code $status" false
    else
        count "$name: exit code $status" false
    fi
    echo "c: $name: $line" >&2
}

run_all() {
    local name leaks
    for name in "${c_tests[@]}" "${cpp_tests[@]}"; do run_test "$name"; done
    for name in "${c_tests[@]}" "${cpp_tests[@]}"; do run_test "$name.asan"; done
    TSAN_OPTIONS=suppressions=tests/c/tsan.supp run_test threads.tsan
    if command -v valgrind >/dev/null; then
        for name in "${c_tests[@]}" wrapper; do
            # What a forked child has to forget of its parent's is no leak.
            case $name in
            fork* | wrapper) leaks=no ;;
            *) leaks=full ;;
            esac
            ZKCOORD_FEWER=1 run_test "$name" valgrind --quiet --error-exitcode=99 --leak-check=$leaks --show-leak-kinds=definite \
                --errors-for-leak-kinds=definite --suppressions=tests/c/valgrind.supp
        done
    fi
    echo "c: $passed passed, $failed failed"
    [ "$failed" = 0 ]
}

# It calls itself within the test kit, which has a server for it then.
if [ "${1:-}" = --with-server ]; then
    check_headers
    count "every function is called" all_is_called
    export ZKCOORD_OBSERVER="python3 tests/c/observer.py"
    export LD_LIBRARY_PATH=$libraries # for dlopen: with a sanitizer it is that who loads, and knows no rpath of ours
    run_all
else
    build
    compile_all
    exec "$libraries/zkcoord-testkit" run --tls -- bash .ci/c.sh --with-server
fi
