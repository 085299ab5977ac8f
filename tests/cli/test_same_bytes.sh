#!/bin/sh
# test_same_bytes.sh - the workloads of logs give the bytes that one thread gives, however many workers there are and
# however often a stage runs at once, and by the other kind of io, too.
. "${0%/*}/pipeline_rig.sh"
for tool in awk gzip; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped: no $tool here"; exit 77; }
done
"$weir" stages zstd >/dev/null 2>&1 || { echo "skipped: no zstd in weir"; exit 77; }

# 60,000 lines of each kind, some of them bad; the same at each run.
awk 'BEGIN {
    for (i = 0; i < 60000; i++) {
        r = (r * 1103515245 + 12345) % 2147483648
        status = r % 11 == 0 ? 500 + r % 4 : 200 + r % 3
        path = "/api/v" (1 + r % 3) "/" (r % 5 == 0 ? "checkout" : r % 7 == 0 ? "healthz" : "users/" r % 900)
        printf "{\"ts\":\"2026-11-26T10:%02d:%02dZ\",\"path\":\"%s\",\"query\":\"m=a%d@ex.org&q=%d\",\"status\":%d,\"request_time\":%d.%03d}%s\n", \
            i / 1000 % 60, i % 60, path, r % 77, r % 13, status, r % 2, r % 997, i % 1000 == 999 ? "}" : "" > "json"
        printf "10.0.%d.%d - - [26/Nov/2026:10:%02d:%02d +0000] \"%s %s HTTP/1.1\" %d %d \"-\" \"agent %d\"%s\n", \
            r % 200, r % 250, i / 1000 % 60, i % 60, r % 3 ? "GET" : "POST", path, status, r % 9999, r % 5, i % 1000 == 999 ? " \"" : "" > "access"
        printf "2026-11-26 10:%02d:%02d,%03d ERROR %d\n%s", i / 1000 % 60, i % 60, i % 1000, r % 50, \
            r % 4 ? "" : "java.lang.E: x\n\tat a.b(C.java:1)\n" > "trace"
        printf "line %d\n", r % 700 > "few"
    }
}'
gzip -c access >access.gz
cat few few | sort >runs

other=$([ "$io" = uring ] && echo epoll || echo uring)
"$weir" hash --io="$other" /dev/null >/dev/null 2>&1 || other=$io

# shape NAME PIPELINE: PAR in it is what @par is.
shape() {
    pars=1
    case $2 in *PAR*) pars='1 2 4' ;; esac
    want 0 "$weir" run --io="$other" -j 1 "$(printf '%s' "$2" | sed 's/PAR/@par=1/g')"
    [ -s got ] || fail "$1 gives nothing"
    mv got wanted
    for workers in 1 2 4; do
        for par in $pars; do
            want 0 run -j "$workers" "$(printf '%s' "$2" | sed "s/PAR/@par=$par/g")"
            same wanted got "$1 with $workers workers and @par=$par, and one by $other"
        done
    done
}
small='block=64KiB'
shape w1 "read \"access\" $small | lines | where contains(.line, \"/checkout\") PAR | to raw | write \"got\""
shape w2 "read \"access\" $small | lines | where .line =~ /\"(GET|POST) \\/api\\/v[0-9]+\\/users\\/[0-9]+[^ ]* HTTP\\/[12]\\.[01]\" 50[0-9]/ PAR | to raw | write \"got\""
shape w3 "read \"json\" $small | lines | json @onerror=drop PAR | where .status >= 500 | keep .ts,.path,.status,.request_time | to json | write \"got\""
shape w4 "read \"json\" $small | lines | json @onerror=drop | where .status >= 500 | set .query = replace(.query, /[a-z0-9]+@[a-z.]+/, \"[R]\"), .env = \"prod\" PAR | to json | write \"got\""
shape w4b "read \"json\" $small | lines | set .line = replace(.line, /[a-z0-9]+@[a-z.]+/, \"[R]\") PAR | to raw | write \"got\""
shape w5 "read \"access\" $small | lines | combined @onerror=drop PAR | to json | write \"got\""
shape w6 "read \"json\" $small | lines | json @onerror=drop | where exists(.status) | stats count, p50(.request_time), p99(.request_time) by .path,.status PAR | sort .path,.status | to tsv header=false | write \"got\""
shape w7 "read \"access.gz\" | gunzip | lines | where !contains(.line, \"/healthz\") PAR | to raw | zstd level=3 PAR | unzstd | write \"got\""
shape w8 "read \"access\" $small | write \"got\""
shape w9 "read \"access\" $small | zstd level=3 PAR | unzstd | write \"got\""
shape w11 "read \"trace\" $small | lines | multiline start=/^[0-9]{4}-[0-9]{2}-[0-9]{2}/ join=\"\\n\" | to raw | write \"got\""
shape w12 "read \"few\" $small | lines | dedupe | to raw | write \"got\""
shape w12u "read \"runs\" $small | lines | dedupe consecutive | to raw | write \"got\""
shape dead "read \"json\" $small | lines | json @onerror=dead(bad) PAR | keep .path | to csv | write \"got\"  dead bad -> to raw | write \"bad\""

echo "$checks checks"
