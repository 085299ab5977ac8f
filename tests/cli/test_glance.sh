#!/bin/sh
# test_glance.sh - a filter on a number that is asked of lines before they are parsed lets the same records pass.
. "$(dirname "$0")/pipeline_rig.sh"

# Whatever stands behind a name, and whatever looks like the name and is none.
{
    for value in 0 -0 -1 1 499 500 501 5e2 500.0 499.9 50e1 1E3 -500 0500 00 '"500"' '"x"' null true false '[500]' '{"n":500}' \
        999999999999999999 9999999999999999999 123456789012345678901 -999999999999999999 '' '5 00' '500x' '- 1' nul; do
        echo "{\"status\":$value}"
        echo "{\"a\":\"status\",\"status\" : $value , \"b\":1}"
        echo "{\"in\":{\"status\":999},\"status\":$value}"
        echo "{\"in\":{\"status\":1},\"st\\u0061tus\":$value}"
        echo "{\"status\":1,\"status\":$value}"
        echo "{\"status\":$value,\"status\":1}"
        echo "{\"s\":\"\\\"status\\\":7\",\"status\":$value}"
        echo "{\"list\":[\"status\",\"status\"],\"status\":$value}"
        echo "{\"status\":$value"
        printf '{"status"\t:\t%s\t}\r\n' "$value"
    done
    echo '{"status"}'; echo '{"status":'; echo '{"status"'; echo '{"status'; echo '"status":500'; echo '[{"status":500}]'; echo
    echo '{"other":500}'; printf '{"status":\000500}\n{"status":500}'
} >lines
for op in '==' '<' '<=' '>' '>='; do
    for filter in ".status $op 500" ".status $op 0" ".status $op -1" ".status $op 500 && .a == \"status\"" ".status $op 999999999999999999"; do
        # `where true` in between: nothing is pushed down then.
        want 0 run "read lines | lines | json @onerror=drop | where true | where $filter | to json | write all"
        want 0 run "read lines | lines | json @onerror=drop | where $filter | to json | write pushed"
        same all pushed "$filter"
        [ "$op" != '>=' ] || [ -s all ] || [ "$filter" = '.status >= 999999999999999999' ] || fail "nothing passes $filter"
    done
done
want 0 "$weir" explain 'read lines | lines | json @onerror=drop | where .status >= 500 | null'
grep -q 'a line in which no "status" can pass' out || fail "explain doesn't say what is pushed down"
grep -q 'cuts only lines in which a "status" may pass' out || fail "explain doesn't say what lines looks for"
# A fault is told where it matters, and counted.
want 1 run 'read lines | lines | json | where .status >= 500 | null'
want 0 run --report 'read lines | lines | json @onerror=drop | where .status >= 500 | null'
grep -q 'json left out' err || fail "what was dropped isn't told"
echo "$checks checks"
