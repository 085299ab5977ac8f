#!/bin/sh
# test_trace.sh - weir run --trace: JSON that Perfetto takes, with every stage in it; whole, or not there.
here=$(dirname "$(realpath "$0")")
. "$here/pipeline_rig.sh"
python3 -c 'import json' 2>/dev/null || echo "not parsed: there is no python3 with json"
# traced IDLE STAGE...: the trace has just these rows of stages; of IDLE, and of no other, there is neither poll nor step
traced() {
    checks=$((checks + 1))
    idle=$1; shift
    [ "$(tail -c 2 t.json)" = '}' ] || fail "not whole: $(tail -c 100 t.json)"
    python3 -c 'import json' 2>/dev/null || return 0
    python3 "$here/trace_check.py" t.json "$@" >seen || fail "the trace of $*"
    [ "$(cat seen)" = "$idle" ] || fail "neither poll nor step of '$(cat seen)', not '$idle'"
}
mkdir logs; for i in 1 2 3 4 5; do seq 1000 | gzip >logs/$i.gz; done

want 0 run --trace t.json 'generate kind=json size=4MiB | zstd | unzstd | lines | json | where .status >= 500 | to json | gzip | write "o.gz"'
[ ! -s err ] || fail "words: $(cat err)"
traced '' generate zstd unzstd lines json where to gzip write
grep -q '"cat":"job"' t.json || fail 'no job of the pool'
grep -q 'waits for input' t.json || fail 'no wait'
# several at once, as one, in blocks for many files, and as a job of their own
want 0 run -j 2 --trace t.json 'generate kind=json size=4MiB | zstd @par=2 | unzstd | lines | json @par=2 | stats count by .status | print'
traced '' generate zstd unzstd lines json stats print
want 0 run --trace t.json 'files "logs" | each { read | gunzip | zstd | write "{.dir}/{.stem}.zst" } @par=2 | null'
traced '' files each read gunzip zstd write null
want 0 run --trace t.json 'files "logs" | hash xxh128 | write "sums" format=gnu'
traced '' files hash write
want 0 run --trace t.json 'generate size=1MiB | zstd @name=first | zstd @name=second | null'
traced '' generate first second null

# What went wrong is in it, too; and its exit code is that of the run.
printf 'no gzip' >bad.gz
want 1 run --trace t.json 'read "bad.gz" | gunzip | null'
traced '' read gunzip null

# Not there, if it can't be; not half there, whatever comes.
want 2 run --trace nowhere/t.json 'read "o.gz" | null'
says '--trace nowhere/t.json: No such file or directory'
want 2 run --trace logs 'read "o.gz" | write "copy"'
says '--trace logs: Is a directory'
[ ! -e copy ] || fail 'it ran all the same'
echo before >t.json
mkfifo hold
"$weir" run --io="$io" --trace t.json 'stdin | write "flowing" append' <hold 2>err &
pid=$!
exec 3>hold
echo line >&3
until [ -s flowing ]; do :; done
kill -9 $pid
wait $pid 2>/dev/null
exec 3>&-
checks=$((checks + 1))
[ "$(cat t.json)" = before ] && [ -z "$(find . -name 't.json?*')" ] || fail "left behind: $(ls)"
# Secrets are in no trace: what is in it are names of stages.
want 0 run --trace t.json --set key=hunter2 'generate kind=json size=4KiB | lines | json | set .k = "${key}" | null'
! grep -q hunter2 t.json || fail 'what was set is in the trace'
echo "$checks checks"
