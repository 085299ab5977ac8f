#!/bin/sh
# test_state_ops.sh - weir state: what is kept is shown, damage is found and mended, and an older checkpoint taken up;
# states of stages outlive a kill.
. "${0%/*}/pipeline_rig.sh"
for tool in seq jq dd awk; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped: no $tool here"; exit 77; }
done
state() { "$weir" state "$@"; }
has() { checks=$((checks + 1)); grep -qF -e "$1" out || fail "no '$1' in: $(cat out)"; }

# --- looking, rewinding
seq 1 100000 >in
copy='read "in" | lines | to raw | write "copy"'
want 0 run --state st "$copy"
seq 100001 100010 >>in
want 0 run --state st "$copy"
same in copy "all of it"
want 0 state ls st
has "  source    read  in  offset $(wc -c <in)"
has "  output    write  $PWD/copy  size $(wc -c <in)"
want 0 state ls --all --json st
first=$(jq '[.checkpoints[]|select(.ended)][0].record' out)
[ "$(jq -r '[.checkpoints[]|select(.ended)][0].outputs[0].size' out)" = 588895 ] || fail "ls --json: $(cat out)"
want 0 state rewind --to "$first" st
want 0 state fsck st
has "copy: cut from $(wc -c <in) bytes to 588895"
want 0 run --state st "$copy"
same in copy "rewound and run again"
want 0 state rewind --source in=588895 st
has "outputs stay as they are"
want 0 run --state st "$copy"
{ cat in; tail -n 10 in; } >twice
same twice copy "read again from there"
want 1 state rewind --to 9999 st
says "there is no checkpoint of that number"
want 1 state rewind --source nowhere=0 st
says "no source has read that file"

# --- a checkpoint by size, where none is due by time
want 0 run --state sized --checkpoint 3600000 --checkpoint-size 64KiB 'read "in" block=16KiB @rate=1MiB/s | lines | to raw | write "sized.out"'
want 0 state ls --all --json sized
by_size=$(jq '[.checkpoints[]|select(.ended|not)]|length' out)
[ "$by_size" -gt 1 ] || fail "$by_size checkpoints of $(wc -c <in) bytes, 64 KiB each"

# --- damage
cp st/journal whole
size=$(wc -c <whole)
head -c $((size - 3)) whole >st/journal
want 0 state fsck st
has "bytes are no whole record: the next start cuts them off"
cp whole st/journal
printf x | dd of=st/journal bs=1 seek=100 conv=notrunc 2>/dev/null
want 1 state fsck st
has "damaged at byte 16; the next whole record is at byte"
want 1 run --state st "$copy"
says "weir state fsck --repair st takes up the last whole one"
want 0 state fsck --repair --json st
[ "$(jq .repaired out)" = true ] || fail "$(cat out)"
[ -f st/journal.damaged ] || fail "the damaged one is gone"
want 0 state fsck st
want 0 run --state st "$copy"
same twice copy "after the repair nothing is lost"
echo nothing of the kind >st/journal
want 1 run --state st "$copy"
says "is no journal of weir"

# --- words
want 2 state
says "ls, fsck or rewind?"
want 2 state fsk st
says "(did you mean 'fsck'?)"
want 2 state rewind st
says "rewind wants --to RECORD, or --source FILE=BYTE"
want 2 state rewind --source in st
says "--source is FILE=BYTE"
want 2 state ls --repair st
says "--repair is for fsck"
want 1 state ls nowhere
says "nowhere: No such file or directory"

# --- a state without being told where
export XDG_STATE_HOME="$dir/home"
echo 'read "in" | lines | to raw | write "copy2"' >copier.weir
want 0 state ls
[ ! -s out ] || fail "ls of nothing: $(cat out)"
want 0 run --state home/weir/copier copier.weir
want 0 state ls
has "home/weir/copier: "

# --- one process at a time
mkfifo hold
"$weir" run --io="$io" --state busy 'stdin | lines | to raw | write "held"' <hold 2>err.busy &
holder=$!
exec 3>hold
echo first >&3
tries=0
until [ -s held ]; do
    kill -0 $holder 2>/dev/null || fail "it has ended: $(cat err.busy)"
    tries=$((tries + 1))
    [ $tries -lt 1000 ] || { kill -9 $holder; fail "nothing is written"; }
    sleep 0.01
done
want 1 run --state busy 'stdin | lines | to raw | write "held"' </dev/null
says "busy: process $holder has this state"
want 0 state ls busy
has "in use by process $holder"
echo second >&3
until [ "$(wc -l <held)" = 2 ]; do tries=$((tries + 1)); [ $tries -lt 2000 ] || { kill -9 $holder; fail "one line only"; }; sleep 0.01; done
kill -TERM $holder
wait $holder || fail "a stop isn't the end: $(cat err.busy)"
exec 3>&-
[ "$(head -n 1 held)" = first ] || fail "held: $(cat held)"

# --- no room (a limit of the shell's stands for a full disk): the run ends with the cause, and goes on once there is
limited() { (trap '' XFSZ; ulimit -f "$1"; shift; exec "$weir" run --io="$io" "$@"); }
want 1 limited 200 --state full --checkpoint 1 'read "in" | lines | to raw | write "filled"'
says "filled: File too large"
want 0 run --state full 'read "in" | lines | to raw | write "filled"'
same in filled "after there was no room for it"
want 1 limited 200 --state fullj --checkpoint 1 'read "in" @rate=3MiB/s | lines | count by .line every 1h | to raw | write "/dev/null"'
says "checkpoint: fullj: the journal: File too large: what is in the journal stays so"
want 0 state fsck fullj
want 0 run --state fullj 'read "in" | lines | count by .line every 1h | to raw | write "/dev/null"'
sort -R --random-source=whole in in >shuffled
want 1 limited 1000 --state fulls --checkpoint 1 'read "shuffled" | lines | dedupe | to raw | write "once"'
says "dedupe on disk (\$TMPDIR or /tmp, or the state directory): File too large"
want 0 state fsck fulls
want 0 run --state fulls --checkpoint 5 'read "shuffled" @rate=5MiB/s | lines | dedupe | to raw | write "once"'
awk '!seen[$0]++' shuffled >wanted
same wanted once "after there was no room for what was seen"
want 0 state ls --json --all fulls
spilled=$(jq '[.checkpoints[]|select(.spilled|length > 0)][0].record' out)
want 1 state rewind --to "$spilled" fulls
says "what a stage had on disk at that checkpoint is gone"

# --- what a stage has on disk: listed, kept at a stop, gone at the end
seq 1 150000 | awk '{ printf "{\"t\":%d,\"k\":\"key %040d\"}\n", 1700000000 + $1 / 1000, $1 % 30011 }' >keys
spilling='count by .k every 50s time=.t late=9s | keep .window, .k, .count | to json'
# Of 14 MB of groups in windows that stay open at most 4 MiB are in memory: so much the journal may have to take, if a
# slow reader's first checkpoint has windows in it. Only what goes to disk doesn't fit into 8 MiB.
open='count by .k every 5s time=.t late=1h | keep .window, .k, .count | to json'
want 1 limited 16384 --mem 16MiB --state fullw --checkpoint 3600000 "read keys | lines | json | $open | null"
says "windows to disk (the state directory): File too large"
"$weir" run --io="$io" --mem 16MiB --state disk --checkpoint 20 "read keys @rate=5MiB/s | lines | json | dedupe | $spilling | write counted" 2>err.run &
pid=$!
is_listed() { state ls disk >out 2>&1 && grep -q "spilled   count  spill\\." out && grep -q "spilled   dedupe  spill\\." out; }
until_true "nothing is listed as spilled" is_listed
kill -TERM $pid
wait $pid || fail "a stop isn't the end: $(cat err.run)"
want 0 state ls --json --all disk
[ "$(jq '[.checkpoints[].spilled|length]|max' out)" -ge 2 ] || fail "ls --json: $(cat out)"
ls disk/spill.* >/dev/null || fail "no file of the state"
mkdir away && mv disk/spill.* away
want 1 run --mem 16MiB --state disk "read keys | lines | json | dedupe | $spilling | write counted"
says "isn't there, but"
mv away/* disk
touch disk/spill.99999 disk/spilled
want 0 run --mem 16MiB --state disk "read keys | lines | json | dedupe | $spilling | write counted"
want 0 run --mem 16MiB "read keys | lines | json | dedupe | $spilling | write wanted"
same wanted counted "windows on disk, stopped and gone on"
ls disk >out
[ "$(cat out)" = "$(printf 'journal\nlock\nspilled')" ] || fail "left: $(cat out)"

# --- states of stages: killed a few times at random, the same comes out
seq 1 200000 | awk '{ printf "{\"t\":%d,\"k\":\"k%d\",\"v\":%d}\n", 1700000000 + $1 / 1000, $1 % 7, $1 % 1000 }' >events
seq 1 200000 | awk '{ print ($1 % 5 == 1 ? "begin " : " more ") $1 % 777 }' >lines
awk 'BEGIN { print "a,b" } { print $2 "," NR }' lines >table
mem=
killed() {
    rm -rf st
    n=0
    while [ $n -lt 3 ]; do
        "$weir" run --io="$io" $mem --state st --checkpoint 10 "$2" >/dev/null 2>&1 &
        pid=$!
        sleep 0.$((60 + $(od -An -N1 -tu1 /dev/urandom) / 2))
        kill -9 $pid 2>/dev/null || break
        wait $pid 2>/dev/null
        n=$((n + 1))
    done
    wait
    want 0 run $mem --state st "$2"
    want 0 run $mem "$3"
    ! ls st/spill.* 2>/dev/null || fail "$1: left in the state"
    same "$1.plain" "$1.kept" "$1 after $n kills"
}
each() { killed "$1" "read \"$2\" @rate=15MiB/s | lines | $3 | write \"$1.kept\"" "read \"$2\" | lines | $3 | write \"$1.plain\""; }
each windows events 'json | count by .k every 10s time=.t late=1s | to json'
each stats events 'json | stats count, sum(.v), p50(.v), max(.v) by .k every 20s time=.t | to json'
each dedupe lines 'dedupe | to raw'
each top events 'json | top 3 .k,.v every 20s time=.t late=2s | to json'
mem="--mem 16MiB"
each dedupe events 'dedupe | to raw'
seq 1 400000 | awk '{ print $1 % 180011 }' >again
each far again 'dedupe within=190k | to raw'
[ "$(wc -l <far.kept)" = 219989 ] || fail "far: $(wc -l <far.kept) lines"
each windows keys "json | $spilling"
each top keys 'json | top 3 .k every 50s time=.t late=9s | to json'
mem=
each near lines 'dedupe within=500 | to raw'
each neighbours lines 'multiline start=/^begin/ | dedupe consecutive | to json'
each sample lines 'sample 1/7 seed=3 | to raw'
each table table 'csv | where .b =~ /7/ | to csv'
echo "$checks checks"
