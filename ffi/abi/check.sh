#!/usr/bin/env bash
# Compares include/zkcoord.h with libzkcoord.abi, the ABI that programs rely on, by abidiff (Debian: abigail-tools):
#
#     ffi/abi/check.sh                 fails on what breaks them; only mentions what is new
#     UPDATE_ABI=1 ffi/abi/check.sh    makes libzkcoord.abi that of the header
#
# abidiff knows types from debug information, and that of the library speaks of Rust's types. So it gets a library with
# the header's functions in C, without content. That the real one exports the same is tested by ffi/tests/symbols.rs.
#
# With the argument HEADERS it looks into another folder than include/.
set -euo pipefail

headers=$(realpath "${1:-$(dirname "${BASH_SOURCE[0]}")/../../include}")
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "abi: $*" >&2; }

# Every function of the header that is declared; what ends with a semicolon is a declaration or a type.
functions() {
    echo '#include <zkcoord.h>'
    cc -std=c11 -E -P "$headers/zkcoord.h" |
        awk 'BEGIN { RS = ";" } !/typedef/ && /zkcoord_[a-z0-9_]+ *\(/ { print $0 " { __builtin_trap(); }" }'
}

# dump FILE
dump() {
    local soname
    soname=$(sed -n 's/.*-soname,\(libzkcoord\.so\.[0-9]*\).*/\1/p' ../build.rs)
    functions >"$work/functions.c"
    cc -std=c11 -g -fPIC -shared -fdebug-prefix-map="$work"=. -I"$headers" -Wl,-soname,"$soname" \
        -o "$work/libzkcoord.so" "$work/functions.c"
    # The machine, and names and places that may change, are left out.
    abidw --headers-dir "$headers" --no-architecture --no-corpus-path --no-comp-dir-path --no-show-locs \
        --no-elf-needed --no-parameter-names --drop-undefined-syms --type-id-style hash \
        --out-file "$1" "$work/libzkcoord.so"
}

dump "$work/now.abi"
if [ -n "${UPDATE_ABI:-}" ]; then
    cp "$work/now.abi" libzkcoord.abi
    say "ffi/abi/libzkcoord.abi is that of the header"
elif ! abidiff --no-added-syms libzkcoord.abi "$work/now.abi" >"$work/changes"; then
    cat "$work/changes" >&2
    say "programs that were compiled before would break. If this must be, a release with it needs another SONAME in"
    say "ffi/build.rs; if what changed was never released: UPDATE_ABI=1 ffi/abi/check.sh"
    exit 1
elif ! abidiff libzkcoord.abi "$work/now.abi" >"$work/changes"; then
    cat "$work/changes" >&2
    say "compatible. From now on programs rely on what is new, too: UPDATE_ABI=1 ffi/abi/check.sh"
fi
