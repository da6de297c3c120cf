#!/usr/bin/env bash
# Checks the house rules that no compiler knows: the English, the format of shell scripts and of C and C++, and what the
# documents refer to. Needs no server, and takes a few seconds. Prints `house: N passed, M failed` at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

passed=0 failed=0

# Runs a check that counts as one test.
check() {
    echo "--- $*"
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Fails if a document tells its readers to install from a registry that does not have the package yet.
claims_no_published_package() {
    ! git grep -nE '(pip|npm|yarn|pnpm|cargo|uv) (install|i|add) (-[^ ]+ )*zkcoord\b' -- '*.md' '*.rs' '*.py' '*.ts' '*.toml' '*.json'
}

check .ci/language.sh --self-test
check .ci/language.sh
check .ci/lint.sh c shell
check python3 .ci/links.py
check claims_no_published_package

echo "house: $passed passed, $failed failed"
[ "$failed" = 0 ]
