#!/bin/sh
# test_malformed.sh - lines that are no JSON are counted, or kept with the reason; the good ones around them all come out.
. "$(dirname "$0")/pipeline_rig.sh"

# Every thousandth line is bad, each in another way; a nest and lines of a MiB cost no more than their bytes.
nest() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "["; for (i = 0; i < n; i++) printf "]" }'; }
good() { awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "{\"n\":%d,\"s\":\"x\"}\n", i }'; }
bad() {
    case $1 in
    0) printf '{"n":1,"s":"x"\n' ;;
    1) printf '{"n":1,"s":"\377"}\n' ;;
    2) printf '{"n":\000,"s":"x"}\n' ;;
    3) printf '{"n":1,"s":%s}\n' "$(nest 10000)" ;;
    4) printf '{"n":01,"s":"x"}\n' ;;
    5) printf '{"n":1,"s":"a\tb"}\n' ;;
    6) printf '{"n":1,"s":"'; awk 'BEGIN { for (i = 0; i < 65535; i++) printf "sixteen bytes..." }'; printf '\\x"}\n' ;;
    7) printf '{"n":1,"s":"x"}}\n' ;;
    8) printf '["n",1]\n' ;;
    9) printf '{"n":1,"s":"\\ud8"}\n' ;;
    esac
}
for kind in 0 1 2 3 4 5 6 7 8 9; do
    good 999
    bad "$kind"
done >lines
for kind in 0 1 2 3 4 5 6 7 8 9; do good 999; done >wanted

want 0 run --report 'read lines | lines max=2MiB | json @onerror=drop | to raw | write got'
same wanted got 'the good lines'
says 'json left out 10'
want 0 run 'read lines | lines max=2MiB | json @onerror=dead(no) | to raw | write got  dead no -> to json | write dead'
same wanted got 'the good lines beside dead letters'
[ "$(wc -l <dead)" = 10 ] || fail "$(wc -l <dead) dead letters"
want 0 run 'read lines | lines max=2MiB | json @onerror=drop | where exists(.n) | stats count, max(.n) | to json | write got'
echo '{"count":9990,"max":998}' >wanted
same wanted got 'what is counted of the good lines'

# Every parser: lines of a kind of which it takes some and some not, a thousandth of all. Whatever it says of one, each line
# is in the output or in the dead letters, and the good ones are all in the output, in their order.
many() { awk -v n="$2" -v s="$1" 'BEGIN { for (i = 0; i < n; i++) printf "%s", s }'; }
ugly() {
    printf 'UGLY \000 a=\000b\n'
    printf 'UGLY \377\376 "\300\200"=\355\240\200\n'
    printf 'UGLY '; many x 1048000; echo
    printf 'UGLY '; many '\' 1048000; echo
    printf 'UGLY '; many '=' 1048000; echo
    printf 'UGLY '; many ', ' 524000; echo
    printf 'UGLY '; many 'a=1 ' 262000; echo
    printf 'UGLY '; many '[' 10000; many '{"a":' 10000; echo
    printf 'UGLY '; many '[a b="c" ' 10000; many ']' 10000; echo
    printf '<999>1 UGLY\n'
}
ugly >ugly
# parser STAGES GOOD: `GOOD` is a good line, as awk's printf has it, of a number.
parser() {
    for kind in 1 2 3 4 5 6 7 8 9 10; do
        awk -v n="$kind" -v good="$2" 'BEGIN { for (i = 0; i < 999; i++) printf good "\n", n * 1000 + i }'
        sed -n "${kind}p" ugly
    done >lines
    grep -av -e UGLY lines >wanted
    want 0 run "read lines | lines max=2MiB | $1 | to raw | write got  dead no -> to raw | write dead"
    grep -av -e UGLY got >kept
    same wanted kept "the good lines, by $1"
    cat got dead | sort >all
    sort lines >sorted
    same sorted all "each line, by $1"
}
parser 'json @onerror=dead(no)' '{"n":%d,"s":"x"}'
parser 'logfmt @onerror=dead(no)' 'n=%d s="a b"'
parser 'csv names=a,b @onerror=dead(no)' '%d,"x, y"'
parser 'syslog @onerror=dead(no)' '<34>1 2026-11-26T10:00:00Z host app %d - [a b=\"c\"] text'
parser 'combined @onerror=dead(no)' '10.0.0.1 - - [26/Nov/2026:10:00:00 +0000] "GET /%d HTTP/1.1" 200 5 "-" "x"'
parser 'kv @onerror=dead(no)' 'n=%d s=x'
parser 'regex /^(?<n>\d+) (?<words>(\w+ ?)*)$/ @onerror=dead(no)' '%d some words'
parser 'multiline start=/^[0-9]/ max=4MiB | set .x = int!(1) @onerror=dead(no)' '%d'

# Dead letters are run again, once there is a pipeline that takes them: what both gave is all.
awk 'BEGIN { for (i = 0; i < 2000; i++) print (i % 10 ? "n=" : "number: ") i }' >lines
want 0 run 'read lines | lines | regex /^n=(?<n>\d+)$/ @onerror=dead(no) | keep .n | to csv header=false | write got  dead no -> write letters'
want 0 run 'read letters | lines | json | set .line = .raw | regex /(?<n>\d+)$/ @onerror=fail | keep .n | to csv header=false | write again'
seq 0 1999 >wanted
sort -n got again >all
same wanted all 'letters run again'
awk 'BEGIN { for (i = 0; i < 2000; i++) print (i % 10 ? "n=" : "number: \377") i }' >lines
want 0 run 'read lines | lines | regex /^n=(?<n>\d+)$/ @onerror=dead(no) | to raw | write got  dead no -> to raw | write letters'
want 0 run 'read letters | lines | regex /^number: .(?<n>\d+)$/ | keep .n | to csv header=false | write again'
seq 0 10 1990 >wanted
same wanted again 'letters as they came'
echo "$checks checks"
