#!/bin/sh
# test_jq.sh - random expressions over random records, beside jq, in what both have: the same seed gives the same test.
. "$(dirname "$0")/io_rig.sh"
LC_ALL=C
export LC_ALL
command -v jq >/dev/null || { echo "skipped: no jq here"; exit 77; }

# .i .j are whole, .d is broken, .s .t are texts, .b is a bool, .n is null or missing.
awk -v seed=11 'function any(n) { return int(rand() * n) }
    function word(  k, w) { w = ""; for (k = any(6); k > 0; k--) w = w substr("abAB -x/", 1 + any(8), 1); return w }
    BEGIN { srand(seed)
        for (r = 0; r < 60; r++)
            printf "{\"i\":%d,\"j\":%d,\"d\":%.2f,\"s\":\"%s\",\"t\":\"%s\",\"b\":%s%s,\"l\":[%d,\"%s\"],\"m\":{\"k\":%d}}\n",
                any(200) - 100, any(20), any(10000) / 100 - 50, word(), word(), any(2) ? "true" : "false",
                any(2) ? ",\"n\":null" : "", any(9), word(), any(9) }' >records.json

# Each line: an expression of weir, a tab, the same for jq.
awk -v seed=12 'function any(n) { return int(rand() * n) }
    # Each sets W and J; they are globals, so what was made first is kept in locals.
    function number(depth,  w, j, k) {
        k = depth > 0 ? any(12) : any(5)
        if (k == 0) { W = J = ".i" } else if (k == 1) { W = J = ".j" } else if (k == 2) { W = J = ".d" }
        else if (k == 3) { W = J = any(50) } else if (k == 4) { W = J = any(2) ? ".l[0]" : ".m.k"
            if (any(3) == 0) { W = "(.n ?? .m).k"; J = "((.n // .m).k)" } }
        else if (k == 5) { number(depth - 1); w = W; j = J; number(depth - 1); W = "(" w " + " W ")"; J = "(" j " + " J ")" }
        else if (k == 6) { number(depth - 1); w = W; j = J; number(depth - 1); W = "(" w " - " W ")"; J = "(" j " - " J ")" }
        else if (k == 7) { number(depth - 1); w = W; j = J; number(0); W = "(" w " * " W ")"; J = "(" j " * " J ")" }
        else if (k == 8) { number(depth - 1); k = 2 ^ (1 + any(3)); W = "(" W " / " k ")"; J = "(" J " / " k ")" }
        else if (k == 9) { w = any(2) ? ".i" : ".j"; k = 1 + any(9); W = "(" w " % " k ")"; J = "(" w " % " k ")" }
        else if (k == 10) { number(depth - 1); w = any(3) == 0 ? "floor" : any(2) ? "ceil" : "abs"
            J = "(" J " | " (w == "abs" ? "fabs" : w) ")"; W = w "(" W ")" }
        else { text(depth - 1); W = "len(" W ")"; J = "(" J " | length)" } }
    function text(depth,  w, j, k) {
        k = depth > 0 ? any(9) : any(3)
        if (k == 7) { text(depth - 1); k = any(3); w = substr("aB ", 1 + any(3), 1)
            W = "(split(" W ", \"" w "\")[" k "] ?? \"no\")"; # the pieces of nothing: one, which is empty
            J = "((" J " | if . == \"\" then [\"\"] else split(\"" w "\") end)[" k "] // \"no\")" }
        else if (k == 8) { text(depth - 1); w = W; j = J; text(depth - 1); k = any(4) - 2
            W = "[" w ", " W "][" k "]"; J = "([" j ", " J "][" k "])" }
        else if (k == 0) { W = J = ".s" } else if (k == 1) { W = J = ".t" } else if (k == 2) { W = J = "\"" substr("aB/ x", 1 + any(4), 1 + any(2)) "\"" }
        else if (k == 3) { text(depth - 1); w = W; j = J; text(depth - 1); W = "(" w " + " W ")"; J = "(" j " + " J ")" }
        else if (k == 4) { text(depth - 1); W = "lower(" W ")"; J = "(" J " | ascii_downcase)" }
        else if (k == 5) { text(depth - 1); W = "upper(" W ")"; J = "(" J " | ascii_upcase)" }
        else { truth(depth - 1); w = W; j = J; text(depth - 1); W = "(if " w " then " W " else .t)"; J = "(if " j " then " J " else .t end)" } }
    function truth(depth,  w, j, k, op) {
        k = depth > 0 ? any(9) : any(2)
        op = substr("== != <  <= >  >= ", 1 + 3 * any(6), 2); sub(/ +$/, "", op)
        if (k == 0) { W = J = ".b" }
        else if (k == 1) { W = ".n == null"; J = "(.n == null)" }
        else if (k == 2) { number(depth - 1); w = W; j = J; number(depth - 1); W = "(" w " " op " " W ")"; J = "(" j " " op " " J ")" }
        else if (k == 3) { text(depth - 1); w = W; j = J; text(depth - 1); W = "(" w " " op " " W ")"; J = "(" j " " op " " J ")" }
        else if (k == 4) { truth(depth - 1); w = W; j = J; truth(depth - 1); W = "((" w ") && (" W "))"; J = "((" j ") and (" J "))" }
        else if (k == 5) { truth(depth - 1); w = W; j = J; truth(depth - 1); W = "((" w ") || (" W "))"; J = "((" j ") or (" J "))" }
        else if (k == 6) { truth(depth - 1); W = "!(" W ")"; J = "((" J ") | not)" }
        else if (k == 7) { text(depth - 1); w = W; j = J; W = "starts_with(" w ", \"a\")"; J = "(" j " | startswith(\"a\"))" }
        else { text(depth - 1); W = "contains(" W ", \"b\")"; J = "(" J " | contains(\"b\"))" } }
    BEGIN { srand(seed)
        for (e = 0; e < 120; e++) {
            if (e % 3 == 0) number(4); else if (e % 3 == 1) text(4); else truth(4)
            print W "\t" J } }' >expressions

awk -F'\t' '{ printf "%s.r%d = %s", (NR > 1 ? ", " : ""), NR, $1; keep = keep (NR > 1 ? "," : "") ".r" NR }
    END { print " | keep " keep }' expressions >sets
awk -F'\t' 'BEGIN { printf "{" } { printf "%sr%d: (%s)", (NR > 1 ? ", " : ""), NR, $2 } END { print "}" }' expressions >program
printf 'read "records.json" | lines | json | set %s | to json | write "by_weir"\n' "$(cat sets)" >run.weir
"$weir" run --io="$io" run.weir || fail "weir doesn't run them"
jq -c -f program records.json >by_jq || fail "jq doesn't run them"
# Spellings of numbers aside: both as jq writes them, whose numbers are all broken ones, which have a -0.
jq -c . by_weir | sed 's/:-0\([,}]\)/:0\1/g' >ours
jq -c . by_jq | sed 's/:-0\([,}]\)/:0\1/g' >theirs
if ! cmp ours theirs; then
    jq -c -n --slurpfile a ours --slurpfile b theirs \
        '[range(0; $a | length) as $r | $b[$r] | keys_unsorted[] | select($a[$r][.] != $b[$r][.]) as $k | [$r, $k, $a[$r][$k], $b[$r][$k]]][:10][]' |
        while read -r line; do
            echo "record, result, ours, theirs: $line" >&2
            sed -n "$(echo "$line" | sed 's/.*"r\([0-9]*\)".*/\1/')p" expressions >&2
        done
    fail "an expression has another value than with jq"
fi
[ "$(wc -l <by_weir)" -eq 60 ] || fail "records are missing"
echo "120 expressions over 60 records"
