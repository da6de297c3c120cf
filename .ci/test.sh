#!/usr/bin/env bash
# Runs every suite, and prints one line over all of them at the end: "N passed, M failed". A suite ends with a line
# "<name>: N passed, M failed"; a suite without that line, or one that ran no test, counts as a failure.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

suites=(house rust c libzkcoord python wheel node contention demo)
logs=.build/logs
mkdir -p $logs
passed=0 failed=0 summary=()

for suite in "${suites[@]}"; do
    echo "==> $suite"
    started=$SECONDS
    .ci/"$suite".sh 2>&1 | tee "$logs/$suite.log"
    status=${PIPESTATUS[0]}
    line=$(grep -E "^$suite: [0-9]+ passed, [0-9]+ failed$" "$logs/$suite.log" | tail -n 1)
    read -r ok bad < <(sed -E 's/^[^:]*: ([0-9]+) passed, ([0-9]+) failed$/\1 \2/' <<<"${line:-x: 0 passed, 0 failed}")
    # A suite that broke off or ran no test has failed, even if none of its tests did.
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$ok" = 0 ]; }; then bad=1; fi
    passed=$((passed + ok)) failed=$((failed + bad))
    summary+=("$(printf '%-10s %4d passed, %d failed, %d s' "$suite" "$ok" "$bad" $((SECONDS - started)))")
done

echo
printf '%s\n' "${summary[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
