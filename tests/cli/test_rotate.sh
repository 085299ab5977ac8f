#!/bin/sh
# test_rotate.sh - a write that begins new files: by the time, by the size, by the time in its path; with codecs before it.
. "$(dirname "$0")/pipeline_rig.sh"
refused() { checks=$((checks + 1)); "$weir" check -e "$1" >out 2>err && fail "not refused: $1"; says "$2"; }
# In the order in which they were written.
series() { for file in "$1.$2" $(ls "$1".*."$2" | sort -t . -k 2,2n); do [ -e "$file" ] && echo "$file"; done; }

i=0
while [ $i -lt 3000 ]; do
    echo "{\"n\":$i,\"ts\":\"2026-03-0$((1 + i / 1000))T$((10 + i / 500 % 2)):00:00Z\",\"text\":\"some words that repeat\"}"
    i=$((i + 1))
done >in.json
mkdir sizes times zst gz par app old

# --- by the size: no record is cut, none is lost, and no file is larger ---------------------------------------------
want 0 run 'read "in.json" | lines | json | to json | write "sizes/out.json" rotate=20KiB'
cat $(series sizes/out json) >got; same in.json got "one file behind the other"
for file in sizes/*; do
    checks=$((checks + 1))
    [ "$(wc -c <"$file")" -le 20480 ] || fail "$file is larger than its size"
    tail -c 1 "$file" | cmp -s - "$(printf '\n' >nl; echo nl)" || fail "$file ends within a record"
done
[ "$(ls sizes | wc -l)" -ge 11 ] || fail "too few files: $(ls sizes)"
want 0 run 'read "in.json" | lines | head 100 | to raw | write "old/one.json" rotate=1'
[ "$(ls old | wc -l)" = 100 ] || fail "a record larger than the size is a file of its own"
want 0 run 'read "in.json" | lines | json | keep .n,.text | to csv | write "sizes/t.csv" rotate=4KiB'
for file in $(series sizes/t csv); do
    checks=$((checks + 1)); [ "$(head -n 1 "$file")" = n,text ] || fail "$file has no header"
done
for file in $(series sizes/t csv); do tail -n +2 "$file"; done | cut -d , -f 1 >got
seq 0 2999 >wanted; same wanted got "records of all"

# --- by the time in the records -----------------------------------------------------------------------------------------
want 0 run 'read "in.json" | lines | json | to json | zstd level=6 | write "times/{%Y}/err-{%Y%m%d%H}.json.zst" time=.ts rotate=1h,1GiB atomic'
checks=$((checks + 1))
ls times/2026 | tr '\n' ' ' >got
echo "err-2026030110.json.zst err-2026030111.json.zst err-2026030210.json.zst err-2026030211.json.zst err-2026030310.json.zst err-2026030311.json.zst " |
    tr -d '\n' >wanted
same wanted got "a file an hour"
if command -v zstd >/dev/null; then
    for file in times/2026/*; do zstd -q -t "$file" || fail "$file is no whole stream"; zstd -dcq "$file"; done >got
    same in.json got "what zstd finds in them"
fi
want 0 run 'read "times/2026/*.zst" | unzstd | write got'; same in.json got "what weir finds in them"
want 0 run 'read "in.json" | lines | json | keep .n | to json | write "times/day.json" rotate=1d time=.ts'
[ "$(ls times/day* | wc -l)" = 1 ] || fail "no time is left in the records: one file"
want 0 run 'read "in.json" | lines | json | to json | write "times/d.json" rotate=1d time=.ts'
[ "$(cat $(series times/d json) | cmp - in.json && ls times/d.* | wc -l)" = 3 ] || fail "days: $(ls times)"

# The pipeline of the manual, without its source.
cat >nginx.weir <<'END'
let dir = "times"
read "in.json" | lines
| json @onerror=dead(bad)
| where .n >= 500
| tee {
    to json | zstd level=6 | write "${dir}/nginx-{%Y%m%d%H}.json.zst" rotate=1h,1GiB atomic
  } {
    count by .text every 10s | print
  }
dead bad -> write "${dir}/bad-{%Y%m%d}.log" append
END
want 0 run nginx.weir
want 0 run 'read "times/nginx-*" | unzstd | write got'; tail -n 2500 in.json >wanted; same wanted got "a branch's files"
checks=$((checks + 1)); ls times | grep -q bad && fail "no record is bad, and there is a file"

# --- each is a whole stream, of whatever codecs stand there, in lanes, too -------------------------------------------------
want 0 run 'generate kind=json size=8MB seed=5 | write big.json'
want 0 run 'read "big.json" | lines | to raw | gzip | write "gz/out.gz" rotate=128KiB'
[ "$(ls gz | wc -l)" -ge 3 ] || fail "too few files: $(ls -l gz)"
for file in $(series gz/out gz); do gzip -t "$file" || fail "$file is no whole stream"; gzip -dc "$file"; done >got
same big.json got "what gzip finds in them"
for options in "" "@par=3" "seekable=16KiB" "seekable=16KiB @par=2" "frames @par=2"; do
    rm -rf par/*
    want 0 run "read \"in.json\" | lines | json | to json | zstd $options | write \"par/o-{%d%H}.zst\" time=.ts verify"
    [ "$(ls par | wc -l)" = 6 ] || fail "zstd $options: $(ls par)"
    if command -v zstd >/dev/null; then
        for file in par/*; do zstd -q -t "$file" || fail "$file: zstd $options"; zstd -dcq "$file"; done >got
        same in.json got "zstd $options"
    fi
    want 0 run 'read "par/*" | unzstd @par=2 | write got'; same in.json got "weir, zstd $options"
done
want 0 run 'read "in.json" | lines | to raw | zstd | lz4 | write "par/{%Y}.lz4"'
[ "$(ls par/*.lz4 | wc -l)" -le 2 ] || fail "two codecs: $(ls par)"

# --- nothing is replaced, nothing shows before it is whole ---------------------------------------------------------------
want 0 run 'read "in.json" | lines | head 10 | json | to json | write "old/x-{%d}.log" time=.ts'
want 0 run 'read "in.json" | lines | last 10 | json | to json | write "old/x-{%d}.log" time=.ts'
want 0 run 'read "in.json" | lines | head 5 | json | to json | write "old/x-{%d}.log" time=.ts'
head -n 10 in.json >wanted; same wanted old/x-01.log "the first run's"
head -n 5 in.json >wanted; same wanted old/x-01.1.log "the third run's"
tail -n 10 in.json >wanted; same wanted old/x-03.log "the second run's"
want 0 run 'read "/dev/null" | lines | to raw | zstd | write "old/empty-{%Y}.zst"'
[ "$(ls old/empty* 2>/dev/null)" = "" ] || fail "no record, and a file: $(ls old/empty*)"
want 1 run 'read "in.json" | lines | json | set .x = int!(.text) | to json | write "old/bad-{%Y}.json"'
[ "$(ls -A old | grep -c bad)" = 0 ] || fail "what failed has left something: $(ls -A old | grep bad)"

# --- append: behind what is there, until it has its size -----------------------------------------------------------------
for i in 1 2; do want 0 run 'read "in.json" | lines | head 100 | to raw | write "app/all-{%Y}.log" append'; done
head -n 100 in.json >part; cat part part >wanted; cat app/all-*.log >got; same wanted got "appended twice"
for i in 1 2 3; do want 0 run 'read "in.json" | lines | head 100 | to raw | write "app/some.log" rotate=10KiB append'; done
cat part part part >wanted; cat $(series app/some log) >got; same wanted got "appended, with sizes"
checks=$((checks + 1)); [ "$(ls app/some* | wc -l)" = 2 ] || fail "files with sizes: $(ls -l app)"

# --- by the clock, also when nothing comes ---------------------------------------------------------------------------------
wait_for() { n=0; while ! eval "$1"; do n=$((n + 1)); [ $n -lt 2000 ] || fail "never: $1"; sleep 0.01; done; }
mkfifo pipe
run 'stdin | lines | to raw | gzip | write "clock.gz" rotate=1s atomic' <pipe >out 2>err &
pid=$!
exec 4>pipe
echo first >&4
wait_for '[ "$(ls clock.gz.weir-* 2>/dev/null | wc -l)" = 1 ] || [ -e clock.gz ]'
wait_for '[ -e clock.gz ]'
echo second >&4
wait_for '[ -e clock.1.gz ]'
echo third >&4
exec 4>&-
wait $pid || fail "by the clock: $(cat err)"
gzip -dc clock.gz clock.1.gz clock.2.gz >got
printf 'first\nsecond\nthird\n' >wanted; same wanted got "by the clock"
[ "$(ls -A | grep -c weir-)" = 0 ] || fail "a passing name is left: $(ls -A)"

# kill -9: what has its name is whole; what was open is under a name that nobody takes for one.
run 'stdin | lines | json | to json | gzip | write "kill-{%H}.gz" time=.ts atomic' <pipe >out 2>err &
pid=$!
exec 4>pipe
head -n 2000 in.json >&4
wait_for '[ -e kill-10.gz ] && ls kill-10.1.gz* >/dev/null 2>&1 || ls kill-11.gz.weir-* >/dev/null 2>&1 || [ -e kill-11.gz ]'
kill -9 $pid
wait $pid 2>/dev/null
exec 4>&-
for file in kill-*; do
    case $file in *.weir-????????) ;; *.gz) gzip -t "$file" || fail "$file" ;; *) fail "what is $file?" ;; esac
    checks=$((checks + 1))
done

# --- what can't be ----------------------------------------------------------------------------------------------------------
refused 'read "x" | write "y" rotate=1h' "nothing says where one ends in these bytes"
says "| lines | to raw | write ... rotate=1h"
refused 'read "x" | lines | to raw | tee { write "y" rotate=1h }' "nothing says where one ends"
refused 'read "x" | lines | to raw | write "y" rotate=daily' "rotate is a time, a size, or both, not daily"
refused 'read "x" | lines | to raw | write "y" rotate=0' "rotate is a time, a size, or both, not 0"
refused 'read "x" | lines | to raw | write "y" rotate=1h,2h' "rotate has two times"
refused 'read "x" | lines | to raw | write "y" time=.ts' "time= is for files that begin by the time"
refused 'read "x" | lines | to raw | zstd @par=2 @order=any | write "y" rotate=1h' "may give what is of one file behind"
refused 'files "x" | hash md5 | write "y" rotate=1h' "this writes a manifest of files"
want 0 "$weir" explain 'read "x" | lines | to raw | zstd | write "y" rotate=1h,1GiB'
tr -s ' \n' ' ' <out >words
for text in "ends a file between two records: by the time and once the write has 1 GiB" "makes a whole stream of each file"; do
    checks=$((checks + 1)); grep -qF "$text" words || fail "not explained: $text"
done
echo "$checks checks"
