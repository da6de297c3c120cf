#!/usr/bin/env bash
# Checks the format of all sources and runs the linters, or formats the sources.
#
#     .ci/lint.sh [LANGUAGE]...            checks and changes nothing; the last line names the languages that failed
#     .ci/lint.sh --fix [LANGUAGE]...      formats
#
# LANGUAGE is rust, python, node, c (which is C and C++), shell or english; the default is all of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PATH=$PWD/.build/venv/bin:$PATH
settings=bindings-python/pyproject.toml

# files PATHSPEC...: prints the files of the work tree that match and that git does not ignore, one per line.
files() {
    local file
    git ls-files --cached --others --exclude-standard -- "$@" | sort -u | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

# Without the code blocks of Markdown files, which ruff would format too.
python_files() { files '*.py' '*.pyi'; }

# zkcoord.h is generated, and preamble.h is the template that it begins with.
c_files() { files '*.c' '*.h' '*.cpp' '*.hpp' ':!include/zkcoord.h' ':!ffi/preamble.h'; }
shell_files() { files '*.sh' .ci/run; }

check_rust() {
    cargo fmt --all --check &&
        cargo clippy --workspace --all-targets --quiet -- -D warnings
}
fix_rust() { cargo fmt --all; }

check_python() {
    local mypy=(mypy --strict --config-file "$settings")
    python_files | xargs ruff check --quiet --config $settings &&
        python_files | xargs ruff format --quiet --check --config $settings &&
        "${mypy[@]}" bindings-python/python/{zkcoord,pytest_zkcoord} bindings-python/tests examples/*.py
}
# Sorts imports, too.
fix_python() {
    python_files | xargs ruff check --quiet --config $settings --select I --fix &&
        python_files | xargs ruff format --quiet --config $settings
}

check_node() { npm --prefix bindings-node run --silent lint; }
fix_node() { npm --prefix bindings-node run --silent format; }

check_c() { c_files | xargs clang-format --dry-run --Werror; }
fix_c() { c_files | xargs clang-format -i; }

# shfmt takes its settings from .editorconfig.
check_shell() {
    shell_files | xargs shfmt --diff &&
        shell_files | xargs shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR
}
fix_shell() { shell_files | xargs shfmt --write; }

check_english() { .ci/language.sh; }
fix_english() { :; }

action=check
if [ "${1:-}" = --fix ]; then
    action=fix
    shift
fi
[ $# -gt 0 ] || set -- rust python node c shell english

failed=()
for language in "$@"; do
    started=$SECONDS
    declare -F "${action}_$language" >/dev/null || {
        echo "lint: there is no language \"$language\": use rust, python, node, c, shell or english" >&2
        exit 2
    }
    echo "--- $action $language"
    "${action}_$language" || failed+=("$language")
    echo "    $((SECONDS - started)) s"
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "lint: failed: ${failed[*]}. 'make format' corrects formatting; the messages above say what else is wrong" >&2
    exit 1
fi
