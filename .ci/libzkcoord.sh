#!/usr/bin/env bash
# Tests libzkcoord as C and C++ teams get it: installs it into a temporary folder, checks the library and its ABI, links it in
# every way that the docs name, runs the examples against a real server, moves the installation, and removes it. Also compiles
# the code that the docs show.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

work=$target/installed
prefix=$work/zkcoord
moved=$work/elsewhere/zkcoord
library=$prefix/lib/libzkcoord.so.0

c=("${c11[@]}" "${warnings[@]}")
examples=(lock counter rate_limit absent_keys)
declare -A last_line=(
    [lock]='^released$'
    [counter]='^hit number [1-9][0-9]*$'
    [rate_limit]='^another one (too|later)$'
    [absent_keys]='^user-2 is nobody$'
)
limit_with_tls=$((6 * 1024 * 1024))
limit=$((2 * 1024 * 1024))

no() { ! "$@"; }
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2 && return 1; }; }

# The library ----------------------------------------------------------------------------------------------------------

dynamic() { readelf --dynamic --wide "$library" | grep -qE "$1"; }
exports() { nm --dynamic --defined-only --format=posix "$library" | cut -d ' ' -f 1 | diff - ffi/symbols.txt; }
# is_within BYTES LIBRARY
is_within() {
    local size
    size=$(stat --dereference --format=%s "$2")
    echo "libzkcoord: $2 has $size bytes of $1" >&2
    [ "$size" -le "$1" ]
}
is_stripped() { ! readelf --sections --wide "$library" | grep -qE '\.(symtab|debug_info)'; }
links_to() { [ "$(readlink "$prefix/lib/$1")" = "$2" ]; }

check_library() {
    count "SONAME" dynamic 'SONAME.*\[libzkcoord\.so\.0\]'
    count "it is never unloaded" dynamic 'FLAGS_1.*NODELETE'
    count "libzkcoord.so" links_to libzkcoord.so libzkcoord.so.0
    count "libzkcoord.so.0" links_to libzkcoord.so.0 "libzkcoord.so.$(version)"
    count "it exports its functions and nothing else" exports
    count "it is stripped" is_stripped
    count "it is no larger than promised" is_within $limit_with_tls "$library"
}

# The ABI --------------------------------------------------------------------------------------------------------------

# abi_with SED_COMMAND: runs the check with a header that the command has changed
abi_with() {
    mkdir -p "$work/changed"
    sed "$1" include/zkcoord.h >"$work/changed/zkcoord.h"
    ! cmp -s include/zkcoord.h "$work/changed/zkcoord.h" && ffi/abi/check.sh "$work/changed" 2>"$work/log"
}

check_abi() {
    count "the ABI is that of libzkcoord.abi" ffi/abi/check.sh
    count "a removed function breaks the ABI" no abi_with '/^ZKCOORD_API .*zkcoord_guard_token(/d'
    count "another type breaks the ABI" no abi_with '/zkcoord_guard_token(/s/^ZKCOORD_API uint64_t/ZKCOORD_API int32_t/'
    count "another number breaks the ABI" no abi_with 's/ZKCOORD_STATUS_CLOSED = 14/ZKCOORD_STATUS_CLOSED = 41/'
    count "a new function does not" abi_with 's/^ZKCOORD_API uint64_t zkcoord_guard_token(/ZKCOORD_API void zkcoord_new(void);\n&/'
}

# Programs -------------------------------------------------------------------------------------------------------------

version() { sed -n 's/^#define ZKCOORD_VERSION "\(.*\)"$/\1/p' include/zkcoord.h; }
config() { PKG_CONFIG_PATH=$root/lib/pkgconfig pkg-config "$@" zkcoord; }
needs_library() { readelf --dynamic --wide "$1" | grep -q 'NEEDED.*\[libzkcoord\.so\.0\]'; }

# with_pkg_config PROGRAM EXAMPLE [--static]: compiles it, with the flags in the order of a usual makefile
with_pkg_config() {
    # shellcheck disable=SC2046 # flags are words
    "${c[@]}" $(config --cflags) "examples/$2.c" -o "$root.$1" $(config --libs "${@:3}")
}

# with_cmake [TARGET...]: builds the targets, by default all, of tests/c/install
with_cmake() {
    quietly cmake -S tests/c/install -B "$root.build" -DCMAKE_PREFIX_PATH="$root" -DCMAKE_BUILD_TYPE=Release &&
        quietly cmake --build "$root.build" --parallel 2 ${1:+--target "$@"}
}

# is_suitable ARGUMENT...: succeeds if find_package accepts the installed version with these arguments
is_suitable() {
    rm -rf "$work/version"
    cmake -S tests/c/install/version -B "$work/version" -DCMAKE_PREFIX_PATH="$prefix" \
        -DREQUEST="$(IFS=';' && echo "$*")" >"$work/log" 2>&1
}

# runs EXAMPLE PROGRAM [VARIABLE=VALUE]: succeeds if the program does, and its last line is that of the example
runs() {
    local output
    output=$(env "${@:3}" timeout 60 "$2") && [[ $(tail -n 1 <<<"$output") =~ ${last_line[$1]} ]]
}

check_pkg_config() {
    local example
    for example in "${examples[@]}"; do
        count "$example, pkg-config" with_pkg_config "$example" "$example"
        count "$example needs the shared library" needs_library "$root.$example"
        count "$example runs" runs "$example" "$root.$example" LD_LIBRARY_PATH="$root/lib"
    done
    count "lock, pkg-config --static" with_pkg_config lock-static lock --static
    count "lock does not need the shared library" no needs_library "$root.lock-static"
    count "lock runs" runs lock "$root.lock-static"
}

check_cmake() {
    local example standard
    count "find_package" with_cmake
    for example in "${examples[@]}"; do
        for standard in 17 20; do
            count "$example needs the shared library" needs_library "$root.build/$example-cpp$standard"
            count "$example in C++$standard runs" runs "$example" "$root.build/$example-cpp$standard"
        done
    done
    for example in lock-c-static lock-cpp-static; do
        count "$example does not need the shared library" no needs_library "$root.build/$example"
        count "$example runs" runs lock "$root.build/$example"
    done
}

# Compiles every C and C++ block of the documents as a program of its own, in C++20 only if it needs that.
check_docs() {
    local program flags
    flags=("${warnings[@]}" -Wno-unused-variable -Wno-unused-but-set-variable -Itests/c/docs -I"$root/include" -fsyntax-only)
    mkdir -p "$work/docs"
    python3 tests/c/docs/extract.py "$work/docs" README.md docs/*.md
    for program in "$work"/docs/*.c; do
        count "$(basename "$program")" "${c11[@]}" "${flags[@]}" "$program"
    done
    for program in "$work"/docs/*.cpp; do
        if grep -qE 'jthread|stop_token' "$program"; then
            count "$(basename "$program")" "${cpp20[@]}" "${flags[@]}" "$program"
        else
            count "$(basename "$program")" "${cpp17[@]}" "${flags[@]}" "$program"
        fi
    done
}

check_versions() {
    count "pkg-config's version" [ "$(config --modversion)" = "$(version)" ]
    count "any version" is_suitable
    count "this version" is_suitable "$(version)" EXACT
    count "an older version" is_suitable 0.0.1
    count "a range with this version" is_suitable 0.0.1...99
    count "a newer version" no is_suitable 0.999
    count "an incompatible version" no is_suitable 1.0
    count "a range without this version" no is_suitable 0.0.1...0.0.2
}

check_dlopen() {
    local line
    "${c[@]}" -D_GNU_SOURCE -I"$prefix/include" tests/c/dlopen.c -o "$work/dlopen"
    line=$(LD_LIBRARY_PATH=$prefix/lib timeout 120 "$work/dlopen" | tail -n 1)
    count "dlopen" [ "$line" = "5 passed, 0 failed" ]
}

check_move() {
    mkdir -p "$(dirname "$moved")"
    mv "$prefix" "$moved"
    root=$moved
    count "pkg-config after a move" with_pkg_config lock lock
    count "it runs" runs lock "$moved.lock" LD_LIBRARY_PATH="$moved/lib"
    count "pkg-config --static after a move" with_pkg_config lock-static lock --static
    count "it runs" runs lock "$moved.lock-static"
    count "find_package after a move" with_cmake lock-cpp17 lock-cpp-static
    count "it runs" runs lock "$moved.build/lock-cpp17"
    count "it runs, static" runs lock "$moved.build/lock-cpp-static"
}

# Installs as distributions do, with a folder for libraries of each kind of machine.
check_package() {
    local stage=$work/stage libdir settings
    libdir=lib/$(gcc -print-multiarch)
    settings=(DESTDIR="$stage" PREFIX=/opt/zkcoord LIBDIR="/opt/zkcoord/$libdir")
    quietly make install "${settings[@]}"
    root=$stage/opt/zkcoord
    count "pkg-config of a package" leads_to "$root/$libdir/pkgconfig" "$root/$libdir"
    count "find_package of a package" with_cmake lock-cpp17
    count "it runs" runs lock "$root.build/lock-cpp17"
    rm -rf "$root.build"
    quietly make uninstall "${settings[@]}"
    count "nothing is left" [ -z "$(find "$stage" -not -type d)" ]
}

# leads_to PKGCONFIG_FOLDER LIBDIR: succeeds if the metadata in the folder names this libdir
leads_to() {
    local libdir
    libdir=$(PKG_CONFIG_PATH=$1 pkg-config --variable=libdir zkcoord)
    [ "$(realpath "$libdir")" = "$(realpath "$2")" ]
}

check_without_tls() {
    root=$work/plain
    quietly make install TLS=no PREFIX="$root"
    count "without TLS it is no larger than promised" is_within $limit "$root/lib/libzkcoord.so.0"
    count "without TLS, pkg-config --static" with_pkg_config lock-static lock --static
    count "it runs" runs lock "$root.lock-static"
}

# The script calls itself within the test kit, which provides a server.
if [ "${1:-}" = --with-server ]; then
    root=$prefix
    check_library
    check_abi
    check_pkg_config
    check_cmake
    check_docs
    check_versions
    check_dlopen
    check_move
    check_package
    check_without_tls
    finish libzkcoord
else
    cargo build --quiet -p zkcoord-testkit
    rm -rf "$work"
    mkdir -p "$work"
    quietly make install PREFIX="$prefix"
    exec "$target/debug/zkcoord-testkit" run -- bash .ci/libzkcoord.sh --with-server
fi
