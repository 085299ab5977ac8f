#!/bin/sh
# test_sort.sh - sort beside sort(1) and jq: several fields, both directions, stable, in memory and on disk.
. "$(dirname "$0")/pipeline_rig.sh"

# --- types in one order, as jq has it; strings by their bytes ---
cat >types.json <<'END'
{"v":"b","i":1}
{"v":[2],"i":2}
{"v":true,"i":3}
{"v":1.5,"i":4}
{"i":5}
{"v":"a","i":6}
{"v":{"x":1},"i":7}
{"v":1,"i":8}
{"v":false,"i":9}
{"v":null,"i":10}
{"v":9007199254740993,"i":11}
{"v":9007199254740992,"i":12}
{"v":"","i":13}
{"v":[1,5],"i":14}
{"v":-3e9,"i":15}
{"v":1.0,"i":16}
END
want 0 run 'read "types.json" | lines | json | sort .v | print "{.i}"'
printf '%s\n' 5 10 9 3 15 8 16 4 12 11 13 6 1 14 2 7 >wanted
same wanted out "types in order"
want 0 run 'read "types.json" | lines | json | sort .v desc | print "{.i}"'
printf '%s\n' 7 2 14 1 6 13 11 12 4 8 16 15 3 9 5 10 >wanted
same wanted out "the other way round, equal ones as they came"
want 0 run 'read "types.json" | lines | json | sort .v | to json | write "new"'
want 0 run 'read "new" | lines | json | sort .i asc | to json | write "again"'
same types.json again "what is sorted is spelled as it was"
: >empty
want 0 run 'read "empty" | lines | json | sort .v | print'
[ ! -s out ] || fail "something of nothing"
want 0 sh -c "printf 'b\na\n\nb\n' | $weir run --io=$io 'stdin | lines | sort .line | to raw | write \"new\"'"
printf '\na\nb\nb\n' >wanted
same wanted new "plain lines"

bad() { want 2 run "stdin | lines | json | $1 | print" </dev/null; shift; for word; do says "$word"; done; }
bad 'sort' 'by is missing'
bad 'sort .a down' "sort takes no 'down' here"
bad 'sort a' "sort takes no 'a' here"

# --- beside sort(1); with little memory it goes through the disk ---
awk 'BEGIN { srand(9); for (i = 0; i < 80000; i++) printf "{\"a\":%d,\"s\":\"k%d\",\"i\":%d,\"filler\":\"%040d\"}\n", rand() * 5000, rand() * 1000, i, i }' >many.json
sed 's/.*"a":\([0-9]*\),"s":"\([^"]*\)".*/\2 \1 &/' many.json | sort -s -k1,1r -k2,2n | cut -d' ' -f3- >wanted
for mem in 256MiB 30MiB; do
    want 0 run --mem $mem 'read "many.json" | lines | json | sort .s desc, .a | to json | write "new"'
    same wanted new "80000 records, --mem $mem"
done
want 1 env TMPDIR=/nowhere/at/all "$weir" run --io="$io" --mem 30MiB 'read "many.json" | lines | json | sort .s | to json | write "no"'
says 'sort on disk ($TMPDIR or /tmp)'
[ ! -e no ] || fail "an output of a failed run"
echo "$checks checks"
