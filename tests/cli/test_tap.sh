#!/bin/sh
# test_tap.sh - samples of what passes behind a stage of a running pipeline, and tests made of them.
. "$(dirname "$0")/pipeline_rig.sh"
cat >app.weir <<'END'
let out = "out.json"
stdin | lines | json @onerror=dead(bad) | where .n >= 5
| set .double = .n * 2, .mark = "a\"${out}" | to json | write "${out}"
dead bad -> null
END
mkfifo in
"$weir" run --io="$io" app.weir <in 2>err.run &
pid=$!
exec 9>in
tries=0
until "$weir" top --json -n 1 -d 50 $pid >out 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "it doesn't run: $(cat err.run)"
done
# A tap sees what comes after its first question: so lines are fed until it has what it wants.
tap() {
    "$weir" tap -n "$wanted" "$@" >out 2>err &
    tapping=$!
    i=0
    while kill -0 $tapping 2>/dev/null; do
        i=$((i + 1))
        printf '{"n":%d,"s":"q\\"$x{y}\\\\é"}\nno json\n' $((i % 10)) >&9
    done
    wait $tapping
    got=$?
}
wanted=6
tap $pid where
[ $got = 0 ] || fail "weir tap: $(cat err)"
[ "$(wc -l <out)" = 6 ] || fail "not 6 lines: $(cat out)"
[ "$(grep -c '^{"n":[5-9],"s":"q' out)" = 6 ] || fail "not what where gives: $(cat out)"
tap $pid lines
grep -q '^{"line":"no json"}$' out || fail "not what lines gives: $(cat out)"
tap $pid stdin
grep -q '^{"bytes":[0-9]*,"head":"' out || fail "not what stdin gives: $(cat out)"
tap $pid 6
grep -q '^{"bytes":[0-9]*,"head":"{' out || fail "not what write gets: $(cat out)"
checks=$((checks + 5))

# as a test: it passes, and fails for another pipeline
cp app.weir before.weir
wanted=40
tap $pid lines --save app.weir
[ $got = 0 ] || fail "--save: $(cat err)"
says 'added a test to app.weir'
want 0 "$weir" test app.weir
grep -q '^1\.\.1$' out || fail "not one test: $(cat out)"
grep -q 'in "no json"' app.weir || fail "the input isn't there: $(cat app.weir)"
grep -q '^  out\[0\] .n == [5-9] && .s == "q\\"\\$x\\{y}\\\\é" && .double == 1[0-8] && .mark == ' app.weir ||
    fail "what came out isn't there: $(cat app.weir)"
sed 's/>= 5/>= 50/' app.weir >other.weir
want 1 "$weir" test other.weir
want 0 "$weir" check app.weir
head -n "$(wc -l <before.weir)" app.weir | cmp - before.weir || fail "the pipeline itself was changed"

# what can't be
want 1 "$weir" tap $pid nosuch
says 'weir tap: nosuch: there is no such stage; there are: stdin lines json where set to write'
want 1 "$weir" tap $pid stdin --save app.weir
says 'stdin: it gives no records'
want 2 "$weir" tap
says 'name a stage'
want 2 "$weir" tap 12x lines
says "'12x' is no PID"
exec 9>&-
wait $pid || fail "the run: $(cat err.run)"
want 1 "$weir" tap $pid lines
says "process $pid is no weir that runs a pipeline"
# nothing was taken out of the stream
[ "$(grep -c . out.json)" -gt 10 ] || fail "the output: $(cat out.json)"
[ "$(grep -vc '^{"n":[5-9],"s":.*"double":1[0-8],"mark":' out.json)" = 0 ] || fail "the output: $(cat out.json)"
checks=$((checks + 2))
echo "$checks checks"
