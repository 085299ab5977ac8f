#!/bin/sh
# test_dedupe.sh - dedupe beside uniq(1) and what awk makes of first sightings.
. "$(dirname "$0")/pipeline_rig.sh"
first() { awk '!seen[$0]++' "$1"; }

# Numbers that come again, runs, empty lines, bytes that are no UTF-8, long lines that differ in their last byte.
{
    awk 'BEGIN { s = 1; for (i = 0; i < 60000; i++) { s = (s * 16807) % 2147483647; print s % 20000 } }'
    printf '\n\n\377a\n\377a\n\377b\n\n'
    seq 1 3000 | sed 'p;p'
    for tail in a b a b b; do head -c 300000 /dev/zero | tr '\0' z; echo $tail; done
} >text
for block in 4KiB 256KiB; do
    want 0 run "read text block=$block | lines | dedupe | to raw | write new"
    first text >wanted
    same wanted new "first sightings"
    want 0 run "read text block=$block | lines | dedupe consecutive | to raw | write new"
    uniq text >wanted
    same wanted new "neighbours"
done
: >empty
want 0 run 'read empty | lines | dedupe | dedupe consecutive | to raw | write new'
same empty new "nothing"

# More than memory has room for goes to disk, and comes in the same order.
seq 1 400000 | sed 's/$/ of a line/' >many
tac many | head -n 150000 >>many
want 0 run --mem 12MiB 'read many | lines | dedupe | to raw | write new'
head -n 400000 many >wanted
same wanted new "on disk"
# So many that some must go there: without a place for them it can't be done.
want 1 env TMPDIR=/nowhere/at/all "$weir" run --io="$io" --mem 12MiB 'read many | lines | dedupe | to raw | write none'
says "dedupe on disk (\$TMPDIR or /tmp): No such file or directory"
[ ! -e none ] || fail "an output was left"

# By fields: numbers are equal by value, what is missing is equal to null, and a text is no number.
printf '%s\n' '{"a":1,"b":"x"}' '{"a":1.0,"b":"x"}' '{"a":"1","b":"x"}' '{"b":"x"}' '{"a":null,"b":"y"}' '{"a":1,"b":"y"}' \
    '{"b":"x","c":[1]}' '{"b":"x","c":[1.0]}' >data.json
want 0 run 'read data.json | lines | json | dedupe .a | to json | write new'
sed -n '1p;3p;4p' data.json >wanted
same wanted new "by one field"
want 0 run 'read data.json | lines | json | dedupe .a,.b | to json | write new'
sed -n '1p;3,6p' data.json >wanted
same wanted new "by two fields"
want 0 run 'read data.json | lines | json | dedupe .b consecutive | to json | write new'
sed -n '1p;5p;7p' data.json >wanted
same wanted new "neighbours by a field"
want 0 run 'read data.json | lines | json | dedupe .c consecutive | to json | write new'
sed -n '1p;7p' data.json >wanted
same wanted new "lists are equal by what is in them"
# Records that were changed are compared as they would be written.
want 0 run 'read data.json | lines | json | keep .b | dedupe | to json | write new'
printf '{"b":"x"}\n{"b":"y"}\n' >wanted
same wanted new "changed records"
want 0 run 'read data.json | lines | json | keep .b | dedupe consecutive | to json | write new'
printf '{"b":"x"}\n{"b":"y"}\n{"b":"x"}\n' >wanted
same wanted new "changed neighbours"
want 0 run 'read data.json | lines | json | set .a = 1 | drop .c | dedupe consecutive | dedupe | to json | write new'
printf '{"a":1,"b":"x"}\n{"b":"x","a":1}\n{"a":1,"b":"y"}\n' | sort >wanted
sort new >sorted
same wanted sorted "set and drop"

# Within: so many records after the last that went on, or so long.
printf '%s\n' a b a c a a b >few
want 0 run 'read few | lines | dedupe within=3 | to raw | write new'
awk '{ n++; if (!($0 in last) || n - last[$0] >= 3) { last[$0] = n; print } }' few >wanted
same wanted new "within 3"
want 0 run 'read text | lines | dedupe within=1k | to raw | write new'
awk '{ n++; if (!($0 in last) || n - last[$0] >= 1000) { last[$0] = n; print } }' text >wanted
same wanted new "within 1k"
want 0 run 'read text | lines | dedupe within=1h | to raw | write new'
first text >wanted
same wanted new "within an hour, which this test doesn't last"
# The same with more of them than memory has room for: the last 150,000 lines come again after 1 to 299,999 others.
for within in 200000 1000000; do
    want 0 run --mem 12MiB "read many | lines | dedupe within=$within | to raw | write new"
    awk -v within=$within '!($0 in last) || NR - last[$0] >= within { last[$0] = NR; print }' many >wanted
    same wanted new "within $within, on disk"
done
want 1 env TMPDIR=/nowhere/at/all "$weir" run --io="$io" --mem 12MiB 'read many | lines | dedupe within=1M | to raw | write none'
says "dedupe on disk (\$TMPDIR or /tmp): No such file or directory"
mkdir tree && echo 1 >tree/a && echo 22 >tree/b && echo 3 >tree/c
want 0 run 'files tree | dedupe .size | print "{.name}"'
printf 'a\nb\n' >wanted
same wanted out "files of the same size"

want 1 run 'read text | lines | dedupe consecutive within=3 | to raw | null'
says "consecutive and within= don't go together"
want 2 run 'read text | lines | dedupe within=0 | to raw | null'
says "dedupe: within must be at least 1"
want 2 run 'read text | lines | dedupe within=1MiB | to raw | null'
says "within wants a number such as 1M or a time such as 10m, not 1MiB"
want 2 run 'read text | dedupe | null'
says "dedupe takes records or files, but read gives bytes"
echo "$checks checks"
