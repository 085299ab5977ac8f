#!/bin/sh
# test_print.sh - print table: columns that fit, on a terminal or where COLUMNS says how wide it is.
. "$(dirname "$0")/pipeline_rig.sh"
unset COLUMNS
shows() { cat >wanted; same wanted out "$1"; }

cat >in <<'END'
{"n":1,"name":"short","more":null}
{"n":12345,"name":"a name that is rather long","more":true}
{"n":-2.5,"name":"日本\u001b[31m","x\ty":"é"}
END
table() { COLUMNS=$1 "$weir" run --io="$io" 'read in | lines | json | print table'; }
want 0 table 100
shows "numbers at the right; what would move the cursor is told" <<'END'
    n  name                        more  x\ty
    1  short
12345  a name that is rather long  true
 -2.5  日本\x1b[31m                      é
END
want 0 table 30
shows "the widest column gets less" <<'END'
    n  name         more  x\ty
    1  short
12345  a name tha…  true
 -2.5  日本\x1b[3…        é
END
want 0 table 20
checks=$((checks + 1)); head -n 1 out | grep -q ' +[0-9]*$' || fail "columns that are left out aren't told: $(cat out)"
want 0 table 1
checks=$((checks + 1)); [ "$(wc -l <out)" = 4 ] || fail "a very narrow one: $(cat out)"
for width in 12 20 31 47 200; do
    want 0 table $width
    checks=$((checks + 1)); [ "$(LC_ALL=C.UTF-8 wc -L <out)" -le $width ] || fail "wider than $width: $(cat out)"
done

# No terminal, and nobody says how wide: JSON, as it is without the word.
want 0 run 'read in | lines | json | print table'; cp out got
want 0 run 'read in | lines | json | print'; same out got "no terminal"
if command -v script >/dev/null; then
    printf '{"a":1}\n' >one
    checks=$((checks + 1))
    script -qec "stty cols 40; $weir run --io=$io 'read one | lines | json | print table'" /dev/null </dev/null | tr -d '\r' >out
    printf 'a\n1\n' >wanted; same wanted out "a terminal"
else
    echo "not looked at: no script here"
fi

# A batch with other fields has the names above it again, and only then.
seq 1 600 | sed 's/.*/{"n":&}/' >many; echo '{"n":601,"late":1}' >>many
want 0 env COLUMNS=80 "$weir" run --io="$io" 'read many | lines | json | print table'
checks=$((checks + 1)); [ "$(grep -c n out)" = 2 ] && [ "$(wc -l <out)" = 603 ] || fail "names: $(grep -n n out)"
seq 1 70 | sed 's/.*/"f&":&/' | paste -sd , | sed 's/.*/{&}/' >wide
want 0 env COLUMNS=100000 "$weir" run --io="$io" 'read wide | lines | json | print table'
checks=$((checks + 1)); head -n 1 out | grep -q 'f64 +0 and more$' || fail "too many columns: $(head -n 1 out)"
want 0 env COLUMNS=60 "$weir" run --io="$io" 'files in | print table'
checks=$((checks + 1)); head -n 1 out | grep -q '^path *size' || fail "files: $(cat out)"
want 1 env COLUMNS=60 "$weir" run --io="$io" 'files in | print "{.path}" table'; says "not both"
echo "$checks checks"
