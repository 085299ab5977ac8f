#!/bin/sh
# test_probes.sh - every probe that docs/observability.md names is a note of the program, and every note is named there.
set -u
readelf=$1 weir=$2 manual=$3
fail() { echo "FAILED: $*" >&2; exit 1; }

# The first column of the table under "## Probes"; a row may name two.
named=$(sed -n '/^## Probes/,$s/^| *\(`[^|]*\)|.*/\1/p' "$manual" | tr -d '`,' | tr ' ' '\n' | grep . | sort)
notes=$("$readelf" --notes --wide "$weir" | grep -A 1 'Provider: weir$' | sed -n 's/^ *Name: //p' | sort -u)

[ "$(echo "$named" | wc -l)" -ge 7 ] || fail "the table of $manual was not understood: $named"
[ "$named" = "$notes" ] || fail "the manual names $(echo $named), the program has $(echo $notes)"

# Each has its two arguments: "8@%rbx -4@$0"
arguments=$("$readelf" --notes --wide "$weir" | grep -A 3 'Provider: weir$' | sed -n 's/^ *Arguments: //p')
[ "$(echo "$arguments" | awk 'NF != 2' | wc -l)" = 0 ] || fail "a probe without two arguments: $arguments"
