#!/bin/sh
# test_spell.sh - hash of bytes and generate: records where the stage behind takes no bytes, bytes where it does.
. "$(dirname "$0")/pipeline_rig.sh"
seq 1 5000 >in; mkdir t; seq 1 100 >t/a; seq 1 200 >t/b; : >t/c
sum() { "$1" "$2" | cut -d ' ' -f 1; }

# --- hash: one record at the end, with the size ---------------------------------------------------------------------
want 0 run 'read in | hash md5 sha256 | print "{.size} {.md5} {.sha256}"'
echo "$(stat -c %s in) $(sum md5sum in) $(sum sha256sum in)" >wanted; same wanted out "digests of a stream"
want 0 run 'read in | hash md5 as .m | where .size > 10 | set .same = .m == .m | to json | write got'
echo "{\"size\":$(stat -c %s in),\"m\":\"$(sum md5sum in)\",\"same\":true}" >wanted; same wanted got "a record as any"
want 0 run 'read in | hash md5 head=10 | print "{.size} {.md5}"'
head -c 10 in >part; echo "10 $(sum md5sum part)" >wanted; same wanted out "its first bytes"
want 0 run 'read /dev/null | hash md5 | print "{.size} {.md5}"'
echo "0 $(sum md5sum /dev/null)" >wanted; same wanted out "nothing"
want 0 run 'read in | gzip | gunzip | hash md5 | write got'
echo "{\"size\":$(stat -c %s in),\"md5\":\"$(sum md5sum in)\"}" >wanted; same wanted got "write takes bytes: a line"
want 0 run 'read in | hash md5 | lines | json | print "{.md5}"'; sum md5sum in >wanted; same wanted out "spelled out"
for par in 1 4; do
    want 0 run "files t | each { read | hash md5 } @par=$par | print \"{.size} {.md5}\""
    for file in t/a t/b t/c; do echo "$(stat -c %s $file) $(sum md5sum $file)"; done >wanted
    same wanted out "a record for each file, @par=$par"
done
want 0 run 'files t | each { read | hash md5 } | write got'
for file in t/a t/b t/c; do echo "{\"size\":$(stat -c %s $file),\"md5\":\"$(sum md5sum $file)\"}"; done >wanted
same wanted got "lines, since write stands behind the block"
want 0 run 'files t | each { read | hash xxh3 | zstd level=3 | null } @par=cores'

# --- generate -----------------------------------------------------------------------------------------------------------
want 0 run 'generate kind=json size=100kB seed=7 | write bytes'
want 0 run 'generate kind=json size=100kB seed=7 | where .status >= 400 | to json | write got'
want 0 run 'read bytes | lines | json | where .status >= 400 | to json | write wanted'; same wanted got "JSON is parsed"
want 0 run 'generate kind=json size=100kB seed=7 | json | where .status >= 400 | to json | write got'
same wanted got "and once only"
want 0 run 'generate kind=nginx size=100kB | count by .status | sort .status | print'; cp out got
want 0 run 'generate kind=nginx size=100kB | lines | combined | count by .status | sort .status | print'; same out got "nginx"
want 0 run 'generate kind=text size=10kB | head 3 | print "{.line}"'; cp out got
want 0 run 'generate kind=text size=10kB | write bytes'; head -n 3 bytes >wanted; same wanted got "text is lines"
want 2 run 'generate kind=random size=1kB | count | print'; says "put 'lines' between them"
want 0 run 'generate kind=json size=1kB | tee { null } | write got'
want 0 "$weir" explain 'generate kind=nginx size=1kB | where .status > 1 | null'
tr -s ' \n' ' ' <out >words; checks=$((checks + 1)); grep -q 'generate | lines | combined | where | null' words || fail "not explained: $(head -20 out)"
echo "$checks checks"
