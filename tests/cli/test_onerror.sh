#!/bin/sh
# test_onerror.sh - @onerror of each and route: a file whose block fails, a record of which no condition can be said.
. "${0%/*}/pipeline_rig.sh"
command -v gzip >/dev/null 2>&1 || { echo "skipped: no gzip here"; exit 77; }

# --- route -----------------------------------------------------------------------------------------------------
printf '{"n":1}\n{"n":"x"}\n{"n":3}\n{}\n{"n":5}\n' >in
route='route { int!(.n) > 2 -> { to json | write "large" } else -> { to json | write "small" } }'
want 1 run "read in | lines | json | $route"
says 'weir: route: record 2: int!() has no value for "x": @onerror=drop leaves out such records'
[ ! -e large ] && [ ! -e small ] || fail "half an output"
want 0 run --report "read in | lines | json | $route @onerror=drop"
printf '{"n":3}\n{"n":5}\n' >wanted; same wanted large "left out"
printf '{"n":1}\n' >wanted; same wanted small "left out"
says "route left out 2 by @onerror=drop"
want 0 run "read in | lines | json | $route @onerror=dead(odd)  dead odd -> keep .stage,.raw | to json | write odd"
printf '{"stage":"route","raw":"{\\"n\\":\\"x\\"}"}\n{"stage":"route","raw":"{}"}\n' >wanted
same wanted odd "the dead-letter stream"
# A batch that is nothing but such; a branch that has enough doesn't end the stream of the others.
yes '{"n":"x"}' | head -n 1000 >all; seq 1000 | sed 's/.*/{"n":&}/' >>all; yes '{"n":"x"}' | head -n 1000 >>all
want 0 run 'read all block=4KiB | lines | json | route { int!(.n) > 500 -> { head 3 | to json | write large } else -> { to json | write small } } @onerror=dead(odd)  dead odd -> to raw | write odd'
grep x all >wanted; same wanted odd "all of them"
[ "$(wc -l <large)" = 3 ] && [ "$(wc -l <small)" = 500 ] || fail "branches"
checks=$((checks + 3))
want 1 run 'files "." match="in" | route { int!(.name) > 1 -> { print "{.path}" } else -> { null } }'
says 'route: ./in: int!() has no value for "in"'
want 2 run 'files "." | route { int!(.name) > 1 -> { null } else -> { null } } @onerror=drop'
says "route can't do @onerror=drop: a file that fails is told of, the others are done, and the exit code says it"

# --- each --------------------------------------------------------------------------------------------------------
mkdir t new
for i in 1 2 3 4 5 6; do echo "$i" | gzip >t/$i.gz; done
echo rubbish >t/2.gz; echo rubbish >t/5.gz
each='each { read | gunzip | write "new/{.stem}" }'
want 1 run "files t | $each @par=3 | print \"{.name}\""
says "t/2.gz: gunzip: "; says "t/5.gz: gunzip: "
cp out done_by_default
for par in 1 3; do
    rm -f new/*
    want 0 run --report "files t | $each @par=$par @onerror=drop | print \"{.name}\""
    same done_by_default out "the others are done, @par=$par"
    grep -q 't/2.gz' err && fail "it was told of: $(cat err)"
    says "each left out 2 by @onerror=drop"
    [ "$(ls new | tr '\n' ' ')" = "1 3 4 6 " ] || fail "outputs: $(ls new)"
    want 0 run "files t | $each @par=$par @onerror=dead(bad) | print \"{.name}\"  dead bad -> to json | write \"bad\""
    same done_by_default out "the others are done, @par=$par"
    [ "$(grep -c '^{"error":"gunzip: .*","stage":"each","raw":"t/[25].gz"}$' bad)" = 2 ] || fail "$(cat bad)"
    want 0 run "files t | $each @par=$par @onerror=dead(bad)  dead bad -> to raw | write \"bad\""
    sort bad >got; printf 't/2.gz\nt/5.gz\n' >wanted; same wanted got "their names"
    rm -f new/*
    want 1 run "files t | $each @par=$par @onerror=fail | print \"{.name}\""
    says 'each: t/2.gz: gunzip: '
    [ ! -e new/5 ] || fail "it went on"
    checks=$((checks + 4))
done
# What had gone on can't be taken back: that is told all the same.
{ seq 200000 | gzip | head -c 300000; } >cut.gz
want 1 run 'files "." match="cut.gz" | each { read block=4KiB | gunzip } @onerror=drop | write got'
says "bytes of what its block gave before had gone on already"
want 0 "$weir" explain "files \"t\" | $each @onerror=dead(bad)  dead bad -> null"
cp out err; says "a file whose block fails goes to the dead-letter stream bad (@onerror)"
want 2 run "files t | hash md5 @onerror=drop | null"
says "hash can't do @onerror=drop: a file that fails is told of, the others are done, and the exit code says it"

# --- @pool=inline is one lane -----------------------------------------------------------------------------------------
want 2 run 'read in | lines | json @pool=inline @par=3 | null'
says "-e:1:37: json: @par=3 takes several lanes, and @pool=inline has one: leave out one of them"
want 2 run 'read in | zstd seekable=1MiB @par=cores @pool=inline | null'
says "zstd: @par=cores takes several lanes, and @pool=inline has one: leave out one of them"
want 0 run 'read in | lines | json @pool=inline @par=1 | null'
echo "$checks checks"
