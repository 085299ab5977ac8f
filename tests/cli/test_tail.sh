#!/bin/sh
# test_tail.sh - files that grow, as pipelines see them. What is printed comes through a FIFO, so each step is known to be
# done before the next one.
. "$(dirname "$0")/pipeline_rig.sh"

mkfifo lines
# start PIPELINE [OPTION...]: it runs, and prints into the FIFO that is descriptor 4.
start() {
    "$weir" run --io="$io" "$@" >lines 2>err &
    pid=$!
    exec 4<lines
}
# next LINE: the next one is this.
next() {
    read -r got <&4 || { cat err >&2; fail "nothing came where '$1' should"; }
    checks=$((checks + 1))
    [ "$got" = "$1" ] || fail "'$got' came, not '$1'"
}
# stop CODE: by SIGTERM; what comes until the end is in `rest`.
stop() {
    kill -TERM "$pid"
    cat <&4 >rest
    exec 4<&-
    wait "$pid"
    got=$?
    checks=$((checks + 1))
    [ "$got" = "$1" ] || { cat err >&2; fail "exit $got, not $1"; }
}

# --- as they come, through both ways of rotation ---------------------------------------------------------
printf 'one\n' >x.log
start 'tail "x.log" | print "{.line}"'
next one
printf 'two\nhal' >>x.log
next two
printf 'f\n' >>x.log
next half
mv x.log x.log.1
printf 'late\n' >>x.log.1
next late
printf 'three\n' >x.log
next three
cp x.log x.log.2
: >x.log
printf 'four\n' >>x.log
next four
rm x.log
printf 'five\n' >x.log
next five
# What was appended before the signal comes, half a line doesn't.
printf 'six\nseven\nnot whole' >>x.log
stop 0
printf 'six\nseven\n' >wanted
same wanted rest "what was there at the signal"
says "ended by SIGTERM"
rm x.log x.log.1 x.log.2

# --- many, with the file and the place as fields ------------------------------------------------------------
mkdir logs
start 'tail "logs/*.log" file=.file offset=.at | print "{.file} {.at} {.line}"'
printf 'one\r\ntwo\n' >logs/a.log
next "logs/a.log 0 one"
next "logs/a.log 5 two"
printf 'three\n' >logs/b.log
next "logs/b.log 0 three"
mkdir later
stop 0
start 'tail "later/x/*.log" | print "{.line}"'
mkdir later/x
printf 'one\n' >later/x/y.log
next one
stop 0

# Without a field the line is all there is, and goes through as it is.
printf '{"b": 1,  "a":2}\n' >j.log
start 'tail "j.log" | json | where .a == 2 | to raw | lines | print "{.line}"'
next '{"b": 1,  "a":2}'
stop 0

# --- what is no line ---------------------------------------------------------------------------------------------
{ head -c 300000 /dev/zero | tr '\0' x; echo; echo short; head -c 2000000 /dev/zero | tr '\0' y; echo; printf 'a\0b\n'; } >long.log
start 'tail "long.log" @onerror=dead(bad) | to raw | write "ok" append dead bad -> set .n = len(.line), .e = .error | print "{.n} {.e}"'
next "1048576 longer than max=1048576"
stop 0
{ head -c 300000 /dev/zero | tr '\0' x; echo; echo short; printf 'a\0b\n'; } >wanted
same wanted ok "lines that aren't too long"
want 1 timeout 20 "$weir" run --io="$io" 'tail "long.log" max=1KiB | null'
says "long.log: the line at byte 0 is longer than max=1024: a larger max= takes it, @onerror=drop leaves it out"

# --- who waits for no end -------------------------------------------------------------------------------------------
printf 'a\nb\na\n' >w.log
start 'tail "w.log" | count by .line every 100ms | keep .line,.count | print "{.line} {.count}"'
next "a 2"
next "b 1"
printf 'c\n' >>w.log
next "c 1"
stop 0
printf 'ERROR one\n  at x\n' >m.log
start 'tail "m.log" | multiline start=/^[A-Z]/ join=" +" timeout=50ms | print "{.line}"'
next "ERROR one +  at x"
printf 'ERROR two\n' >>m.log
next "ERROR two"
stop 0
printf 'prompt> ' >p.log
start 'tail "p.log" flush=50ms | print "{.line}!"'
next "prompt> !"
stop 0
# Nobody wants more: it ends.
want 0 timeout 20 "$weir" run --io="$io" 'tail "w.log" | head 2 | print "{.line}"'
printf 'a\nb\n' >wanted
same wanted out "head of what has no end"
# Nor does it wait for a line to see that it wants none.
: >silent.log
want 0 timeout 20 "$weir" run --io="$io" 'tail "silent.log" | head 0 | print "{.line}"'
same /dev/null out "head of nothing"

# Whoever reads is slower than what is read: a pipe of 64 KiB is full most of the time, and nothing is lost.
seq 1 200000 >n.log
start 'tail "n.log" | print "{.line}"'
dd bs=512 count=1 <&4 of=first 2>/dev/null
sed '/^200000$/q' <&4 >more
stop 0
cat first more >printed
same n.log printed "what was printed into a full pipe"

# --- restarts ----------------------------------------------------------------------------------------------------------
command -v gzip >/dev/null 2>&1 || { echo "skipped: no gzip here"; exit 77; }
again='tail "s.log" | print "{.line}"'
printf 'one\nhal' >s.log
start "$again" --state st
next one
stop 0
same /dev/null rest "half a line"
printf 'f\ntwo\n' >>s.log
mv s.log s.log.2 && gzip s.log.2
printf 'three\n' >s.log.1 && touch -d '1 second' s.log.1
printf 'four\n' >s.log
start "$again" --state st
for line in half two three four; do next $line; done
printf 'five\n' >>s.log
next five
stop 0
# What the copy has of a file that was truncated meanwhile; then the file is another one, with the same inode perhaps.
printf 'six\n' >>s.log
cp s.log s.log.3 && touch -d '2 seconds' s.log.3
printf 'seven\n' >s.log
start "$again" --state st
next six
next seven
stop 0
rm s.log && printf 'eight\n' >s.log
start "$again" --state st
next eight
stop 0

# Killed at any moment, through both ways of rotation: each line is in the file once. KILLS is how often.
rotate() {
    i=$((generations = generations + 1))
    while [ $i -gt 1 ]; do [ ! -e k.log.$((i - 1)) ] || mv k.log.$((i - 1)) k.log.$i; i=$((i - 1)); done
    if [ $((generations % 2)) = 0 ]; then mv k.log k.log.1; else cp k.log k.log.1 && : >k.log; fi
}
follow() { "$weir" run --io="$io" --state stk --checkpoint 10 'tail "k.log" | to raw | write "k"' 2>>err.all & pid=$!; }
# until_read N: the last line of what was written is N.
until_read() { until [ "$(tail -n 1 k 2>/dev/null)" = "$1" ]; do kill -0 $pid || fail "it has ended: $(cat err.all)"; done; }
end() { kill -TERM $pid; wait $pid || fail "it doesn't end well: $(cat err.all)"; checks=$((checks + 1)); }
line=0
write_lines() { seq $((line + 1)) $((line + 20000)) >>k.log; line=$((line + 20000)); }
write_lines
follow
until_read 20000
end
round=0 generations=0
while [ $round -lt "${KILLS:-5}" ]; do
    follow
    write_lines
    rotate
    write_lines
    kill -9 $pid
    wait $pid 2>/dev/null
    rotate
    write_lines
    round=$((round + 1))
done
follow
until_read $line
end
seq 1 $line >wanted
same wanted k "after $round kills"

# --- the user's mistakes -----------------------------------------------------------------------------------------------
want 2 run 'tail | print'
want 2 run 'tail "x" start=middle | print'
says "middle"

echo "$checks checks"
