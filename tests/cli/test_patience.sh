#!/bin/sh
# test_patience.sh - @timeout, @retry and @rate as a user sees them: where they can be, what they do, and in which words.
. "$(dirname "$0")/io_rig.sh"
want() {
    wanted=$1; shift
    "$weir" run --io="$io" "$@" >out 2>err
    got=$?
    checks=$((checks + 1))
    [ "$got" = "$wanted" ] || { cat out err >&2; fail "exit $got, not $wanted: $*"; }
}
says() { checks=$((checks + 1)); grep -qF -- "$1" err || { cat err >&2; fail "not said: $1"; }; }
explains() {
    checks=$((checks + 1))
    "$weir" explain "$1" >out 2>err || { cat err >&2; fail "explain $1"; }
    tr -s ' \n' ' ' <out | grep -qF -- "$2" || { cat out >&2; fail "not explained: $2"; }
}

mkdir tree
head -c 600000 /dev/urandom >tree/large
echo small >tree/a

# --- a file whose block takes too long is left out, whole; the others are done -------------------------------
mkdir done
want 1 'files tree | each { read | write "done/{.name}" @rate=1kB/s } @timeout=300ms'
says "weir: tree/large: took longer than @timeout says"
same tree/a done/a
[ "$(ls -A done)" = a ] || fail "half a file: $(ls -A done)"
want 1 'files tree | each { read | write "done/{.name}" @rate=1kB/s } @timeout=300ms @par=2'
says "weir: tree/large: took longer than @timeout says"
[ ! -e done/large ] || fail "half a file"
want 0 'files tree | each { read | write "{.name}" } @timeout=1h | print "{.name}" @timeout=1h'
same tree/large large
# A tree's hashing job does no such thing: then the stages run by themselves.
want 0 'files tree | hash md5 @timeout=1h @par=2 | write sums @timeout=1h'
md5sum tree/a tree/large >wanted
same wanted sums
want 0 'read "tree/large" @timeout=1h @retry=2 | write copy @timeout=1h @retry=2'
same tree/large copy
mkfifo silent
exec 3<>silent
want 1 'stdin @timeout=50ms | write new' <silent
says "weir: stdin: standard input: the next bytes: took longer than @timeout says"
[ ! -e new ] || fail "half a stream has its name"

# --- another try ---------------------------------------------------------------------------------------------
want 1 'files tree | each { read | write "missing/{.name}" } @retry=1'
says "weir: tree/a: write: missing/a: No such file or directory"

# --- rates -----------------------------------------------------------------------------------------------------
seq 2000 >lines
want 0 'read lines | lines @rate=100MB/s | where .line != "7" @rate=100k/s | to raw | write copy @rate=10MiB/s'
grep -vx 7 lines >without
same without copy
seq 12 >few
want 0 'read few @rate=1MB/s | lines | print "{.line}" @rate=50/s'
same few out

# --- where they can't be they are refused, with a way out -----------------------------------------------------------
want 2 'stdin | lines @timeout=5s | null'
says "-e:1:15: lines can't do @timeout=5s: it waits for nothing but its input: a limit is for what does io, or each { ... } @timeout=5s"
want 2 'stdin | zstd @retry=3 | null'
says "zstd can't do @retry=3: only read, write and each do a thing again: each { ... } @retry=3 begins a file anew"
want 2 'stdin | null @rate=10k/s'
says "null can't do @rate=10k/s: bytes have no rows to count; a rate of bytes is such as 50MiB/s"
want 2 'stdin | null @rate=fast'
says "@rate is a rate such as 10k/s or 50MiB/s"
want 2 'files "." | each { read | null } @timeout=0s'
says "@timeout is a time such as 5s"
want 2 'files "." | each { read | null } @retry=1001'
says "@retry is a number of times, 0 to 1000"

# --- so are others that would be ignored ---
want 2 'stdin | lines @pool=cpu | null'
says "lines can't do @pool=cpu: where its parts run can't be chosen; 'weir explain' says it"
want 0 'read lines | lines | where .line != "7" @pool=cpu | to raw | write copy'
same without copy
want 2 'stdin | zstd seekable=1MiB @pool=inline @par=2 | null'
says "zstd: @par=2 takes several lanes, and @pool=inline has one: leave out one of them"
explains 'stdin | lines | where .line != "" @pool=cpu | null' 'each batch goes to the cpu lane all the same (@pool)'
explains 'stdin @queue=512KiB | null' 'bytes to null: at most 512 KiB (2 chunks'
explains 'files "." @queue=1MiB | each { read | null }' 'files to each: at most 16 batches'
explains 'stdin | lines | where .line != "" @queue=512KiB | null' 'records to where: at most 2 batches'

# --- and in words -----------------------------------------------------------------------------------------------------
explains 'files "." | each { read | null } @timeout=90s @retry=3' 'a file whose block takes longer than 90 s is told and left out (@timeout)'
explains 'files "." | each { read | null } @timeout=90s @retry=3' 'a file whose block failed, and gave nothing on yet, is tried again, up to 3 times, after 100 ms'
explains 'read "a" @timeout=1500ms | null @rate=50MiB/s' 'a read that takes longer than 1500 ms is an error (@timeout)'
explains 'read "a" | null @rate=50MiB/s' 'takes at most 50 MiB a second (@rate)'
explains 'read "a" @rate=1MiB/s | lines | print @rate=10k/s' 'takes at most 10000 rows a second (@rate)'
echo "$checks checks passed"
