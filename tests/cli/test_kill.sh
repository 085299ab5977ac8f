#!/bin/sh
# test_kill.sh - kill -9 at a random moment: what has its name is whole, and the next run does the rest.
# KILLS in the environment is how often: 20, or more by hand.
. "$(dirname "$0")/io_rig.sh"
kills=${KILLS:-20}
for tool in gzip zstd awk sha256sum; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped: no $tool here"; exit 77; }
done
"$weir" stages zstd >/dev/null 2>&1 || { echo "skipped: no zstd in weir"; exit 77; }
fail() { echo "FAILED (seed $seed): $*" >&2; ls -la . logs >&2; exit 1; }
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
echo "seed $seed"

mkdir tree packed
i=0; while [ $i -lt 200 ]; do echo "file $i" >tree/$i; i=$((i + 1)); done
head -c 4000000 /dev/urandom >tree/large
for i in 1 2 3 4 5 6; do seq $i 30000 | gzip -1 >packed/$i.log.gz; done
for i in 1 2 3 4 5 6; do echo "$(seq $i 30000 | sha256sum | cut -c1-64)  $i"; done >plain

manifest='files "tree" xdev | hash sha256 @par=cores @order=in | write "sums" format=gnu atomic'
recompress='files "logs" match="**/*.gz" | each { read | gunzip | zstd level=9 seekable=1MiB | write "{.dir}/{.stem}.zst" atomic keep=mtime,mode verify } @par=cores | remove source'
errors='read "access.json.gz" | decompress | lines | json | where .status >= 500 | keep .ts,.path,.status,.request_time | to json | zstd | write "errors.json.zst" atomic'
"$weir" run --io="$io" 'generate kind=json size=12MB | gzip | write "access.json.gz"' || { echo "FAILED: generate" >&2; exit 1; }

# The moments at which it is killed: up to what a whole run of it takes and a little more, in seconds.
whole() {
    begun=$(date +%s%N)
    "$weir" run --io="$io" "$1" || fail "not killed, it doesn't end well: $1"
    spent=$(($(date +%s%N) - begun))
}
cp -r packed logs
whole "$manifest"; manifest_ns=$spent
whole "$recompress"; recompress_ns=$spent
whole "$errors"; errors_ns=$spent
[ -s errors.json.zst ] && mv errors.json.zst errors.wanted || fail "there are no errors to find"
moment() { awk -v seed=$((seed + $1)) -v ns="$2" 'BEGIN { srand(seed); printf "%.4f", rand() * ns * 1.2 / 1e9 }'; }

# Each source is there, or its whole copy under its name, or both.
check_logs() {
    while read -r sum i; do
        [ -e logs/$i.log.gz ] || [ -e logs/$i.log.zst ] || fail "$i.log is lost"
        [ ! -e logs/$i.log.zst ] || [ "$(zstd -qdc logs/$i.log.zst | sha256sum | cut -c1-64)" = "$sum" ] ||
            fail "$i.log.zst is not whole: $1"
    done <plain
}

killed=0
n=0
while [ $n -lt "$kills" ]; do
    n=$((n + 1))
    rm -rf logs sums errors.json.zst
    cp -r packed logs
    case $((n % 3)) in
    0) pipeline=$recompress ns=$recompress_ns ;;
    1) pipeline=$manifest ns=$manifest_ns ;;
    2) pipeline=$errors ns=$errors_ns ;;
    esac
    timeout -s KILL "$(moment $n $ns)" "$weir" run --io="$io" "$pipeline" >/dev/null 2>&1
    [ $? = 137 ] && killed=$((killed + 1))
    [ ! -e sums ] || { sha256sum --quiet -c sums >/dev/null && [ "$(wc -l <sums)" = 201 ]; } || fail "half a manifest"
    [ ! -e errors.json.zst ] || cmp errors.wanted errors.json.zst || fail "half of the errors"
    check_logs "killed"
    "$weir" run --io="$io" "$pipeline" >/dev/null 2>err || fail "the second run: $(cat err)"
    check_logs "after the second run"
    case $((n % 3)) in
    0) [ -z "$(find logs -name '*.gz')" ] || fail "the second run left sources" ;;
    1) sha256sum --quiet -c sums || fail "the second run's manifest" ;;
    2) cmp errors.wanted errors.json.zst || fail "the second run's errors" ;;
    esac
    left=$(find . -name '.*weir*' -o -name '*.weir-*')
    [ -z "$left" ] || fail "a passing name is left: $left"
done
echo "$kills runs, $killed of them killed on the way"
