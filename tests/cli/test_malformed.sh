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
echo "$checks checks"
