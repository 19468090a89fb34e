#!/bin/sh
# A gate for CI: a mean F1 of at least 55, and no drop from baseline.json that a paired test confirms.
#
#   sh ci_gate.sh RUN
#
# Exit codes: 0 passed, 3 below 55, 4 worse than the baseline, 6 sentences are missing, 7 no baseline.json yet. In all of
# these scores.json is written; to move the baseline, commit it as baseline.json:  cp scores.json baseline.json
gner-bench score "$1" --fail-under 55 --baseline baseline.json --out scores.json
