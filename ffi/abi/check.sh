#!/usr/bin/env bash
# Compares include/zkcoord.h with libzkcoord.abi, the ABI that programs rely on, by abidiff (Debian: abigail-tools):
#
#     ffi/abi/check.sh [HEADERS]       fails if a change would break programs; only reports additions
#     UPDATE_ABI=1 ffi/abi/check.sh    updates libzkcoord.abi from the header
#
# HEADERS is the folder of the header, by default include/.
#
# abidiff reads types from debug information, which in the real library describes Rust's types. So this builds a library
# with the header's functions in C and empty bodies. ffi/tests/symbols.rs tests that the real library exports the same.
set -euo pipefail

headers=$(realpath "${1:-$(dirname "${BASH_SOURCE[0]}")/../../include}")
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "abi: $*" >&2; }

# Defines every function that the header declares. Everything that ends with a semicolon is a declaration or a type.
functions() {
    echo '#include <zkcoord.h>'
    cc -std=c11 -E -P "$headers/zkcoord.h" |
        awk 'BEGIN { RS = ";" } !/typedef/ && /zkcoord_[a-z0-9_]+ *\(/ { print $0 " { __builtin_trap(); }" }'
}

# Writes the header's ABI into a file: dump FILE
dump() {
    local soname
    soname=$(sed -n 's/.*-soname,\(libzkcoord\.so\.[0-9]*\).*/\1/p' ../build.rs)
    functions >"$work/functions.c"
    cc -std=c11 -g -fPIC -shared -fdebug-prefix-map="$work"=. -I"$headers" -Wl,-soname,"$soname" \
        -o "$work/libzkcoord.so" "$work/functions.c"
    # Leave out the machine, and names and locations, which may change.
    abidw --headers-dir "$headers" --no-architecture --no-corpus-path --no-comp-dir-path --no-show-locs \
        --no-elf-needed --no-parameter-names --drop-undefined-syms --type-id-style hash \
        --out-file "$1" "$work/libzkcoord.so"
}

dump "$work/now.abi"
if [ -n "${UPDATE_ABI:-}" ]; then
    cp "$work/now.abi" libzkcoord.abi
    say "updated ffi/abi/libzkcoord.abi"
elif ! abidiff --no-added-syms libzkcoord.abi "$work/now.abi" >"$work/changes"; then
    cat "$work/changes" >&2
    say "this change breaks programs that are already compiled. To release it anyway, change the SONAME in ffi/build.rs."
    say "If the changed part was never released, run: UPDATE_ABI=1 ffi/abi/check.sh"
    exit 1
elif ! abidiff libzkcoord.abi "$work/now.abi" >"$work/changes"; then
    cat "$work/changes" >&2
    say "compatible. Programs will rely on the additions too, so run: UPDATE_ABI=1 ffi/abi/check.sh"
fi
