#!/usr/bin/env bash
# Checks the English of comments, documents and messages against the rules of CONTRIBUTING.md.
#
#     .ci/language.sh               checks the whole tree
#     .ci/language.sh FILE...       checks these files
#     .ci/language.sh --self-test   plants one sentence for each rule, and fails unless each is found
#
# Prints `FILE:LINE: RULE [in: LINE'S TEXT]` for each finding. A line that has to quote such words says so with
# `language:allow`, in Markdown as <!-- language:allow -->.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

patterns=() rules=() samples=()
# rule PATTERN RULE SAMPLE: a Perl regular expression, how to write instead, and a sentence that the pattern must find.
rule() { patterns+=("$1") rules+=("$2") samples+=("$3"); }

# The beginning of a sentence in a comment or in Markdown, outside of headings and questions.
sentence='(?:^|^.*[.;:] |^\s*(?://[/!]?|/?\*\*?|(?<!#)#) )'
no_question='(?!.*\?)'

rule '\b[Hh](e|im|is|imself)\b' \
    'name the caller or the owner, or use "they"; a thing is "it"' \
    '// The server tells him.'
rule '\b([Tt]hat|[Ww]hich|given|paths?|scheme|permits|time) (is|are|was|were) none\b' \
    'say "invalid", or what is missing' \
    '// A path that is none is refused.'
rule '\bhad in time\b|\b(is|are|was|were|be|been) (not |never |to be )*had\b' \
    'locks are acquired, or time out' \
    '// The lock was not had in time.'
rule '\b([Gg]iv(e|es|en|ing)|gave) (\w+ ){0,3}back\b' \
    'locks and permits are released, values are returned' \
    '// Then it is given back.'
rule "\\bin nobody\\b|\\b[Nn]obody's\\b|\\bnobody in particular\\b" \
    'say what holds it, or that nothing does' \
    '// It is in nobody'"'"'s hands.'
rule '\b([Ww]hoever|[Ww]homever|[Tt]hose who|[Oo]ne who)\b' \
    'name the subject: the caller, the owner, other clients' \
    '// Those who wait are woken.'
rule "${sentence}Who (?!is\\b.*\\?)[a-z]+$no_question" \
    'name the subject of the sentence: the caller, the owner, a client' \
    '// Who asks twice waits.'
rule "${sentence}What [a-z]+$no_question" \
    'begin the sentence with the thing itself' \
    '// What is left is deleted.'
rule "${sentence}That (it|there|they|a|the|one)\\b" \
    'begin the sentence with the thing itself' \
    '// That it is there says nothing.'
rule '\b([Bb]ecame|[Bb]ecomes?|[Cc]ame|[Cc]omes?) of\b' \
    'say "the outcome" or "the result"' \
    '// It reports the outcome, or what became of it.'
rule '\b[Aa]new\b' \
    'say "again" or "from scratch"' \
    '// The node is created anew.'

opening='a documentation comment opens with a verb ("Returns ...", "Waits until ...") or a noun ("A lock that ...")'

# Prints FILE:LINE:TEXT for documentation comments that open with a question word or "That". In shell scripts any comment
# at the beginning of a line is one.
find_openings() {
    awk '
        function opens(text) {
            sub(/^[ \t]*(@brief )?/, "", text)
            if (text ~ /^(What|Who|Whose|Whom|How|Whether|That|Where)[^A-Za-z0-9_]/) print FILENAME ":" FNR ":" $0
        }
        FNR == 1 { marker = ""; empty_opening = 0; kind = FILENAME; sub(/.*\./, "", kind) }
        # /// and //!: the first line of a block.
        kind ~ /^(rs|cpp|hpp|c|h)$/ {
            now = match($0, /^[ \t]*\/\/[\/!]/) ? substr($0, RSTART + RLENGTH - 1, 1) : ""
            if (now != "" && now != marker) opens(substr($0, RSTART + RLENGTH))
            marker = now
        }
        # /**: on the same line, or on the next one.
        kind ~ /^(cpp|hpp|c|h|ts|mts|cts|mjs|cjs|java)$/ {
            if (match($0, /^[ \t]*\/\*\*/)) {
                text = substr($0, RSTART + RLENGTH)
                if (text ~ /^[ \t]*$/) { empty_opening = 1; next }
                opens(text)
            } else if (empty_opening && match($0, /^[ \t]*\*/)) opens(substr($0, RSTART + RLENGTH))
            empty_opening = 0
        }
        kind ~ /^pyi?$/ && match($0, /^[ \t]*[rR]?"""/) { opens(substr($0, RSTART + RLENGTH)) }
        kind == "sh" {
            now = match($0, /^# /) ? "#" : ""
            if (now != "" && marker == "") opens(substr($0, RSTART + RLENGTH))
            marker = now
        }
    ' "$@"
}

# Turns FILE:LINE:TEXT lines into findings of the rule.
report() {
    awk -v rule="$1" '
        /language:allow/ { next }
        {
            match($0, /^[^:]*:[0-9]*/)
            place = substr($0, 1, RLENGTH)
            text = substr($0, RLENGTH + 2)
            gsub(/^[ \t]+|[ \t]+$/, "", text)
            print place ": " rule " [in: " text "]"
        }'
}

# check FILE...: prints all findings in the files.
check() {
    local i
    for i in "${!patterns[@]}"; do
        { grep -anHP -e "${patterns[i]}" -- "$@" || true; } | report "${rules[i]}"
    done
    find_openings "$@" | report "$opening"
}

tracked() {
    git ls-files --cached --others --exclude-standard -- '*.rs' '*.py' '*.pyi' '*.ts' '*.mts' '*.cts' '*.mjs' '*.cjs' \
        '*.h' '*.hpp' '*.c' '*.cpp' '*.java' '*.sh' '*.md' '*.toml' Makefile ':!.ci/language.sh'
}

self_test() {
    local folder i missed=0
    folder=$(mktemp -d)
    # expect_one FILE: the file must have a finding.
    expect_one() {
        [ -n "$(check "$1")" ] || {
            echo "language: nothing is found in: $(cat "$1")" >&2
            missed=1
        }
    }
    for i in "${!samples[@]}"; do
        echo "${samples[i]}" >"$folder/$i.txt"
        grep -qaP -e "${patterns[i]}" "$folder/$i.txt" || {
            echo "language: this rule does not find \"${samples[i]}\": ${rules[i]}" >&2
            missed=1
        }
    done
    printf '%s\n' '    /// Whether it is held.' >"$folder/opening.rs"
    printf '%s\n' '    /**' '     * What it is.' >"$folder/opening.ts"
    printf '%s\n' '/** How long it waits. */' >"$folder/opening.hpp"
    printf '%s\n' '    """Who waits."""' >"$folder/opening.py"
    printf '%s\n' '' '# Whether it is there.' >"$folder/opening.sh"
    for i in "$folder"/opening.*; do expect_one "$i"; done
    printf '%s\n' '/// Returns whether it is held.' '// Is there one? What does it hold?' '## What it promises' >"$folder/plain.rs"
    printf '%s\n' 'a quotation of his <!-- language:allow -->' >>"$folder/plain.rs"
    [ -z "$(check "$folder/plain.rs")" ] || {
        echo "language: plain sentences are refused:" >&2
        check "$folder/plain.rs" >&2
        missed=1
    }
    rm -rf "$folder"
    return $missed
}

if [ "${1:-}" = --self-test ]; then
    self_test
    exit
fi
files=("$@")
if [ $# = 0 ]; then
    mapfile -t files < <(tracked | sort -u | while read -r file; do [ ! -f "$file" ] || echo "$file"; done)
fi
findings=$(check "${files[@]}" | sort -t : -k 1,1 -k 2,2n)
[ -n "$findings" ] || exit 0
printf '%s\n' "$findings"
echo "language: $(wc -l <<<"$findings") findings; see \"English\" in CONTRIBUTING.md" >&2
exit 1
