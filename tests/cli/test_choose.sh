#!/bin/sh
# test_choose.sh - drop, head, last and sample beside jq, head(1) and tail(1).
. "$(dirname "$0")/pipeline_rig.sh"

# --- drop ---------------------------------------------------------------------------------------------------
printf '{"a":1.50,"b":{"c":[1, 2]},"d":null}\n{ "x" : 1 }\n{}\n{"b":1,"a":2,"b":3}\n' >data.json
want 0 run 'read data.json | lines | json | drop .a,.gone | to json | write new'
printf '{"b":{"c":[1,2]},"d":null}\n{ "x" : 1 }\n{}\n{"b":3}\n' >wanted
same wanted new "drop"
want 0 run 'read data.json | lines | json | set .e = 1, .a = 2 | drop .a,.b | drop .x,.d | to json | write new'
printf '{"e":1}\n{"e":1}\n{"e":1}\n{"e":1}\n' >wanted
same wanted new "drop what was set"
want 0 sh -c "printf 'a\n' | $weir run --io=$io 'stdin | lines | set .k = 1 | drop .line | print'"
printf '{"k":1}\n' >wanted
same wanted out "drop of a line"
want 2 run 'read data.json | lines | json | drop .a.b | null'
says "drop: it takes fields of the record itself: .a, but not .a.b"

# --- head and last ----------------------------------------------------------------------------------------------
{ seq 1 3000; head -c 700000 /dev/zero | tr '\0' z; echo; printf 'x\377y\n\n'; head -c 400000 /dev/zero | tr '\0' y; } >text
{ cat text; echo; } >whole
for n in 0 1 255 256 257 700 3000 3001 3004 9999; do
    want 0 run "read text block=4KiB | lines | head $n | to raw | write new"
    head -n $n whole >wanted
    same wanted new "head $n"
    want 0 run --mem 16MiB "read text block=64KiB | lines | last $n | to raw | write new"
    tail -n $n whole >wanted
    same wanted new "last $n"
done
: >empty
want 0 run 'read empty | lines | head 3 | last 2 | to raw | write new'
same empty new "nothing"
# What feeds it stops: this input never ends, that one says nothing more.
want 0 sh -c "yes | $weir run --io=$io 'stdin | lines | head 3 | print \"{.line}\"'"
printf 'y\ny\ny\n' >wanted
same wanted out "an endless input"
mkfifo fifo
( exec 3>fifo; printf 'first\nsecond\n' >&3; read -r _ <&4; ) 4<&0 <&- 2>/dev/null &
feeder=$!
want 0 sh -c "$weir run --io=$io 'stdin | lines | head 1 | print \"{.line}\"' <fifo"
printf 'first\n' >wanted
same wanted out "an input that waits"
kill $feeder 2>/dev/null
wait $feeder 2>/dev/null
# Records that nobody changed leave as they came, copied or not.
i=0
while [ $i -lt 600 ]; do printf '{ "n" : %d, "s":"\\u0041" }\n' $i; i=$((i + 1)); done >many.json
want 0 run 'read many.json | lines | json | last 500 | to json | write new'
tail -n 500 many.json >wanted
same wanted new "copies of records of JSON"
want 0 run 'read many.json | lines | json | set .line = "l", .m = .n + 1 | last 300 | where .m > 599 | to json | write new'
printf '{"n":599,"s":"A","m":600}\n' >wanted
same wanted new "copies of changed records"
want 1 run --mem 12MiB 'generate kind=text size=64MiB | lines | last 10M | to raw | write none'
says "the last 10000000 records are more than their part of --mem: fewer, or a larger --mem"
[ ! -e none ] || fail "an output was left"
want 0 run 'files "." match="*.json" | head 1 | print "{.name}"'
printf 'data.json\n' >wanted
same wanted out "head of files"
want 2 run 'read text | lines | head | null'
says "head: count is missing"

# --- sample ---------------------------------------------------------------------------------------------------
seq 1 10000 >numbers
want 0 run 'read numbers | lines | sample 1/100 | to raw | write one'
want 0 run 'read numbers block=4KiB | lines | sample 1/100 | to raw | write two'
want 0 run 'read numbers | lines | sample 1/100 seed=7 | to raw | write other'
same one two "the same sample"
cmp -s one other && fail "another seed is the same sample"
[ "$(awk '{ print int(($1 - 1) / 100) }' one | uniq | wc -l)" = 100 ] || fail "not one of each hundred"
[ "$(wc -l <one)" = 100 ] || fail "not a hundred"
want 0 run 'read numbers | lines | sample 3/3 | to raw | write all'
same numbers all "all of them"
want 0 run 'read numbers | lines | sample 2/7 | to raw | write new'
[ "$(awk '{ print int(($1 - 1) / 7) }' new | uniq -c | awk '$1 != 2' | wc -l)" -le 1 ] || fail "not two of each seven"
for share in 2/1 0/3 1/.x 0.01 5; do
    want 2 run "read numbers | lines | sample $share | null"
    says "sample: the share is so many of so many, such as 1/100"
done
echo "$checks checks"
