# Shared by the suites of this folder, which source it: `source "$(dirname "${BASH_SOURCE[0]}")/common.sh"`. It changes to the
# root of the repository, sets the paths and compilers below, and counts checks.
# shellcheck shell=bash disable=SC2034 # the variables are for the suites
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Absolute, because suites run programs in other folders.
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
export CARGO_TARGET_DIR=$target

warnings=(-Wall -Wextra -Wpedantic -Werror)
c11=(gcc -std=c11)
cpp17=(g++ -std=c++17)
cpp20=(g++ -std=c++20)

passed=0
failed=0

# count DESCRIPTION COMMAND...: counts one check, which fails if the command does.
count() {
    local description=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $description" >&2
    fi
}

# check COMMAND...: prints a command and counts it as one check, without a description of its own.
check() {
    echo "--- $*"
    count "$*" "$@"
}

# add PASSED FAILED: adds the results of a test program.
add() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# finish SUITE: prints the line that .ci/test.sh adds up, and fails if a check did.
finish() {
    echo "$1: $passed passed, $failed failed"
    [ "$failed" = 0 ]
}

# link_soname FOLDER: adds the name by which programs load libzkcoord.so, as in an installation.
link_soname() { ln -sfn libzkcoord.so "$1/libzkcoord.so.0"; }
