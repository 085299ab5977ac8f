#!/bin/sh
# test_order.sh - @order: with @par what comes out is in the order of what went in, in that of each key, or in any.
. "${0%/*}/pipeline_rig.sh"

# by_key FILE FIELD: the lines of each value one after the other, in the order of the file.
by_key() { awk -v field="\"$2\":" '{ i = index($0, field); v = substr($0, i + length(field), 30); sub(/[,}].*/, "", v); print v, $0 }' "$1" | sort -s -k1,1; }

# --- records ---------------------------------------------------------------------------------------------------
want 0 run 'generate kind=json seed=3 size=6MiB | lines | json | to json | write reference'
by_key reference status >wanted
for par in 1 2 3 7; do
    want 0 run "generate kind=json seed=3 size=6MiB | lines | json | where .bytes >= 0 @par=$par @order=key(.status) | set .bytes = .bytes @par=$par @order=key(.status) | to json | write made"
    by_key made status >got; same wanted got "each status keeps its order, @par=$par"
done
# Many keys, one key, none of that name; a field within a field; the line itself.
seq 20000 | awk '{ printf "{\"a\":{\"b\":%d},\"n\":%d}\n", $1 % 997, $1 }' >nested
want 0 run 'read nested block=16KiB | lines | json | where .n > 0 @par=4 @order=key(.a.b) | to json | write made'
sort nested >wanted; sort made >got; same wanted got "all of them"
by_key nested b >wanted; by_key made b >got; same wanted got "a field within a field"
for key in .none .n.m; do
    want 0 run "read nested | lines | json | where .n > 0 @par=4 @order=key($key) | to json | write made"
    same nested made "one key is in order"
done
want 0 run 'read nested | lines | json @par=3 @order=key(.line) | to json | write made'
sort made >got; sort nested >wanted; same wanted got "by the line"

# Who has enough behind it ends it; so does a failure, which names the record as it was counted; and a wish to stop.
want 0 run 'generate kind=json | lines | json | where .bytes >= 0 @par=3 @order=key(.path) | head 5 | to json | write made'
[ "$(wc -l <made)" = 5 ] || fail "head behind it"
"$weir" run --io="$io" 'generate kind=json | lines | json | where .bytes >= 0 @par=3 @order=key(.path) | to json | write endless append' & pid=$!
until [ -s endless ]; do :; done
kill -TERM $pid; wait $pid || fail "asked to stop: exit $?"
"$weir" run --io="$io" "read endless | lines | json | to json | write copy" || fail "it is not whole"
checks=$((checks + 2))
sed '12345s/"n":.*/"n":"x"}/' nested >faulty
want 1 run 'read faulty | lines | json | where int!(.n) > 0 @par=4 @order=key(.a.b) | null'
says 'record 12345: int!() has no value for "x"'
want 0 run 'read faulty | lines | json | where int!(.n) > 0 @par=4 @order=key(.a.b) @onerror=dead(bad) | null  dead bad -> keep .error | to json | write made'
printf '{"error":"record 12345: int!() has no value for \\"x\\""}\n' >wanted; same wanted made "and keeps its number"

# --- files -------------------------------------------------------------------------------------------------------
mkdir -p t/a t/b t/c
for i in 1 2 3 4 5 6 7 8 9; do
    for d in a b c; do yes "$d$i" | head -c 400000 >t/$d/$i; done
done
want 0 run 'files t | hash md5 @par=4 @order=key(.dir) | print "{.md5}  {.path}"'
sort -k2 out >got; md5sum t/*/* | sort -k2 >wanted; rm out; same wanted got "hashes"
# No two files of one key are at work at once: what they append isn't mixed.
mkdir o
want 0 run 'files t | each { read block=4KiB | write "o/{.stem}" append } @par=9 @order=key(.stem)'
for i in 1 2 3 4 5 6 7 8 9; do cat t/?/$i >wanted; same wanted o/$i "appended one after the other"; done
# In any order a file that takes a minute holds up no other: head ends it all.
mkdir slow; yes | head -c 600000 >slow/1; : >slow/2 # the rate is that of all files together: nothing waits for none
want 0 run 'files slow | each { read block=4KiB | write "o/{.name}.copy" @rate=10kB/s } @par=2 @order=any | head 1 | print "{.name}"'
[ "$(cat out)" = 2 ] || fail "in any order: $(cat out)"
want 0 run 'files slow | each { read block=4KiB | write "o/{.name}.copy" @rate=10kB/s } @par=2 @order=key(.name) | head 1 | print "{.name}"'
[ "$(cat out)" = 2 ] || fail "by key: $(cat out)"
want 0 run 'files t/a | each { read } @par=3 @order=any | write got'; cat t/a/* >wanted; same wanted got "what blocks give"

# --- where it can't be ----------------------------------------------------------------------------------------------
want 2 run 'read a | zstd seekable=1MiB @par=2 @order=key(.f) | null'
says "zstd can't do @order=key(.f): bytes have no fields; @order=in keeps their order"
want 2 run 'read a | lines | json @par=2 @order=key(.f) | null'
says "-e:1:41: json: what lines gives has no field .f yet, and @order=key(.f) looks at what comes in"
want 2 run 'read a | lines | json | count by .f @par=2 @order=key(.f) | null'
says "count can't do @order=key(.f): what it gives is of all that came, whose order is all one to it"
want 2 run 'read a | lines | head 3 @order=key(.line) | null'
says "head can't do @order=key(.line): it works on what comes to it one after the other"
want 2 run 'a: read a | lines  b: read b | lines  m: merge a, b @order=key(.line) | null'
says "merge can't do @order=key(.line): what comes of one pipeline keeps its order in any case, also with @order=any"
want 2 run 'read a | lines | where true @par=2 @order=key | null'; says "@order is in, any or key(.field)"
want 2 run 'read a | lines | where true @par=2 @order=key(.) | null'; says "@order is in, any or key(.field)"
want 2 run 'read a | lines | where true @par=2 @order=in(.f) | null'; says "@order is in, any or key(.field)"

want 0 "$weir" explain 'read "a" | lines | json | where .n > 1 @par=3 @order=key(.a.b) | to json | write "b"'
tr -s ' \n' ' ' <out >err
says "parallel: 3 at once; what has the same .a.b is worked on one after the other and keeps its order, the rest may overtake (@order=key)"
want 0 "$weir" graph -e 'read "a" | lines | json | where .n > 1 @par=3 @order=key(.a.b) | to json | write "b"'
cp out err; says "@par=3 @order=key(.a.b)"
echo "$checks checks"
