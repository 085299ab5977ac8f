#!/bin/sh
# test_each.sh - a block for each file, templates that stay where they belong, what is kept of a file, what is removed.
. "$(dirname "$0")/pipeline_rig.sh"
says() { checks=$((checks + 1)); printf '%s\n' "$1" >wanted; diff wanted err >&2 || fail "not the words that were expected"; }

mkdir -p t/sub
i=100; while [ $i -lt 500 ]; do echo "file $i" >t/sub/$i.log; i=$((i + 1)); done
head -c 3000000 /dev/urandom >t/large.log; : >t/empty.log
chmod 640 t/large.log; touch -d @1000000000 t/large.log

# --- what the blocks give is in the order of the files, whatever runs at once ------------------------------
find t -type f | LC_ALL=C sort | while read -r file; do
    printf '{"size":%d,"sha256":"%s"}\n' "$(wc -c <"$file")" "$(sha256sum <"$file" | cut -c1-64)"
done >reference
for par in 1 3 cores 64; do
    want 0 run "files t | each { read | hash sha256 } @par=$par | write digests"; same reference digests "@par=$par"
done
# A digest of the whole file is the hashing job's; with a lane chosen by hand it is the block's own stages'.
chmod 0 t/sub/123.log
for what in "sha256" "md5 xxh3" "xxh128 as .sum"; do
    for par in 1 4; do
        run "files t | each { read | hash $what @pool=inline } @par=$par | write reference" 2>reference.err; wanted_exit=$?
        want $wanted_exit run "files t | each { read block=1MiB | hash $what } @par=$par | write digests"
        same reference digests "$what of the hashing job"; same reference.err err "its words of what can't be read"
    done
done
chmod 644 t/sub/123.log
run 'files t | each { read | hash md5 head=3 } | write heads'; [ "$(grep -c '"size":3,' heads)" = 401 ] || fail "head= is kept"
mkdir nothing; want 0 run 'files nothing | each { read | hash md5 } | write digests'; [ ! -s digests ] || fail "of nothing"
want 0 run 'files t | each { read | hash md5 } | hash md5 | write digests'
[ "$(wc -l <digests)" = 1 ] || fail "another stage behind the hashing job"
find t -type f | LC_ALL=C sort | xargs cat >reference
want 0 run 'files t | each { read block=4KiB } @par=4 | write all'; same reference all "the files one behind the other"
want 0 run --mem 4MiB 'files t | each { read } @par=2 | write all'; same reference all "within a small budget"
want 0 run 'files t | each { hash md5 | where .size > 100 | print "{.md5}" } @par=4 | null'
[ "$(cat out)" = "$(md5sum <t/large.log | cut -c1-32)" ] || fail "a block of files: $(cat out)"

# --- templates ---------------------------------------------------------------------------------------------------
want 0 run 'files t | each { read | write "{.dir}/{.stem}.copy" atomic keep=mtime,mode verify } @par=4 | print "{.path}"'
[ "$(wc -l <out)" = 402 ] || fail "not every file went on"
for file in t/large t/empty t/sub/100 t/sub/499; do same $file.log $file.copy "a copy beside the file"; done
[ "$(stat -c '%a %Y' t/large.copy)" = "640 1000000000" ] || fail "mode and time were not kept"
mkdir o; want 0 run 'files t match="*.copy" | each { read | write "o/{.path}" mode=0600 } @par=4'
same t/large.log o/t/large.copy "a tree below a directory"
[ "$(stat -c %a o/t/large.copy)" = 600 ] || fail "mode="
echo out >secret; mkdir e; ln -s "$dir" e/t
want 1 run 'files "t/large.log" | each { read | write "e/{.path}" }'
says "weir: t/large.log: write: e/t/large.log: leaves the directory that its template begins with"
(cd t && mkdir -p x && want 1 run 'files "../secret" | each { read | write "x/{.path}" }') || exit 1
(cd t && want 1 run 'files "../secret" | each { read | write "x/y/{.path}" }') || exit 1
[ "$(cat secret)" = out ] || fail "a template left its prefix"
rm -rf e; mkdir e; ln -s ../secret e/large.log
want 0 run 'files "t/large.log" | each { read | write "e/{.name}" }'; same t/large.log e/large.log "in place of a link"
[ "$(cat secret)" = out ] || fail "a link was followed"
want 2 run 'read secret | write "x{.path}"'
want 2 run 'files t | read | null'
want 2 run 'files t | each { read }'
want 2 run 'read | null'
want 1 run 'read secret | write "w" mode=9'; want 1 run 'read secret | write "w" keep=mode'; [ ! -e w ] || fail "written"
want 0 run 'read secret | write "w" append'; want 0 run 'read secret | write "w" append fsync'
printf 'out\nout\n' >wanted; same wanted w "append"

# --- one of many fails -----------------------------------------------------------------------------------------------
mkdir -p full/sub; echo a >full/a.log; echo b >full/sub/b.log; mkdir full/a.new
want 1 run 'files full | each { read | write "{.dir}/{.stem}.new" } @par=2 | remove source'
[ -e full/a.log ] || fail "removed, though its copy was not written"
[ ! -e full/sub/b.log ] || fail "not removed"
[ "$(cat full/sub/b.new)" = b ] || fail "the others were not done"
[ "$(grep -c 'full/a.log' err)" = 1 ] || fail "not told once: $(cat err)"
echo a >changes; want 1 run 'files "changes" | each { read | write "changes" } | remove source'
[ -s changes ] || fail "a file that changed meanwhile was removed"
[ -z "$(find . -name '*.weir-*')" ] || fail "a passing name is left"
# A block that fails although what it gives goes on: it is told, and the others are done (it waited for ever once).
mkdir fails; for name in a b c; do echo $name | gzip >fails/$name.gz; done; echo none >fails/b.gz
want 1 run 'files fails | each { read | gunzip } @order=in | write "others"'; says 'weir: fails/b.gz: gunzip: not in gzip format'
printf 'a\nc\n' >wanted; same wanted others "a block that fails"
want 1 run 'files fails | each { read "missing" } @par=2 | null'
[ "$(grep -c 'read: missing: No such file' err)" = 3 ] || fail "three files"
# What a block gave before it failed stays away, as long as it is little; of more it is told how much went on.
mkdir late; seq 1 20000 | gzip >late/a.gz; head -c 20000 late/a.gz >late/b.gz; seq 1 5 | gzip >late/c.gz
for par in 1 3; do
    want 1 run "files late | each { read | gunzip } @par=$par | write got"
    { seq 1 20000; seq 1 5; } >wanted; same wanted got "the first bytes of a damaged file went on, @par=$par"
    [ "$(wc -l <err)" = 1 ] || fail "not told once: $(cat err)"
done
seq 1 400000 | gzip >late/b.gz; truncate -s -1000 late/b.gz
want 1 run 'files late | each { read | gunzip } | write got'
gone=$(sed -n 's/.*late\/b.gz: \([0-9]*\) bytes of what its block gave before had gone on already/\1/p' err)
checks=$((checks + 1)); [ "${gone:-0}" -gt 1000000 ] || fail "it isn't told what went on: $(cat err)"
{ seq 1 20000; seq 1 400000 | head -c "$gone"; seq 1 5; } >wanted; same wanted got "as much as is told"
mkdir rows; seq 1 300 | sed 's/.*/{"a":&}/' >rows/a; { seq 1 3 | sed 's/.*/{"b":&}/'; echo bad; } >rows/b; echo '{"c":1}' >rows/c
want 1 run 'files rows | each { read | lines | json } | to json | write got'
cat rows/a rows/c >wanted; same wanted got "records before a bad one"
echo "$checks checks"
