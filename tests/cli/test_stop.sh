#!/bin/sh
# test_stop.sh - weir run ended by a signal: sources give no more, what is under way is done, sinks commit or say why not.
# A pipeline prints into a FIFO: once its first line is there, it is known to run.
. "$(dirname "$0")/io_rig.sh"
says() { checks=$((checks + 1)); grep -qF -- "$1" err || fail "not said: $1"; }
absent() { checks=$((checks + 1)); [ ! -e "$1" ] || fail "$1 is there"; }

# A shell lets what runs in the background ignore SIGINT: python undoes that. So `$!` is the pipeline's.
start='import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])'
# Sends it, and waits until it has been taken.
signal() {
    kill -"$1" "$2" || fail "it has ended before SIG$1 came"
    while kill -0 "$2" 2>/dev/null && ! grep -q 'ShdPnd:.*0000000000000000' "/proc/$2/status" 2>/dev/null; do :; done
}
ended() {
    wait "$1"
    got=$?
    checks=$((checks + 1))
    [ $got = "$2" ] || fail "exit $got, not $2"
}
mkfifo in lines
# stop SIGNAL CODE PIPELINE: it prints into the FIFO `lines`, and is stopped when the first one is there.
stop() {
    python3 -c "$start" "$weir" run --io="$io" "$3" <in >lines 2>err &
    pid=$!
    exec 3>in 4<lines
    echo "a line" >&3
    read -r _ <&4
    signal "$1" $pid
    cat <&4 >rest
    exec 3>&- 4<&-
    ended $pid "$2"
}

# --- a source that has no end of its own has it now -----------------------------------------------------
for signal in INT TERM; do
    stop $signal 0 'stdin | lines | print | to raw | write "out" atomic'
    echo "a line" >wanted
    same wanted out
    says "weir: ended by SIG$signal: what had come in by then is done"
    rm out
done
stop TERM 0 'generate kind=text | lines | print | to raw | write "out"'
"$weir" run "generate kind=text size=$(wc -c <out) | write all" 2>err || fail "generate"
same all out # it ended behind a line
rm out all

# --- one that had more to give was cut short: no new file is less than the whole ---------------------------
echo precious >kept
stop INT 130 'generate kind=text size=1GiB rate=1MiB/s | lines | print | to raw | write "kept" atomic'
says "weir: write: kept: not written, since its input was cut short"
says "weir: interrupted by SIGINT: there was more to come; what has its name is whole"
[ "$(cat kept)" = precious ] || fail "what was there before suffered"
stop TERM 143 'generate kind=text size=1GiB rate=1MiB/s | lines | print | to raw | write "log" append'
[ -s log ] || fail "what was appended is gone"

# A codec's input that ends in the middle is no fault of the file's.
if "$weir" stages gunzip >/dev/null 2>&1; then
    "$weir" run 'generate kind=random size=400kB | gzip level=1 | write "random.gz"' 2>err || fail "gzip"
    stop TERM 143 'read "random.gz" block=512 @rate=100kB/s | gunzip | lines | print | to raw | write "new"'
    absent new
    if grep -q 'gunzip' err; then fail "gunzip was blamed"; fi
fi

# --- files in blocks: those at work are done, no more are begun ------------------------------------------------
mkdir tree out
"$weir" run 'generate kind=text size=300kB | lines | to raw | write "text"' || fail "generate"
i=0; while [ $i -lt 100 ]; do ln text tree/$i; i=$((i + 1)); done
for par in 1 3; do
    stop TERM 143 "files tree | each { read | lines | print | to raw | write \"out/{.name}\" atomic } @par=$par"
    says "weir: interrupted by SIGTERM"
    count=0
    for file in out/*; do cmp "$file" text || fail "$file is not whole"; count=$((count + 1)); done
    checks=$((checks + 1))
    [ $count -ge 1 ] && [ $count -lt 100 ] || fail "$count of 100 files were done"
    echo "@par=$par: $count of 100 files were done"
    rm out/*
done
mkdir large
truncate -s 1T large/endless 2>/dev/null || truncate -s 15G large/endless || fail "no sparse files here"
python3 -c "$start" "$weir" run --io="$io" 'files "large" | hash sha256 | write "sums" format=gnu' 2>err &
pid=$!
until ls -l /proc/$pid/fd 2>/dev/null | grep -q "endless"; do kill -0 $pid || fail "it has ended"; done
signal INT $pid
ended $pid 130
absent sums

# --- the second signal ends it at once, whatever is under way -----------------------------------------------
python3 -c "$start" "$weir" run --io="$io" 'generate | write "lines" append' 2>err &
pid=$!
exec 4<lines
head -c 1 <&4 >/dev/null # and no more: it can't drain
signal INT $pid
signal INT $pid
ended $pid 130
exec 4<&-
[ -z "$(find . -name '*weir-*')" ] || fail "a passing name is left"
echo "$checks checks passed"
