#!/bin/sh
# test_dead.sh - dead-letter streams: what a stage can't take goes there, from everywhere, and all else goes on.
. "$(dirname "$0")/pipeline_rig.sh"
says() { checks=$((checks + 1)); grep -qF -e "$1" err out || fail "words: $(cat err)"; }
none() { for file; do checks=$((checks + 1)); [ ! -e "$file" ] || fail "$file is there"; done; }

seq 1 30000 | sed 's/.*/{"n":&,"s":"a\\u0041"}/' >good
seq 1 30000 | awk '{ if ($1 % 7 == 0) print "bad " $1; print "{\"n\":" $1 ",\"s\":\"a\\u0041\"}" }' >mixed
grep bad mixed >bad
: >empty

# All that is good goes on, all that isn't goes into the stream; each in its order.
want 0 run --report 'read mixed block=4KiB | lines | json @onerror=dead(no) | to raw | write w1  dead no -> to raw | write w2'
same good w1 "what is good"
same bad w2 "what isn't"
says "json gave 4285 to dead(no)"
want 0 run 'read bad | lines | json @onerror=dead(no) | to raw | write w1  dead no -> where .raw == "bad 700" | print "{.stage}: {.error}: {.raw}"'
printf 'json: record 100, byte 1: a value was expected: bad 700\n' >wanted
sed 's/byte 1: .*: bad/byte 1: a value was expected: bad/' out >shown
same wanted shown "error, stage and raw"
same empty w1 "nothing is good"
want 0 run 'read good | lines | json @onerror=dead(no) | to raw | write w1  dead no -> to raw | write w2'
same empty w2 "nothing is bad"
printf '{"n":1}\n"\377x\n[1]\n\n' >odd
want 0 run 'read odd | lines | json @onerror=dead(no) @name=parse | null  dead no -> keep .stage,.raw | to json | write w2'
printf '{"stage":"parse","raw_b64":"Iv94"}\n{"stage":"parse","raw":"[1]"}\n' >wanted
same wanted w2 "any bytes"

# Several stages into one stream, several streams, out of branches and blocks of files.
printf 'short\n%s\n{"n":"x"}\n{"n":7}\n' "$(head -c 70000 /dev/zero | tr '\0' z)" >mix
want 0 run --report 'read mix block=4KiB | lines max=40 @onerror=dead(no) | json @onerror=dead(no) | set .m = int!(.n) @onerror=dead(odd) | to json | write w1  dead no -> to raw | write w2  dead odd -> to raw | write w3'
for words in 'lines gave 1 to dead(no)' 'json gave 1 to dead(no)' 'set gave 1 to dead(odd)'; do says "$words"; done
printf '{"n":7,"m":7}\n' >wanted; same wanted w1 "through three stages"
want 0 run --report 'read good | lines | json | set .m = if .n > 29990 then int!("x") else 1 @onerror=drop | null'
says "set left out 10 by @onerror=drop"
printf 'short\nzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\n' >wanted
sort w2 >sorted; same wanted sorted "of a line that is too long as much as may be"
printf '{"n":"x"}\n' >wanted; same wanted w3 "the second stream"
want 0 run 'a: read mixed | lines | tee { json @onerror=dead(no) | null } { route { .line == "bad 7" -> { json @onerror=dead(no) | null } else -> { null } } }  dead no -> to raw | write w2'
{ echo 'bad 7'; cat bad; } | sort >wanted; sort w2 >sorted
same wanted sorted "of two branches"
mkdir in copies; cp mixed in/a; cp good in/b; cp bad in/c
want 0 run --report 'files in | each { read | lines | json @onerror=dead(no) | to raw | write "copies/{.name}" } @par=3  dead no -> to raw | write w2'
same good copies/a "a file of both"; same good copies/b "a good file"; same empty copies/c "a bad file"
cat bad bad | sort >wanted; sort w2 >sorted
same wanted sorted "of all files"
says "json gave 8570 to dead(no)"
want 1 run 'files in | each { read | lines | route { .line == "bad 7" -> { json | null } else -> { json @onerror=dead(no) | null } } } @par=3  dead no -> to raw | write w2'
says "in/a: json"
says "in/c: json"

# All or nothing, here too; and a stream whose sink wants no more holds nobody up.
want 1 run 'read mixed | lines | json @onerror=dead(no) | to json | write n1  dead no -> set .x = int!(.raw) | to raw | write n2'
none n1 n2
{ cat mixed; echo '{"n":'; } >ends
want 1 run 'read ends | lines | tee { json @onerror=dead(no) | null } | where .line !~ /bad/ | json | to json | write n1  dead no -> to raw | write n2'
none n1 n2
want 0 sh -c "yes bad | head -c 8000000 | $weir run --io=$io 'stdin | lines | json @onerror=dead(no) | to raw | write w1  dead no -> print \"{.raw}\"' | head -n 2"
printf 'bad\nbad\n' >wanted; same wanted out "the first two"

# What can't be.
want 2 run 'read good | lines | json @onerror=dead(no) | null';                        says "there is no dead-letter stream 'no'"
want 2 run 'read good | lines | json | null  dead no -> null';                         says "nothing goes into the dead-letter stream 'no'"
want 2 run 'read good | lines | json @onerror=dead(no) | null  dead no -> json @onerror=dead(no) | null'; says "this would go round in a circle"
want 2 run 'read good | lines | json @onerror=dead(no) | null  dead no -> to raw';     says "what to gives goes nowhere"
want 2 run 'read good | lines | head 1 @onerror=dead(no) | null  dead no -> null';     says "@onerror"
want 2 run 'read good | lines | json @onerror=dead(no) | null  dead no -> read good';  says "read"

# In words and as a picture.
want 0 "$weir" explain 'read good | lines | json @onerror=dead(no) | null  dead no -> to raw | write "x"'
says "what it can't take goes to the dead-letter stream no"
says "Dead-letter stream no: to | write"
want 0 "$weir" graph -e 'read good | lines | json @onerror=dead(no) | null  dead no -> to raw | write "x"'
says 'label="dead no";'
says 'n2 -> n4 [style=dashed, label="rejected"];'
# A stream may begin with a write: lines of JSON then, as the manual has it.
printf '{"a":1}\nbad\n' >given
printf 'read "given" | lines | json @onerror=dead(bad) | to json | write "good"\ndead bad -> write "letters" append\n' >short.weir
want 0 run short.weir; want 0 run short.weir
[ "$(grep -c '"stage":"json","raw":"bad"}' letters)" = 2 ] || fail "letters: $(cat letters)"
want 2 "$weir" check -e 'read a | lines | write "b"'
echo "$checks checks"
