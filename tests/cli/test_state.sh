#!/bin/sh
# test_state.sh - weir run --state: killed at any moment it goes on where it was, and what was written is there once.
# KILLS in the environment is how many there are of each pipeline at least: 6, or more by hand.
. "${0%/*}/pipeline_rig.sh"
kills=${KILLS:-6}
for tool in gzip zstd seq sort; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped: no $tool here"; exit 77; }
done
"$weir" stages zstd >/dev/null 2>&1 || { echo "skipped: no zstd in weir"; exit 77; }

# until_done NAME PIPELINE: with kill -9 at random until there were enough of them, then to its end.
until_done() {
    rm -rf st
    killed=0
    while [ $killed -lt "$kills" ]; do
        "$weir" run --io="$io" --state st --checkpoint 10 "$2" 2>>err.all &
        pid=$!
        random=$(od -An -N1 -tu1 /dev/urandom)
        sleep 0.$((100 + random * 2 / 3))
        kill -9 $pid 2>/dev/null || break
        wait $pid 2>/dev/null
        killed=$((killed + 1))
    done
    wait
    "$weir" run --io="$io" --state st "$2" 2>err || { cat err >&2; fail "$1: it doesn't end well after $killed kills"; }
    checks=$((checks + 1))
}

seq 1 1500000 >in
grep -v '7$' in >wanted
slow='@rate=12MiB/s'

until_done plain "read \"in\" $slow | lines | where .line !~ /7\$/ | to raw | write \"out\""
same wanted out "plain, after $killed kills"
printf 'old\n' >grown
until_done append "read \"in\" $slow | lines | where .line !~ /7\$/ | to raw | write \"grown\" append"
(echo old; cat wanted) | cmp - grown || fail "append: differs after $killed kills"
until_done gzip "read \"in\" $slow | lines | where .line !~ /7\$/ | to raw | gzip level=1 | write \"out.gz\""
gzip -dc out.gz | cmp - wanted || fail "gzip: differs after $killed kills"
until_done rows "read \"in\" $slow | lines | json @onerror=dead(bad) @par=3 | to json | write \"numbers\"
dead bad -> to json | write \"bad\""
[ ! -s numbers ] || head -c 100 numbers >/dev/null
until_done keys "read \"in\" $slow | lines | where .line !~ /7\$/ @par=3 @order=key(.line) | to raw | write \"out\""
sort -n out | cmp - wanted || fail "keys: differs after $killed kills"
until_done rotate "read \"in\" $slow | lines | where .line !~ /7\$/ | to raw | zstd level=1 @par=2 | write \"row.zst\" rotate=500KiB"
cat $(ls row.zst row.*.zst | sort -t. -k2n) | zstd -dc | cmp - wanted || fail "rotate: differs after $killed kills"
ls | grep weir- && fail "a temporary file is left"
until_done fork "read \"in\" $slow | lines | tee { where .line =~ /7\$/ | to raw | write \"sevens\" } | head 100000 | to csv | write \"head\""
grep '7$' in | cmp - sevens || fail "fork: sevens differ after $killed kills"
(echo line; head -n 100000 in) | cmp - head || fail "fork: the head differs after $killed kills"
checks=$((checks + 5))

# What was at its end goes on with what has come since.
seq 1500001 1500003 >>in
want 0 run --state st 'read "in" | lines | tee { where .line =~ /7$/ | to raw | write "sevens" } | head 100000 | to csv | write "head"'
# A state is of one process and one pipeline.
want 2 run --state st 'read "in" | lines | to raw | write "out"'
says 'is the state of another pipeline: --adapt goes on'
says 'tee{1}/write: is in the journal, and not in the pipeline'
want 0 run --state st --adapt 'read "in" | lines | to raw | write "out"'
says 'tee{1}/write: is in the journal, and not in the pipeline: what it had is dropped'
want 2 run --state new 'read "in" | lines | sort .line | to raw | write "out"'
says "sort gives its first record at the end of its input, and a pipeline that goes on has none (sort what it has written, in a run of its own): no --state with it"
for stage in 'count' 'stats count by .line' 'top 3 .line'; do
    want 2 run --state new "read \"in\" | lines | $stage | to json | write \"out\""
    says "${stage%% *} gives what it has found at the end of its input, and a pipeline that goes on has none (a window, as by every 10s, has): no --state with it"
done
want 2 run --state new 'read "in" | lines | last 3 | to raw | write "out"'
says "last gives what it holds at the end of its input, and a pipeline that goes on has none: no --state with it"
want 2 run --state new 'generate size=1MiB | write "out"'
says "generate can't save what it has at a checkpoint: no --state with it"
want 2 run --state new 'read "in" | lines | to raw | write "out" atomic'
says 'atomic gives the file its name at the end'
# An output that was cut by somebody else is told.
want 0 run --state st2 'read "in" | lines | to raw | write "cut"'
: >cut
want 1 run --state st2 'read "in" | lines | to raw | write "cut"'
says 'cut: has 0 bytes, but'
echo "$checks checks"
