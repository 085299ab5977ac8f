#!/bin/sh
# test_ready_logs.sh - the pipelines for logs that weir ships: their own tests, and beside what stock tools give.
ready=$(cd "$(dirname "$0")/../../pipelines/ready" && pwd) || exit 1
. "$(dirname "$0")/pipeline_rig.sh"
has() { command -v "$1" >/dev/null 2>&1 || { echo "not compared: no $1 here"; return 1; }; }

for name in nginx apache talkers syslog kubernetes java audit; do
    want 0 "$weir" test "$ready/$name.weir"
    grep -q '^ok 1 ' out || fail "$name.weir has no test"
done

# --- an access log, with lines that are none -----------------------------------------------------------------
want 0 run 'generate kind=nginx size=2MB seed=3 | write access.log'
sed -i '100i no line of that format' access.log
grep -v '^no line' access.log >good.log
awk '{ path = $7; sub(/[?].*/, "", path); n[path]++; bytes[path] += $10; errors[path] += $9 >= 500 }
    END { for (path in n) print n[path], bytes[path], errors[path], path }' good.log | LC_ALL=C sort -k1,1nr -k4 >wanted
want 0 run "$ready/apache.weir" --set from=access.log; same wanted out "paths, bytes, errors"
awk '{ n[$1]++ } END { for (who in n) print n[who], who }' good.log | LC_ALL=C sort -k1,1nr -k2 | head -n 10 >wanted
want 0 run "$ready/talkers.weir" --set from=access.log; same wanted out "who asked most"
want 0 run "$ready/nginx.weir" --set from=access.log --set to=errors.json --set bad=bad.json
[ "$(wc -l <errors.json)" = "$(awk '$9 >= 500' good.log | wc -l)" ] || fail "not all server errors"
checks=$((checks + 1)); grep -q '10\.[0-9]*\.[0-9]*\.' errors.json && fail "an address is left"
[ "$(wc -l <bad.json)" = 1 ] || fail "the line that is none went nowhere"
checks=$((checks + 1)); grep -q 'no line of that format' bad.json || fail "the dead letter is another: $(cat bad.json)"

# --- stack traces, containers, audit, syslog ----------------------------------------------------------------------
i=0; while [ $i -lt 300 ]; do
    echo "2026-03-01 12:00:$((i % 60)) ERROR request $i"
    [ $((i % 3)) = 0 ] || printf 'com.example.E%dException: no\n\tat com.example.A.b(A.java:%d)\n' $((i % 7)) $i
    i=$((i + 1))
done >app.log
grep -o '^[a-zA-Z.0-9]*Exception' app.log | sort | uniq -c | awk '{ print $1, $2 }' | LC_ALL=C sort -k1,1nr -k2 >wanted
want 0 run "$ready/java.weir" --set from=app.log; same wanted out "exceptions"

mkdir pods
for pod in a b; do
    printf '{"log":"%s is well\\n","stream":"stdout","time":"t1"}\n{"log":"%s: me@example.org\\n","stream":"stderr","time":"t2"}\n' $pod $pod >pods/$pod.log
done
want 0 run "$ready/kubernetes.weir" --set 'from=pods/*.log'; printf 't2 a: ***\nt2 b: ***\n' >wanted; same wanted out "containers"

i=0; while [ $i -lt 50 ]; do
    echo "type=SYSCALL msg=audit(1.1:$i): syscall=$((i % 3)) success=$([ $((i % 2)) = 0 ] && echo no || echo yes) exit=-13 exe=\"/bin/cat\""
    echo "type=CWD msg=audit(1.1:$i): cwd=\"/\" success=no"
    i=$((i + 1))
done >audit.log
awk '/^type=SYSCALL.* success=no / { split($3, call, "="); n[call[2]]++ } END { for (c in n) print n[c], "/bin/cat", c, -13 }' audit.log |
    LC_ALL=C sort -k1,1nr -k3,3 >wanted
want 0 run "$ready/audit.weir" --set from=audit.log; same wanted out "failed calls"

printf '<34>Oct 11 22:14:15 host su[1]: a\n<34>1 2003-10-11T22:14:15.003Z host su 2 - - b\n<30>Oct 11 22:14:15 host cron: c\n' >syslog
want 0 run "$ready/syslog.weir" --set from=syslog; printf '2 su crit\n1 cron info\n' >wanted; same wanted out "syslog"
echo "$checks checks"
