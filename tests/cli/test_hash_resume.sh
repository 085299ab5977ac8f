#!/bin/sh
# test_hash_resume.sh - weir hash --resume: an interrupted run goes on where its journal ends.
. "$(dirname "$0")/hash_rig.sh"
known() {
    checks=$((checks + 1))
    got=$(sed -n 's/^known *\([0-9]*\) not read again.*/\1/p' err)
    [ "${got:-0}" = "$1" ] || [ "${got:-0}" = $(($1 - 1)) ] || fail "${got:-0} files were known, not $1: $2"
}

mkdir -p t dest
i=0; while [ $i -lt 200 ]; do echo $i >t/$i; i=$((i + 1)); done
head -c 100000 /dev/zero >t/larger
touch mark; while touch now; [ -z "$(find now -newer mark)" ]; do :; done
hash -a sha256 t >plain
truncate -s 1T t/endless 2>/dev/null || truncate -s 15G t/endless || fail "no sparse files here"
journal=dest/m.weir-journal
bytes=$((256 + 200 * 64)) # a header, and a record for each file but the endless one, and the one in its batch, perhaps

# interrupted SIGNAL CODE: it had all but the endless file in its journal, or one less (see bytes).
interrupted() {
    python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$weir" hash --io="$io" -a sha256 --resume -o dest/m t >out.log 2>&1 &
    pid=$!
    while [ ! -e $journal ] || [ "$(stat -c %s $journal)" -lt $bytes ]; do
        kill -0 $pid 2>/dev/null || fail "it ended before it was stopped: $(cat out.log)"
    done
    kill -"$1" $pid
    wait $pid 2>/dev/null
    got=$?
    [ $got = "$2" ] || fail "exit $got after $1"
    checks=$((checks + 1))
    [ "$(ls dest)" = m.weir-journal ] || fail "not the journal alone: $(ls dest)"
}

for signal in INT KILL; do
    code=130; [ $signal = INT ] || code=137
    interrupted $signal $code
    mv t/endless .
    want 0 hash -a sha256 --resume --report -o dest/m t; same dest/m plain "$signal"; known 201 "$signal"
    [ "$(ls dest)" = m ] || fail "something else stayed: $(ls dest)"
    mv endless t; rm dest/m
done

# What has changed since is read again; a record that is cut off is none, and the next ones stand where they should.
interrupted KILL 137
mv t/endless .; echo changed >t/5; rm t/6
truncate -s -5 $journal
hash -a sha256 t >plain
want 0 hash -a sha256 --resume --report -o dest/m t; same dest/m plain "changed"
got=$(sed -n 's/^known *\([0-9]*\) .*/\1/p' err); [ "$got" -ge 197 ] && [ "$got" -le 199 ] || fail "$got were known"

# A manifest that is there stays until the new one is whole.
mv endless t; interrupted_before=$(cat dest/m); rm -f $journal
python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$weir" hash --io="$io" -a sha256 --resume -o dest/m t >out.log 2>&1 &
pid=$!
while [ ! -s $journal ]; do kill -0 $pid 2>/dev/null || fail "it ended: $(cat out.log)"; done
kill -9 $pid; wait $pid 2>/dev/null
[ "$(cat dest/m)" = "$interrupted_before" ] || fail "the old manifest suffered"
rm t/endless

# With a cache that is the journal. Others' journals, and what can't go together, are said.
want 2 hash --resume -o dest/m t; grep -q 'other algorithms' err || fail "a journal of other algorithms was taken"
rm $journal
want 0 hash -a sha256 --resume --cache c -o dest/m t; same dest/m plain "with a cache"; [ ! -e $journal ] || fail "two of them"
want 2 hash --resume t; want 2 hash --resume -o /dev/null t; want 2 hash --resume -o dest/m -c plain
want 0 hash --resume -o fresh t; [ ! -e fresh.weir-journal ] || fail "a journal stayed"
echo "$checks checks passed"
