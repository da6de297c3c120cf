#!/usr/bin/env bash
# Installs libzkcoord for C and C++ programs: the shared and the static library, headers, pkg-config and CMake files.
# Called by
#
#     make lib                          builds the library
#     make install   [SETTING=...]...   builds it if the user has cargo, and installs it
#     make uninstall [SETTING=...]...   removes it
#
# If root has no cargo, use `make lib && sudo make install`.
#
# Settings: PREFIX (/usr/local), LIBDIR (PREFIX/lib), DESTDIR (for packagers: the folder that replaces the root),
# TLS (yes; no builds without it), STRIP (strip). Requires only Linux, cargo and a C compiler with its binutils.
set -euo pipefail

absolute() { realpath --canonicalize-missing --no-symlinks -- "$1"; }
relative() { realpath --canonicalize-missing --no-symlinks --relative-to="$1" -- "$2"; }

prefix=$(absolute "${PREFIX:-/usr/local}")
libdir=$prefix/lib
case ${LIBDIR:-} in
'') ;;
/*) libdir=$(absolute "$LIBDIR") ;;
*) libdir=$(absolute "$prefix/$LIBDIR") ;;
esac
destdir=${DESTDIR:+$(absolute "$DESTDIR")}
[ "$destdir" != / ] || destdir=

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=${CARGO_TARGET_DIR:-target}
built=$target/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}library
version=$(sed -n 's/^#define ZKCOORD_VERSION "\(.*\)"$/\1/p' include/zkcoord.h)
soname=$(sed -n 's/.*-soname,\(libzkcoord\.so\.[0-9]*\).*/\1/p' ffi/build.rs)
shared=libzkcoord.so.$version

say() { echo "libzkcoord: $*" >&2; }
fail() { say "$@" && exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

build() {
    local log=$target/library.log features=()
    case ${TLS:-yes} in
    yes) ;;
    no) features=(--no-default-features) ;;
    *) fail "TLS=$TLS: must be yes or no" ;;
    esac
    mkdir -p "$target"
    # Cargo prints the native libraries even if there is nothing to build.
    cargo rustc --profile library --package zkcoord-ffi --lib "${features[@]}" -- --print native-static-libs 2>&1 | tee "$log" >&2
    # Drop those that the compiler adds itself, and replaces by others in a program without shared libraries.
    sed -n 's/^note: native-static-libs: //p' "$log" | tr ' ' '\n' | grep -vxE -e '-lgcc_s|-lc' | xargs \
        >"$built/native-libraries"
}

# Replaces every @name@ in a template by the variable of that name: render TEMPLATE FILE
render() {
    local text name
    text=$(<"ffi/install/$1")
    for name in version major soname shared libdir_from_prefix prefix_from_pkgconfig prefix_from_cmake \
        native_flags native_list pointer_size; do
        text=${text//"@$name@"/"${!name}"}
    done
    mkdir -p "$(dirname "$2")"
    printf '%s\n' "$text" >"$2"
    chmod 644 "$2"
}

install_library() {
    local lib=$destdir$libdir
    install -D -m 755 "$built/libzkcoord.so" "$lib/$shared"
    install -D -m 644 "$built/libzkcoord.a" "$lib/libzkcoord.a"
    ${STRIP:-strip} --strip-unneeded "$lib/$shared"
    ${STRIP:-strip} --strip-debug "$lib/libzkcoord.a"
    ln -sfn "$shared" "$lib/$soname"
    ln -sfn "$soname" "$lib/libzkcoord.so"
    # Needed by zkcoord.pc; the reason is given there.
    mkdir -p "$lib/zkcoord"
    ln -sfn ../libzkcoord.a "$lib/zkcoord/libzkcoord.a"
}

install_headers() {
    local header
    (cd include && find . -name '*.h' -o -name '*.hpp') | while read -r header; do
        install -D -m 644 "include/$header" "$destdir$prefix/include/$header"
    done
}

# shellcheck disable=SC2034 # render reads the variables by name
install_metadata() {
    local lib=$destdir$libdir
    major=${version%%.*}
    libdir_from_prefix=$(relative "$prefix" "$libdir")
    prefix_from_pkgconfig=$(relative "$libdir/pkgconfig" "$prefix")
    prefix_from_cmake=$(relative "$libdir/cmake/zkcoord" "$prefix")
    native_flags=$(<"$built/native-libraries")
    native_list=${native_flags// /;}
    pointer_size=4
    ! readelf --file-header "$built/libzkcoord.so" | grep -q ELF64 || pointer_size=8
    render zkcoord.pc.in "$lib/pkgconfig/zkcoord.pc"
    render zkcoord-library.pc.in "$lib/pkgconfig/zkcoord-library.pc"
    render zkcoord-config.cmake.in "$lib/cmake/zkcoord/zkcoord-config.cmake"
    render zkcoord-config-version.cmake.in "$lib/cmake/zkcoord/zkcoord-config-version.cmake"
}

# Updates the linker cache, through which programs find libraries in the system's folders.
refresh_cache() {
    case $destdir$libdir in
    /lib* | /usr/lib* | /usr/local/lib*) if [ "$(id -u)" = 0 ] && have ldconfig; then ldconfig; fi ;;
    esac
}

uninstall() {
    local lib=$destdir$libdir include=$destdir$prefix/include
    rm -f "$lib"/libzkcoord.{a,so} "$lib/$soname" "$lib/$shared" "$lib"/pkgconfig/zkcoord{,-library}.pc \
        "$include"/zkcoord.{h,hpp}
    rm -rf "$lib/zkcoord" "$lib/cmake/zkcoord" "$include/zkcoord"
    refresh_cache
}

[ "$(uname -s)" = Linux ] || fail "can be installed on Linux only"
case ${1:-} in
build)
    have cargo || fail "cargo not found; get it from https://rustup.rs"
    build
    ;;
install)
    if have cargo; then
        build
    elif [ -e "$built/native-libraries" ]; then
        say "cargo not found for this user; installing the library that 'make lib' built"
    else
        fail "cargo not found for this user; run 'make lib' as a user that has it (https://rustup.rs)"
    fi
    install_library
    install_headers
    install_metadata
    refresh_cache
    say "installed $version in $destdir$prefix"
    ;;
uninstall) uninstall ;;
*) fail "usage: install.sh build|install|uninstall" ;;
esac
