#!/bin/sh
# test_reload.sh - SIGHUP swaps the pipeline of a weir run without losing a record, or says why it doesn't.
. "${0%/*}/pipeline_rig.sh"
for tool in seq grep; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped: no $tool here"; exit 77; }
done

seq 1 1000 >log
echo 'tail "log" start=checkpoint | to raw | write "all"' >p.weir
"$weir" run --io="$io" --state st --checkpoint 20 p.weir 2>err.run &
pid=$!
until_true "the first lines" lines all 1000
echo 'tail "log" start=checkpoint | nonsense | write "all"' >p.weir
want 0 "$weir" reload $pid
until_true "faults are told" told "unknown stage 'nonsense'"
until_true "and what follows from them" told "the pipeline goes on as it was"
seq 1001 2000 >>log
until_true "the old one goes on" lines all 2000
echo 'tail "log" start=checkpoint | where .line !~ /7$/ | tee { to raw | write "more" } | to raw | write "all"' >p.weir
want 0 "$weir" reload $pid
until_true "the new one is told of" told "going on with the pipeline as it is now"
until_true "what begins anew is told" told "tee{1}/write: isn't in the journal: it begins anew"
seq 2001 3000 >>log
until_true "the new one writes" lines more 900
until_true "where the old one did" lines all 2900
kill -TERM $pid
wait $pid || fail "it doesn't end well: $(cat err.run)"
{ seq 1 2000; seq 2001 3000 | grep -v '7$'; } >wanted
same wanted all "across two reloads"
seq 2001 3000 | grep -v '7$' >wanted
same wanted more "the branch that came with the second"
want 1 "$weir" reload $$
echo "$checks checks"
