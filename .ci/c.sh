#!/usr/bin/env bash
# Builds libzkcoord, and compiles and runs the programs of tests/c with it against a real server.
#
#     .ci/c.sh            checks the headers; runs all programs as they are, with the sanitizers, and with valgrind if installed
#     .ci/c.sh NAME...    compiles and runs only these programs, one way each: as they are, and threads with ThreadSanitizer
#     .ci/c.sh --list     prints the names of the programs
#
# threads is compiled only with ThreadSanitizer, and covers with it the calls of the other programs. The last line is
# `c: N passed, M failed`.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

libraries=$target/debug
programs=$target/c

c=("${c11[@]}" -D_GNU_SOURCE)
sanitizers=("-fsanitize=address,undefined" -fno-sanitize-recover=all)
thread_sanitizer=(-fsanitize=thread)
c_tests=(arguments async async_calls callbacks client counter counters dlopen events fork fork_async guard header_example
    inspect locks miss_guard mutex nulls nulls_async owners rate_limiter tls)
cpp_tests=(wrapper wrapper_async wrapper_counters wrapper_limits wrapper_tls)
all_tests=("${c_tests[@]}" "${cpp_tests[@]}" threads)

# is_in WORD LIST...
is_in() {
    local word
    for word in "${@:2}"; do
        [ "$word" != "$1" ] || return 0
    done
    return 1
}

check_names() {
    local name
    for name in "$@"; do
        is_in "$name" "${all_tests[@]}" && continue
        echo "c: there is no test program '$name'; there are: ${all_tests[*]}" >&2
        exit 2
    done
}

build() {
    cargo build --quiet -p zkcoord-ffi -p zkcoord-testkit
    mkdir -p "$programs/include"
    link_soname "$libraries"
    header_example >"$programs/include/header_example.inc"
}

# The text of the first example in zkcoord.h.
header_example() {
    sed -n '/@code/,/@endcode/{/@endcode/q;/@code/!p}' include/zkcoord.h | sed 's/^ \* \{0,1\}//'
}

# compile PROGRAM COMPILER... SOURCE... With --as-needed, because dlopen must not be linked with the library.
compile() {
    local program=$1
    shift
    "$@" -g "${warnings[@]}" -Iinclude -I"$programs/include" -o "$programs/$program" \
        -L"$libraries" -Wl,-rpath,"$libraries" -Wl,--as-needed -lzkcoord -pthread
}

compile_plain() {
    if is_in "$1" "${cpp_tests[@]}"; then
        compile "$1" "${cpp17[@]}" "tests/c/$1.cpp" tests/c/wrapper_other.cpp
    else
        compile "$1" "${c[@]}" "tests/c/$1.c"
    fi
}

compile_sanitized() {
    if is_in "$1" "${cpp_tests[@]}"; then
        compile "$1.asan" "${cpp20[@]}" "${sanitizers[@]}" "tests/c/$1.cpp" tests/c/wrapper_other.cpp
    else
        compile "$1.asan" "${c[@]}" "${sanitizers[@]}" "tests/c/$1.c"
    fi
}

compile_threads() { compile threads.tsan "${c[@]}" "${thread_sanitizer[@]}" tests/c/threads.c; }

compile_all() {
    local name
    compile_threads
    for name in "${c_tests[@]}" "${cpp_tests[@]}"; do
        compile_plain "$name"
        compile_sanitized "$name"
    done
    # Without the sanitizers' symbols the programs would run unchecked.
    nm "$programs/mutex.asan" | grep __asan_init >/dev/null
    nm "$programs/threads.tsan" | grep __tsan_init >/dev/null
}

# stands_alone HEADER COMPILER...
stands_alone() {
    local header=$1
    shift
    "$@" "${warnings[@]}" -fsyntax-only "$header"
}

check_headers() {
    count "zkcoord.h in C11" stands_alone include/zkcoord.h "${c11[@]}" -x c
    count "zkcoord.h in C23" stands_alone include/zkcoord.h gcc -std=c2x -x c
    count "zkcoord.h in C++17" stands_alone include/zkcoord.h "${cpp17[@]}" -x c++
    local header
    for header in include/*.hpp include/zkcoord/*.hpp; do
        count "$header in C++17" stands_alone "$header" "${cpp17[@]}" -x c++
    done
    count "zkcoord.hpp in C++20" stands_alone include/zkcoord.hpp "${cpp20[@]}" -x c++
}

# Succeeds if tests/c calls every function of the library.
all_functions_are_called() {
    local name missing=0
    while read -r name; do
        grep -qw "$name" tests/c/*.c && continue
        echo "no test calls $name" >&2
        missing=1
    done <ffi/symbols.txt
    return $missing
}

# run_test PROGRAM [COMMAND...]: runs it, under the command if there is one, and adds the results of its last line, `N passed,
# M failed`. A program without that line, as after a crash, has failed.
run_test() {
    local name="$1${2:+ under $2}" program=$programs/$1 output status=0 line
    shift
    output=$("$@" "$program") || status=$?
    line=$(tail -n 1 <<<"$output")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        add "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || count "$name: exit code $status" false
    else
        count "$name: exit code $status" false
    fi
    echo "c: $name: $line" >&2
}

run_threads() { TSAN_OPTIONS=suppressions=tests/c/tsan.supp run_test threads.tsan; }

run_with_valgrind() {
    local leaks
    # The memory that a forked child abandons with its parent's objects is not a leak.
    case $1 in
    fork* | wrapper) leaks=no ;;
    *) leaks=full ;;
    esac
    ZKCOORD_FEWER=1 run_test "$1" valgrind --quiet --error-exitcode=99 --leak-check=$leaks --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --suppressions=tests/c/valgrind.supp
}

run_all() {
    local name
    for name in "${c_tests[@]}" "${cpp_tests[@]}"; do run_test "$name"; done
    for name in "${c_tests[@]}" "${cpp_tests[@]}"; do run_test "$name.asan"; done
    run_threads
    if command -v valgrind >/dev/null; then
        for name in "${c_tests[@]}" wrapper; do run_with_valgrind "$name"; done
    fi
}

# with_server ARGUMENT...: calls this script again with a server for it. TLS takes time to set up, and few programs need it.
with_server() {
    local tls=()
    if [[ $# = 0 || " $* " = *tls\ * ]]; then tls=(--tls); fi
    exec "$libraries/zkcoord-testkit" run "${tls[@]}" -- bash .ci/c.sh --with-server "$@"
}

case ${1:-} in
--list)
    printf '%s\n' "${all_tests[@]}"
    ;;
--with-server)
    shift
    export ZKCOORD_OBSERVER="python3 tests/c/observer.py"
    export LD_LIBRARY_PATH=$libraries # for dlopen: with a sanitizer it is the sanitizer that loads, and it ignores our rpath
    if [ $# = 0 ]; then
        check_headers
        count "every function is called" all_functions_are_called
        run_all
    else
        for name in "$@"; do
            if [ "$name" = threads ]; then run_threads; else run_test "$name"; fi
        done
    fi
    finish c
    ;;
*)
    check_names "$@"
    build
    if [ $# = 0 ]; then compile_all; fi
    for name in "$@"; do
        if [ "$name" = threads ]; then compile_threads; else compile_plain "$name"; fi
    done
    with_server "$@"
    ;;
esac
