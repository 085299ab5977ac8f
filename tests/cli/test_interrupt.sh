#!/bin/sh
# test_interrupt.sh - weir hash stopped from outside: by signals, by a reader that goes away, by a disk that is full.
# What it is busy with never ends by itself (a hole of a terabyte, a FIFO that nobody writes to): no race with its end.
. "$(dirname "$0")/io_rig.sh"
mounted=
trap 'cd /; [ -z "$mounted" ] || umount "$dir/full"; rm -rf "$dir"' EXIT
now() { date +%s%N; }

mkdir files out
i=0
while [ $i -lt 300 ]; do echo $i >files/$i; i=$((i + 1)); done
mkfifo fifo
truncate -s 1T endless 2>/dev/null || truncate -s 15G endless || fail "no sparse files here"

# It has begun once it has a file open that is not one of the three it was born with, and is not the loader's.
await_begun() {
    while kill -0 "$1" 2>/dev/null; do
        for fd in /proc/"$1"/fd/*; do
            case $(readlink "$fd" 2>/dev/null) in "$dir"/out* | *'(deleted)'*) return ;; esac
        done
    done
    fail "it ended before it was stopped: $2"
}

# stop SIGNAL CODE WHAT ARGUMENT...
stop() {
    signal=$1 code=$2 what=$3
    shift 3
    # A shell lets what runs in the background ignore SIGINT: python undoes that.
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$weir" hash --io="$io" -o out/manifest "$@" >stdout 2>stderr &
    pid=$!
    await_begun $pid "$what"
    began=$(now)
    kill -"$signal" $pid
    wait $pid
    got=$?
    checks=$((checks + 1))
    echo "$what, $signal: $((($(now) - began) / 1000)) us until it was gone"
    [ $got = "$code" ] || { cat stderr; fail "$what: exit $got after $signal, not $code"; }
    [ -z "$(ls -A out)" ] || fail "$what: something stayed behind: $(ls -A out)"
    [ ! -s stdout ] || fail "$what: it wrote to standard output"
}

for signal in INT TERM; do
    code=130
    [ $signal = INT ] || code=143
    stop $signal $code "one large file" -a sha256 endless
    stop $signal $code "a FIFO without a writer" fifo
    stop $signal $code "many files and one without end" -a sha512 files files files endless files
    stop $signal $code "several workers" -j4 -a md5 files endless endless endless files
done

# What was there before is still there.
echo precious >out/manifest
python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$weir" hash --io="$io" -o out/manifest files endless >stdout 2>stderr &
pid=$!
await_begun $pid "replacing"
kill -INT $pid
kill -INT $pid 2>/dev/null # impatient: ends at once
wait $pid
[ $? = 130 ] || fail "two signals: no 130"
[ "$(cat out/manifest)" = precious ] && [ "$(ls -A out)" = manifest ] || fail "the old manifest suffered"
rm out/manifest
checks=$((checks + 2))

# A reader that goes away early: quiet, and it doesn't hash the rest for nobody. That it ends at all is the check.
truncate -s 15G last
{ "$weir" hash --io="$io" -a sha512 files files files files files files files files files files endless last last 2>err
    echo $? >code; } | head -n 1 >/dev/null
[ ! -s err ] || { cat err; fail "SIGPIPE wasn't quiet"; }
[ "$(cat code)" = 141 ] || fail "exit $(cat code) without a reader, not that of SIGPIPE"
checks=$((checks + 2))

# A full disk is said, exit code 1, and nothing half-written stays.
if [ -w /dev/full ]; then
    "$weir" hash --io="$io" files >/dev/full 2>err
    [ $? = 1 ] && grep -q 'No space left' err || { cat err; fail "a full disk went unnoticed"; }
    checks=$((checks + 1))
else
    echo "skipped: there is no /dev/full here"
fi
mkdir full
if mount -t tmpfs -o size=16k weir-test full 2>/dev/null; then
    mounted=1
    "$weir" hash --io="$io" -a sha512 -o full/manifest files 2>err
    [ $? = 1 ] && grep -q 'No space left' err || { cat err; fail "a full disk went unnoticed"; }
    [ -z "$(ls -A full)" ] || fail "half a manifest on the full disk: $(ls -A full)"
    checks=$((checks + 2))
else
    echo "skipped: mounting a small tmpfs takes root"
fi
echo "$checks checks passed"
