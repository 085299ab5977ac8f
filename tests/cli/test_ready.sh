#!/bin/sh
# test_ready.sh - the pipelines that weir ships, and the ones of the manual word for word, beside what stock tools give.
ready=$(cd "$(dirname "$0")/../../pipelines/ready" && pwd) || exit 1
. "$(dirname "$0")/pipeline_rig.sh"
has() { command -v "$1" >/dev/null 2>&1 || { echo "not compared: no $1 here"; return 1; }; }
gives() { checks=$((checks + 1)); printf '%s\n' "$1" >wanted; diff wanted out >&2 || fail "not the output that was expected"; }

# A tree with what trees have: many small files, some large ones, odd names, copies, links.
data=$dir/data
mkdir -p "$data/sub/deep" "$data/.hidden" "$data/copies"
i=0; while [ $i -lt 600 ]; do echo "file $i" >"$data/sub/$i.txt"; i=$((i + 1)); done
head -c 3000000 /dev/urandom >"$data/large"; head -c 100000 /dev/urandom >"$data/.hidden/h"; : >"$data/sub/deep/empty"
echo "odd" >"$data/a name with blanks"; echo "odd2" >"$data/quote\"'"; echo t >"$data/sub/x.tmp"
for i in 1 7 99; do cp "$data/sub/$i.txt" "$data/copies/$i"; done
cp "$data/large" "$data/copies/large"; cp "$data/large" "$data/copies/large2"; ln "$data/large" "$data/linked"
head -c 70000 /dev/zero >"$data/z1"; cp "$data/z1" "$data/z2"; printf x | dd of="$data/z2" bs=1 seek=69999 conv=notrunc 2>/dev/null
ln -s large "$data/symlink"
of_manual() { printf '%s' "$1" | sed "s#/data#$data#g"; }

# --- 1: a manifest -------------------------------------------------------------------------------------
find "$data" -xdev -type f ! -name '*.tmp' -print0 | LC_ALL=C sort -z >names
one=$(of_manual 'files "/data" xdev exclude="*.tmp" | hash xxh128 @par=cores @order=in | write "data.xxh128" format=gnu atomic')
want 0 run "$one"
if has xxhsum; then xargs -0 xxhsum -H2 <names >reference 2>/dev/null; same reference data.xxh128 "the manifest"; fi
want 0 "$weir" hash --io="$io" -a xxh128 -o by_hash --exclude '*.tmp' "$data"; same by_hash data.xxh128 "weir hash's"
want 0 run "$ready/manifest.weir" --set dir="$data" --set manifest=again; same data.xxh128 again "the ready one"
want 0 run "files \"$data\" | hash sha256 | write sums"; want 0 sha256sum --quiet -c sums
want 0 run "files \"$data\" | hash sha256 md5 @par=4 @order=any | write sums"; want 0 sha256sum --quiet -c sums
for format in bsd json csv; do
    want 0 run "files \"$data\" | hash sha256 xxh3 | write $format.out format=$format"
    want 0 "$weir" hash --io="$io" -a sha256,xxh3 --format $format -o reference "$data"; same reference $format.out "format=$format"
done
want 1 run "files \"$data\" | write nodigest"; [ ! -e nodigest ] || fail "a manifest without digests"
want 1 run "files \"$data\" nothere | hash md5 | write sums"; want 0 md5sum --quiet -c sums

# --- 2: its check ---------------------------------------------------------------------------------------
two='manifest "data.xxh128" | check @par=cores | where .state != "ok" | print "{.state} {.path}" | fail-if any'
want 0 run "$two"; [ ! -s out ] || fail "said of good files: $(cat out)"
want 0 run "$ready/check.weir"
echo more >>"$data/sub/5.txt"; rm "$data/sub/6.txt"; rm "$data/sub/7.txt"; mkdir "$data/sub/7.txt"
want 1 run "$two"; gives "changed $data/sub/5.txt
missing $data/sub/6.txt
unreadable $data/sub/7.txt"
want 1 run 'manifest "nothere" | check | null'
: >none; want 1 run 'manifest "none" | check | null'
says "none: no properly formatted checksum lines found"
# A list that is a file is the hashing job's; with a @timeout, or from a pipe, it is the stages' own.
head -c 9000000 /dev/urandom >"$data/larger"; truncate -s 300000 "$data/holes"; ln -s nowhere "$data/dangling"
{ cat data.xxh128; echo "no line of a manifest"; (cd "$data" && sha256sum larger holes sub/1.txt | sed "s#  #&$data/#"; md5sum sub/2.txt)
  for name in dangling sub/1.txt/x sub/5.txt ../data symlink; do printf '%032d  %s\n' 0 "$data/$name"; done
  sha256sum --tag "$data/large" "$data/.hidden/h"; } >mixed
for what in "" "@par=3" "@par=cores @order=in"; do
    want 1 run "manifest \"mixed\" | check @timeout=1h | print"; mv out reference; mv err reference.err
    want 1 run "manifest \"mixed\" | check $what | print"; same reference out "$what of the hashing job"
    same reference.err err "its words"
done
want 1 run 'manifest "-" | check | print' <mixed; same reference out "a list from a pipe"
want 0 run 'manifest "data.xxh128" | check | head 1 | print'; [ "$(wc -l <out)" = 1 ] || fail "not one: $(cat out)"
tr '\n' '\0' <data.xxh128 >nul; want 0 run 'manifest "nul" null | check | where .state != "ok" | print "{.state}"'
[ "$(sort out | uniq -c | tr -s ' ' | tr '\n' ,)" = " 1 changed, 1 missing, 1 unreadable," ] || fail "lines that end in NUL: $(cat out)"
rm "$data/larger" "$data/holes" "$data/dangling"
want 1 run "files \"$data/large\" | check | fail-if .state == \"new\""

# --- 3: duplicates ------------------------------------------------------------------------------------------
three=$(of_manual 'files "/data" min=1 | group .size > 1 | hash xxh128 head=64KiB as .h | group .size,.h > 1 | hash xxh128 as .f | group .size,.f > 1 | dups action=report')
want 0 run "$three"; cp out duplicates
want 0 run "$ready/duplicates.weir" --set dir="$data"; same duplicates out "the ready one"
grep -q "copies/large2" duplicates || fail "a copy was not found"
grep -q "/z1" duplicates && fail "files that differ in their last byte are called the same"
if has jdupes; then
    # Which name of a file that has two is told is a matter of taste: without it.
    rm "$data/linked"; want 0 run "$three"; cp out duplicates
    jdupes -r -q "$data" >reference 2>/dev/null
    for file in duplicates reference; do
        awk 'BEGIN { RS = ""; FS = "\n" } { for (i = 1; i <= NF; i++) print NR ":" $i | "sort -t: -k2" }' $file |
            awk -F: '{ if (!($1 in n)) n[$1] = ++c; print n[$1] ":" $2 }' >$file.sorted
    done
    same reference.sorted duplicates.sorted "the duplicates"
fi
by_content="files \"$data\" min=1 | group .size > 1 | hash xxh128 as .f | group .size,.f > 1"
want 1 run "$by_content | dups action=delete"; [ -e "$data/copies/large2" ] || fail "deleted without a yes"
want 1 run "files \"$data\" | dups"
touch -d @1000000000 "$data/copies/large"
want 0 run "$by_content | dups action=hardlink keep=oldest yes"
[ "$(stat -c %i "$data/large")" = "$(stat -c %i "$data/copies/large")" ] || fail "not linked"
[ "$(stat -c %Y "$data/large")" = 1000000000 ] || fail "the oldest was not kept"
[ -z "$(find "$data" -name '*.weir-*')" ] || fail "a passing name is left"
want 0 run "$by_content | dups action=delete keep=first yes"; want 0 run "$by_content | dups"; [ ! -s out ] || fail "still there: $(cat out)"

# --- 4: gzip becomes zstd ------------------------------------------------------------------------------------
if "$weir" stages zstd >/dev/null 2>&1 && has gzip && has zstd; then
    fill() {
        rm -rf logs; mkdir -p logs/sub
        for i in 1 2 3 4 5 6 7 8; do seq $i 20000 >logs/sub/app.log.$i; done
        : >logs/empty.log; head -c 2000000 /dev/urandom >logs/large.log
        touch -d @1000000000 logs/large.log; chmod 640 logs/large.log
        (cd logs && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2) >plain
        gzip -r logs; gzip -c logs/large.log.gz >/dev/null
    }
    unpacked() { (cd logs && zstd -q -d --rm -r . && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k2) >unpacked; same plain unpacked "$1"; }
    fill
    four=$(printf '%s' 'files "/var/log" match="**/*.gz" | each { read | gunzip | zstd level=9 seekable=1MiB | write "{.dir}/{.stem}.zst" atomic keep=mtime,mode verify } @par=cores | remove source' | sed "s#/var/log#$dir/logs#")
    want 0 run "$four"
    [ -z "$(find logs -name '*.gz')" ] || fail "the sources are still there"
    [ "$(stat -c '%a %Y' logs/large.log.zst)" = "640 1000000000" ] || fail "mode and time were not kept"
    unpacked "the contents"
    fill; printf 'no gzip' >logs/bad.gz; head -c 1000 logs/large.log.gz >logs/cut.gz
    want 1 run "$ready/recompress.weir" --set dir=logs
    [ "$(find logs -name '*.gz' | LC_ALL=C sort | tr '\n' ' ')" = "logs/bad.gz logs/cut.gz " ] || fail "what couldn't be read was removed"
    [ ! -e logs/cut.zst ] && [ ! -e logs/bad.zst ] || fail "half a file has a name"
    rm logs/*.gz; unpacked "the contents of the good ones"
fi

# --- 5: the errors of an access log --------------------------------------------------------------------
i=0; while [ $i -lt 2000 ]; do
    printf '{"ts":"t%s","status":%s,"path":"/p\303\251/%s","request_time":0.%s1,"more":[1,{"a":"b\\n"}]}\n' $i $((200 + i % 7 * 60)) $i $((i + 100))
    i=$((i + 1))
done >access.json
five='read "access.json.gz" | decompress | lines | json | where .status >= 500 | keep .ts,.path,.status,.request_time | to json | zstd | write "errors.json.zst" atomic'
if has gzip && has zstd && has jq && "$weir" stages zstd >/dev/null 2>&1; then
    gzip -k access.json
    jq -c 'select(.status >= 500) | {ts,path,status,request_time}' access.json >by_jq
    want 0 run "$five"; zstd -dcq errors.json.zst >errors.json; same by_jq errors.json "what jq gives"
    want 0 run "$ready/errors.weir" --set to=again.zst; zstd -dcq again.zst >errors.json; same by_jq errors.json "the ready one"
fi
want 0 run 'read "access.json" | lines | json | to json | write unchanged'; same access.json unchanged "what nobody changed"
printf '{"a":1}\n\n{"a":1e2, "b":[1, "x y"],"a":2.50}\n{"a":1\n[1]\n{"b":null}\n' >odd.json
want 1 run 'read "odd.json" | lines | json | to json | write odd.out atomic'
grep -q 'json: record 4, byte 7: a comma or } was expected' err || fail "where the line is bad was not told"
[ ! -e odd.out ] || fail "half an answer has a name"
want 0 run 'read "odd.json" | lines | json @onerror=drop | keep .b,.a | to json | write odd.out'
cp odd.out out; gives '{"a":1}
{"b":[1,"x y"],"a":2.50}
{"b":null}'
want 2 run 'read "odd.json" | lines | json | keep .a @onerror=drop | to json | write odd.out'

# --- 6: how fast --------------------------------------------------------------------------------------------
six=$(of_manual 'files "/data" | each { read block=1MiB | hash xxh3 | zstd level=3 | null } @par=cores')
bytes=$(find "$data" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
for text in "$six" "$ready/bench.weir"; do
    want 0 "$weir" bench --io="$io" "$text" --set dir="$data" --runs 5 --json
    grep -q "\"name\": \"hash\", .*\"in_bytes\": $bytes," out || fail "not all was hashed: $(cat out)"
    grep -q '"runs": 5,' out || fail "not five runs"
    checks=$((checks + 2))
done
echo "$checks checks"
