#!/bin/sh
# test_kill.sh - kill -9 at a random moment: what has its name is whole, and the next run does the rest.
# KILLS in the environment is how often: 20, or more by hand.
set -u
weir=$1
io=$2
kills=${KILLS:-20}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
if ! "$weir" hash --io="$io" /dev/null >/dev/null 2>&1; then
    echo "skipped: no io by $io here"
    exit 77
fi
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

# The moments at which it is killed: up to what a whole run takes and a little more, in seconds.
begun=$(date +%s%N)
cp -r packed logs
"$weir" run --io="$io" "$manifest" && "$weir" run --io="$io" "$recompress" || fail "not killed, it doesn't end well"
spent=$(($(date +%s%N) - begun))
moment() { awk -v seed=$((seed + $1)) -v ns=$spent 'BEGIN { srand(seed); printf "%.4f", rand() * ns * 0.7 / 1e9 }'; }

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
    rm -rf logs sums
    cp -r packed logs
    if [ $((n % 2)) = 0 ]; then pipeline=$recompress; else pipeline=$manifest; fi
    timeout -s KILL "$(moment $n)" "$weir" run --io="$io" "$pipeline" >/dev/null 2>&1
    [ $? = 137 ] && killed=$((killed + 1))
    [ ! -e sums ] || { sha256sum --quiet -c sums >/dev/null && [ "$(wc -l <sums)" = 201 ]; } || fail "half a manifest"
    check_logs "killed"
    "$weir" run --io="$io" "$pipeline" >/dev/null 2>err || fail "the second run: $(cat err)"
    check_logs "after the second run"
    if [ "$pipeline" = "$manifest" ]; then
        sha256sum --quiet -c sums || fail "the second run's manifest"
    else
        [ -z "$(find logs -name '*.gz')" ] || fail "the second run left sources"
    fi
    left=$(find . -name '.*weir*' -o -name '*.weir-*')
    [ -z "$left" ] || fail "a passing name is left: $left"
done
echo "$kills runs, $killed of them killed on the way"
