#!/bin/sh
# test_fork.sh - tee and merge beside the stock tools; all outputs or none; bounds and pictures.
. "$(dirname "$0")/pipeline_rig.sh"
says() { checks=$((checks + 1)); grep -qF -e "$1" err out || fail "words: $(cat err)"; }
none() { for file; do checks=$((checks + 1)); [ ! -e "$file" ] || fail "$file is there"; done; }

{ seq 1 120000; head -c 200000 /dev/urandom; printf 'end'; } >text
seq 1 40000 | sed 's/.*/{"n":&,"f":1.50,"s":"a\\u0041\\n","deep":{"list":[1,2.0,"x"]}}/' >json
: >empty

# Bytes: the same to all, as tee(1).
for file in text empty; do
    tee t1 t2 <$file >t3
    want 0 run "read $file block=4KiB | tee { write w1 } { tee { write w2 } | null } | write w3"
    for i in 1 2 3; do same t$i w$i "bytes, way $i"; done
done
want 0 run 'read text | tee { hash sha256 | write h } { zstd | unzstd | write w1 } { null }'
same text w1 "through zstd and back"
checks=$((checks + 1))
grep -q "$(sha256sum <text | cut -c1-64)" h || fail "the digest of a branch"

# Records: each branch may change its own.
want 0 run 'read json | lines | json | tee { where .n % 3 == 0 | to raw | write w1 } { keep .n,.deep | to json | write w2 } | where .n % 3 != 0 | to json | write w3'
awk -F'[:,]' '$2 % 3 == 0' json >t1
sed 's/,"f".*\(,"deep"\)/\1/' json >t2
awk -F'[:,]' '$2 % 3 != 0' json >t3
for i in 1 2 3; do same t$i w$i "records, way $i"; done
want 0 run 'read text block=4KiB | lines | tee { where contains(.line, "9") | to raw | write w1 } | where !contains(.line, "9") | to raw | write w2'
{ cat text; echo; } | sed 's/\r$//' >whole
grep -a 9 whole >t1; grep -av 9 whole >t2
same t1 w1 "lines with a 9"
same t2 w2 "the others"

# Files, and a fork in the block of each file.
mkdir in copies; cp text in/a; cp json in/b; : >in/c
want 0 run 'files in | tee { where .size > 0 | hash xxh3 | write m } { each { read | tee { write "copies/{.name}" } { gzip | write "copies/{.name}.gz" } } } | print "{.name}"'
printf 'a\nb\nc\n' >wanted
same wanted out "files behind it"
for file in a b c; do
    same in/$file copies/$file "a copy in a block"
    gzip -dc copies/$file.gz | cmp - in/$file || fail "$file through gzip"
done
checks=$((checks + 4))
[ "$(wc -l <m)" = 2 ] || fail "the manifest of a branch"

# All or nothing: what fails at its very end leaves no output of any, though the others were done long before.
{ cat json; echo '{"n":'; } >broken
want 1 run 'read broken | tee { write n1 } { lines | json | to json | write n2 atomic } | lines | where .line == "x" | to raw | write n3'
says "json: record 40001"
none n1 n2 n3
want 1 run 'read text | tee { write n1 verify } | write missing/n2'
none n1 missing
want 1 run 'files in | hash md5 | tee { write n1 } { write missing/n2 } | tee { where .name == "b" | write n3 }'
none n1 n3
mkdir apart
want 1 run 'files in | each { read | tee { write "apart/{.name}" } { lines max=600 | to raw | write "apart/{.name}.lines" } }'
says "in/a"
[ "$(ls apart | tr '\n' ' ')" = "b b.lines c c.lines " ] || fail "all or nothing a file: $(ls apart)"

# Merge: one pipeline after the other, as cat(1), or mixed; nothing is lost, whoever comes first.
seq 1 90000 >low; seq 90001 120000 >high
cat low high text >wanted
want 0 run 'a: read low block=4KiB  b: read high | zstd | unzstd  c: read text block=1MiB  m: merge a, b, c | write new'
same wanted new "bytes in order"
want 0 run 'a: read high | lines  b: read low block=4KiB | lines  m: merge b, a | to raw | write new'
cat low high >wanted
same wanted new "records in order"
want 0 run 'a: read high | lines | tee { to raw | write w1 }  b: read low | lines  m: merge b, a @order=any | where contains(.line, "7") | to raw | write new'
same high w1 "a branch beside a merge"
sort -n new >sorted; grep 7 wanted >found
same found sorted "records, mixed"
want 0 run 'a: files in | where .name == "b"  b: files in | where .name != "b"  c: merge b, a  d: files in | where .name == "a"  e: merge c, d | print "{.name}"'
printf 'a\nc\nb\na\n' >wanted
same wanted out "merges of merges, of files"
want 0 sh -c "$weir run --io=$io 'a: generate kind=text | lines  b: read low | lines  m: merge a, b | print' | head -n 1"
rm -f new
want 1 run 'a: read low | lines  b: read broken | lines | json | to json | lines  m: merge a, b | to raw | write new'
none new
want 0 run --mem 32MiB 'a: read low block=2MiB | lines  b: read high | lines  m: merge a, b | to raw | write new'
want 2 run 'a: read low | lines  b: read low  m: merge a, b | print'; says "merge: 'b' gives bytes, but those before it records"
want 2 run 'a: read low | lines  m: merge a, a | print';              says "merge: 'a' goes into this merge already"
want 2 run 'a: read low | lines  m: merge a, b | print  b: read low'; says "merge: 'b' stands below"
want 2 run 'm: merge m | null';                                       says "it can't feed itself"
want 2 run 'lower: read low | lines  m: merge lowr | print';          says "(did you mean 'lower'?)"
want 2 run 'a: read low | null  m: merge a | null';                   says "merge: 'a' gives nothing: it ends in null"
want 2 run 'a: read low  m: merge a @order=any | null';               says "bytes can't be mixed"
want 2 run 'a: read low  m: read high | merge a | null';              says "merge begins a pipeline"
want 2 run 'a: read low  merge a | null';                             says "another pipeline begins with its name:  x: merge"
want 2 run 'a: read low | lines  b: read high | tee { merge a | null }'
says "merge begins a pipeline: a branch of tee takes what tee gives it"

# Route: the first that is true, as awk has it; order is kept in each branch.
want 0 run 'read json block=4KiB | lines | json | route { .n % 15 == 0 -> { to raw | write w1 } .n % 3 == 0 || .n > 39000 -> { keep .n | to json | write w2 } else -> { where .n > 100 | to raw | write w3 } }'
awk -F'[:,]' '$2 % 15 == 0' json >t1
awk -F'[:,]' '$2 % 15 != 0 && ($2 % 3 == 0 || $2 > 39000) { print $1 ":" $2 "}" }' json >t2
awk -F'[:,]' '$2 % 3 != 0 && $2 <= 39000 && $2 > 100' json >t3
for i in 1 2 3; do same t$i w$i "route, way $i"; done
want 0 run 'read text block=4KiB | lines | route { contains(.line, "9") -> { to raw | write w1 } } | route { contains(.line, "8") -> { to raw | write w2 } contains(.line, "7") -> { null } } | to raw | write w3'
grep -a 9 whole >t1; grep -av 9 whole | grep -a 8 >t2; grep -av '[789]' whole >t3
for i in 1 2 3; do same t$i w$i "the rest goes on, way $i"; done
want 0 run 'files in | route { .size == 0 -> { print "empty {.name}" } .name == "a" -> { each { read | hash md5 | write "apart/{.name}.md5" } } else -> { null } }'
printf 'empty c\n' >wanted
same wanted out "files by their size"
checks=$((checks + 1))
[ -s apart/a.md5 ] && [ ! -e apart/b.md5 ] || fail "a block in a branch"
want 0 run 'read empty | lines | route { .line == "" -> { to raw | write w1 } else -> { to raw | write w2 } }'
same empty w1 "nothing, and an output"
same empty w2 "nothing, and an output"
want 1 run 'read broken | lines | route { contains(.line, "7") -> { to raw | write n1 } else -> { json | to json | write n2 } }'
none n1 n2
want 0 sh -c "yes x | head -c 9000000 | $weir run --io=$io 'stdin | lines | route { .line == \"x\" -> { print \"x\" } else -> { null } }' | head -n 1"
want 2 run 'read text | lines | route { .line == "6" -> { print } }';     says "what no branch of route takes goes nowhere"
says "add  else -> { ... }, or put a stage behind it"
want 2 run 'read text | lines | route { else -> { print } } | null';      says "null stands behind route, which gives nothing on"
want 2 run 'read text | lines | route { else -> { print } .a -> { print } }'; says "'else' is the last case"
want 2 run 'read text | lines | route { } | print';                       says "there is no case here"
want 2 run 'read text | lines | route | print';                           says "case is missing"
want 2 run 'read text | lines | route { .a { print } } | print';          says "the '->' of a case is missing before '{'"
want 2 run 'read text | lines | route { .a -> print } | print';           says "the branch of a case, { ... }, is missing before 'print'"
want 2 run 'read text | lines | route { fo(.a) -> { print } } | print';   says "unknown function 'fo'"
want 2 run 'read text | lines | route { .a -> { lines } } | print';       says "lines takes bytes, but its block gives records"
want 2 run 'read text | route { .a -> { null } } | null';                 says "route takes records or files, but read gives bytes"
want 2 run 'read text | lines | route { .a = 1 -> { to "}" | x } else -> { null } } | zap'
says "the '->' of a case is missing before '='"
says "unknown stage 'zap'"
checks=$((checks + 1))
[ "$(grep -c '^-e:' err)" = 2 ] || fail "what is behind a bad case is read: $(cat err)"

# Ended by a signal, which is the end of standard input: what it has read by then is in all outputs.
mkfifo pipe
"$weir" run --io="$io" 'stdin | tee { write n1 } { lines | to raw | write n2 } | write n3' <pipe 2>err &
pid=$!
exec 3>pipe
cat json >&3
kill -INT $pid
wait $pid
got=$?
exec 3>&-
checks=$((checks + 2))
[ $got = 0 ] && [ -e n2 ] || fail "exit $got of a stream that was ended"
same n1 n3 "a stream that was ended"
rm n1 n2 n3
# Interrupted, when there was more to come: in none.
"$weir" run --io="$io" 'generate size=1TiB rate=1MiB/s | tee { write n1 } { lines max=1GiB | to raw | write n2 } | write n3' 2>err &
pid=$!
until ls -l /proc/$pid/fd 2>/dev/null | grep -q 'deleted\|weir-'; do kill -0 $pid || fail "it has ended"; done
kill -TERM $pid
wait $pid
got=$?
checks=$((checks + 1))
[ $got = 143 ] || fail "exit $got, interrupted"
none n1 n2 n3

# A branch that wants no more is its own affair; when nobody does the source may stop.
want 0 sh -c "yes | head -c 50000000 | $weir run --io=$io 'stdin | tee { null } | lines | print' | head -n 3"
[ "$(cat out)" = "$(printf '{"line":"y"}\n{"line":"y"}\n{"line":"y"}')" ] || fail "head of it: $(cat out)"

# Bounds: a chunk in each edge must fit, whatever the size of the blocks that the source reads.
want 0 run --mem 24MiB 'read text block=1MiB | tee { zstd level=1 | write w1 } { tee { gzip level=1 | null } { write w2 } } | lines | to raw | write w3'
same text w2 "little memory"
want 2 run --mem 16MiB 'read text block=16MiB | tee { null } | null'
says "needs at least --mem"

# What can't be.
want 2 run 'tee { null }';                          says "tee takes bytes, records or files, and nothing stands before it"
want 2 run 'read text | tee { read text | null }';  says "read begins a pipeline: a branch of tee takes what tee gives it"
want 2 run 'read text | tee { lines }';             says "end the branch with a sink"
want 2 run 'read text | tee | null';                says "branch is missing"
want 2 run 'read text | tee { to json | null }';    says "to takes records, but its block gives bytes"
want 2 run 'read text | tee { null } { } | null';   says "a stage is missing before '}'"
want 2 run 'read text | tee { null } @par=2';       says "@par"
want 2 run 'read text | tee { write "{.name}" }';   says "is a field of a file, and there is none here"
want 2 run 'zap text | tee { null } | null'
checks=$((checks + 1))
[ "$(grep -c '^-e:' err)" = 1 ] || fail "one fault is told once: $(cat err)"

# In words, as a picture, in one layout.
want 0 "$weir" explain 'read text block=2MiB | tee { zstd | write "x" } { tee { null } { null } } | null'
says "  2. tee: bytes -> bytes"
says "branch a:"
says "2.a.1. zstd: bytes -> bytes"
says "-> bytes to zstd: at most 8 MiB (4 chunks of 2 MiB)"
says "2.b.1.b.1. null: takes bytes, a sink"
says "the slowest sets the pace of all"
want 0 "$weir" graph -e 'read text | tee { zstd | write "x" } | null'
says 'label="branch a";'
says 'n1 -> n2 [label="bytes\n8 MiB"];'
says 'n1 -> n4 [label="bytes\n8 MiB"];'
want 0 "$weir" graph --format mermaid -e 'files in | tee { print } | null'
says 'n1 -->|"files<br/>8 batches"| n2'
want 0 "$weir" explain 'a: read low block=2MiB  b: read high  m: merge a, b | write "x"'
says "1. merge: bytes of several pipelines"
says "-> bytes to write: at most 8 MiB (4 chunks of 2 MiB)"
says "one pipeline after the other, in the order of their names"
says "no two ways out of one fork meet"
want 0 "$weir" graph -e 'a: read low  b: read high  m: merge a, b | write "x"'
says 'n1 -> n2 [label="bytes\n8 MiB"];'
printf 'read text|tee {zstd|write "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}\n{  gzip | write "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"  }' >one.weir
want 0 "$weir" fmt one.weir
want 0 "$weir" fmt --check one.weir
printf 'read text\n| tee {\n    zstd | write "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"\n  } {\n    gzip | write "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"\n  }\n' >wanted
same wanted one.weir "one layout"
printf 'read a|lines|route {(.n+1)%%2==0->{print|null}  .n in [1,2]&&!(.line == "aaaaaaaaaaaaaaaaaaaaaaaaaa")->{to raw|write "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"} else->{null}}' >one.weir
want 0 "$weir" fmt one.weir
want 0 "$weir" fmt --check one.weir
printf 'read a\n| lines\n| route {\n    (.n + 1) %% 2 == 0 -> { print | null }\n    .n in [1, 2] && !(.line == "aaaaaaaaaaaaaaaaaaaaaaaaaa") -> {\n        to raw | write "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"\n      }\n    else -> { null }\n  }\n' >wanted
same wanted one.weir "one layout"
want 0 "$weir" explain one.weir
says "branch a, if (.n + 1) % 2 == 0:"
says "branch c, else:"
printf 'read a | lines | route { .b # why\n-> { null } else -> { null } # else\n }' >two.weir
want 0 "$weir" fmt two.weir
want 0 "$weir" fmt --check two.weir
checks=$((checks + 1))
grep -q '# why' two.weir && grep -q '# else' two.weir || fail "comments: $(cat two.weir)"
for stage in tee route merge; do want 0 "$weir" stages $stage; done
echo "$checks checks"
