#!/bin/sh
# test_confine.sh - weir run --sandbox: a stage that was taken over (plugin_probe.c) reaches what the pipeline names and
# nothing else; what pipelines do by themselves they still can; who begins anew stays confined.
certs=$(cd "${0%/*}/../support" && pwd)/tls_certs.sh
. "${0%/*}/pipeline_rig.sh"
deny_run=$3
probe=$4/plugin_probe.so
# A sanitizer's leak check traces the process from outside, which the filter forbids.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
mkdir work other
cd work || exit 1
seq 1000 >in
echo secret >../other/file
TMPDIR=$dir/other
export TMPDIR

"$weir" run --io="$io" --report 'read "in" | null' 2>err || fail "the simplest: $(cat err)"
if ! grep -q 'files by Landlock' err; then
    echo "skipped: $(grep '^sandbox' err)"
    exit 77
fi

# refused WORDS STAGE...: by that, with these words; and (also) without a sandbox it would not have been.
refused() {
    words=$1; shift
    want 1 run --sandbox=on --plugin "$probe" "read \"in\" | $* | write \"copy\""
    says "probe: failed at byte"; says "$words"
    [ ! -e copy ] || fail "$*: it wrote all the same"
}
# --- files ---------------------------------------------------------------------------------------------------
for what in read write append; do
    refused "Permission denied" "probe $what path=\"../other/file\""
    says "'weir explain' says what that is"
    want 0 run --sandbox=off --plugin "$probe" "read \"in\" | probe $what path=\"../other/file\" | write \"../copy\""
done
refused "Permission denied" 'probe write path="../other/new"'
refused "Permission denied" 'probe unlink path="../other/file"'
refused "Permission denied" 'probe mkdir path="../other/dir"'
want 0 run --sandbox=on --plugin "$probe" 'read "in" | probe nothing | null'
want 1 run --plugin "$probe" 'read "in" | probe rename path="../other/file" | write "copy"'
want 1 run --plugin "$probe" 'read "in" | probe link path="../other/file" | write "copy"'
[ "$(cat ../other/file)" = secret ] && [ "$(ls ../other | grep -v '^weir-')" = file ] || fail "the other directory: $(ls -l ../other)"
[ ! -e another ] || fail "it got a name here"
refused "Permission denied" 'probe read path="/proc/self/environ"'
want 0 run --plugin "$probe" 'read "in" | probe read path="in" | write "copy"'; rm copy
want 0 run --sandbox-read ../other --plugin "$probe" 'read "in" | probe read path="../other/file" | null'
refused "Permission denied" 'probe read path="../other/file"' # again without it

# --- what is read can't be cut off, by whoever may open it to read -----------------------------------------------------
# cuts WORDS TRY...: each refused, with these words; without a sandbox it cuts off.
cuts() {
    words=$1; shift
    for what in "$@"; do
        cp in victim
        want 1 run --sandbox=on --plugin "$probe" "read \"victim\" | probe $what path=\"victim\" | null"
        says "probe: failed at byte"; says "$what: $words"
        same in victim "what $what was to cut off"
        want 0 run --sandbox=off --plugin "$probe" "read \"victim\" | probe $what path=\"victim\" | null"
        [ ! -s victim ] || fail "$what doesn't cut off: it tries nothing"
    done
    rm victim
}
"$weir" run --io="$io" --report 'read "in" | null' 2>err
cuts "Operation not permitted" truncate
cuts "Permission denied" ftruncate creat
if grep -q 'ABI [12])' err; then
    echo "skipped: this kernel's Landlock doesn't know who cuts files off"
else
    cuts "Permission denied" trunc trunc_at trunc_neither trunc_at2
    [ "$io" != uring ] || cuts "Permission denied" trunc_ring
fi

# --- programs, sockets, rings, other processes -----------------------------------------------------------------
for what in exec fork tcp udp unix ring input trace kill chmod mount; do
    refused "$what: Operation not permitted" "probe $what path=\"in\""
done
refused "newer: Function not implemented" 'probe newer'
want 0 run --sandbox=off --plugin "$probe" 'read "in" | probe fork | null'
want 0 run --sandbox=off --plugin "$probe" 'read "in" | probe kill | null'

# --- what is said -------------------------------------------------------------------------------------------------
explains() {
    checks=$((checks + 1))
    "$weir" explain "$1" >out || fail "explain $1"
    tr -s ' \n' '  ' <out | grep -qF -e "$2" || { cat out; fail "explain lacks: $2"; }
}
here=$(pwd -P)
explains 'read "in" | write "copy"' "reads $here/in (read)"
explains 'read "in" | write "copy"' "writes $here (write)"
explains 'read "*" | write "/dev/null"' "reads $here (read)"
explains 'read "in" | write "/dev/null"' "writes /dev/null (write)"
explains 'read "in" | lines | sort .line | print' "spills ${here%/work}/other/weir-$(id -u) (sort: what doesn't fit the memory"
explains 'read "in" | lines | count by .line every 1s | print' "(count: what doesn't fit the memory, without --state)"
explains 'read "in" | lines | count by .line every 1s | print' "with --state: what doesn't fit the memory is there, part"
explains 'manifest "in" | check | print' "reads any file (manifest: the files that its list names)"
explains 'files "." follow | print' "reads any file (files: what symbolic links point to)"
explains 'files "." | remove source' "writes $here (remove: where the files lie)"
explains 'files "../other" | each { read | zstd | write "{.dir}/{.stem}.zst" }' "writes ${here%/work}/other (write: where"
explains 'files "../other" | each { read | zstd | write "sub/{.stem}.zst" }' 'Nothing else'
explains 'files "../other" | each { read | zstd | write "{.stem}.zst" }' "writes $here (write)"
explains 'files "." | hash xxh128 | group .size,.xxh128 > 1 | dups action=hardlink yes' "links $here (dups: where"
explains 'generate size=1MiB | null' "all that is below it. Nothing else; no program"
explains 'read "in" | lines | send "tcp://127.0.0.1:9"' "none, for send opens sockets (--sandbox=on confines that, too)"
explains 'listen "tcp://127.0.0.1:0" | print' "none, for listen opens sockets (--sandbox=on confines that, too)"
mkdir credentials; printf %s hush-hush >credentials/key
CREDENTIALS_DIRECTORY=$here/credentials FROM_ENV=whispered "$weir" explain 'read "${secret.key}" | write "${env.FROM_ENV}/x"' >out
grep -qF 'reads     "${secret.key}"' out || { cat out; fail "what stands in the text"; }
grep -q 'hush\|whispered' out && fail "a secret is shown"
want 0 run --sandbox=off --report 'read "in" | null'; says "sandbox: none: --sandbox=off was asked for"

# --- pipelines do what they did -------------------------------------------------------------------------------------
mkdir tree
for name in a b c; do seq 100 >tree/$name; done
seq 2000 | sort >wanted
want 0 run --mem 16MiB 'read "tree/*" | lines | sort .line | to raw | zstd | write "all.zst" atomic fsync'
want 0 run 'files "tree" | each { read | gzip | write "{.dir}/{.name}.gz" keep=mtime,mode verify } @par=2 | remove source'
[ "$(ls tree | tr '\n' ' ')" = "a.gz b.gz c.gz " ] || fail "recompressed: $(ls tree)"
want 0 run 'files "tree" | hash sha256,md5 | write "m" format=bsd'
want 0 run 'manifest "m" | check | where .state != "ok" | fail-if any'
want 0 run 'files "tree" | hash xxh128 as .h | group .size,.h > 1 | dups action=hardlink yes'
[ "$(stat -c %h tree/a.gz)" = 3 ] || fail "not linked"
want 0 run 'read "in" | lines | set .h = hash(.line, "sha256") | to json | write "hashed" append'
grep -q '"h":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"' hashed || fail "hash() in expressions"
ln -s ../other/linked link
want 0 run 'read "in" | write "link"' # takes the link's place
[ ! -L link ] && [ ! -e ../other/linked ] || fail "through the link"
mkfifo fifo; cat fifo >from_fifo & reader=$!
want 0 run 'read "in" | write "fifo"'; wait $reader; same in from_fifo "through a FIFO"
run 'stdin | lines | head 3 | print "{.line}"' <in | cat >out; [ "$(cat out)" = "1
2
3" ] || fail "standard streams"
want 2 run --sandbox=maybe 'read "in" | null'

# --- links of a pattern that lead out -------------------------------------------------------------------------------
mkdir logs; cp in logs/a; ln -s ../../other/file logs/b
want 0 run 'read "logs/*" | write "copy"'; same in copy "a pattern of read, which follows no links"
"$weir" run --io="$io" 'tail "logs/*" start=begin | null' 2>err.run &
pid=$!
until_true "a link that leads out" told "logs/b: Permission denied"
until_true "what may be done about it" told "'weir explain' says what that is"
kill -TERM $pid; wait $pid
want 0 run --sandbox-read ../other 'tail "logs/*" start=begin | head 1001 | print "{.line}"'
[ "$(sort out | tail -1)" = secret ] || fail "the link's target"
rm -r copy logs

# --- sockets: what is named, and no others ----------------------------------------------------------------------------
# listens NAME ADDRESS OPTIONS: a listener in a sandbox; its port is in $port.
listens() {
    : >err.run # which the shell behind the & may not have made before it is looked into
    "$weir" run --io="$io" --sandbox=on --report "listen \"$2\" ${3-} | to raw | write \"$1\"" 2>err.run &
    pid=$!
    until_true "it listens" is_there
    port=$(sed -n 's/^weir: listen: .*:\([0-9]*\)$/\1/p' err.run)
}
is_there() { told "weir: listen: " || [ -S sock ]; }
stops() { kill -TERM $pid; wait $pid; same "$1" in "what came"; rm "$1"; } # perhaps with a trouble: those who went again
tcp="Permission denied" # of Landlock; older ones leave TCP to the others
grep -q 'ABI [123])' err.run && tcp=
trap 'kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
mkdir sp
listens heard tcp://127.0.0.1:0 ack=true
to="tcp://127.0.0.1:$port"
for what in exec fork ring input trace kill chmod mount; do
    want 1 run --sandbox=on --plugin "$probe" "read \"in\" | probe $what | lines | send \"$to\" ack=true"
    says "$what: Operation not permitted"
done
for stage in 'probe udp' 'probe read path="../other/file"' 'probe write path="new"' ${tcp:+'probe tcp'}; do
    want 1 run --sandbox=on --plugin "$probe" "read \"in\" | $stage | lines | send \"$to\" ack=true"
    grep -q 'denied\|not permitted' err || fail "$stage: $(cat err)"
done
want 0 run --sandbox=off --plugin "$probe" "read \"in\" | probe udp | lines | null"
[ ! -e new ] || fail "it wrote"
want 0 run --sandbox=on --report "read \"in\" | lines | send \"$to\" ack=true spool=\"sp\""
says "files by Landlock"
stops heard
listens heard unix:sock
want 0 run --sandbox=on 'read "in" | lines | send "unix:sock"'
stops heard
listens heard tcp://127.0.0.1:0
want 0 run --sandbox=on "read \"in\" | lines | send \"tcp://localhost:$port\""
stops heard
if sh "$certs" "$dir/other"; then
    listens heard tls://127.0.0.1:0 'cert="../other/server.pem" key="../other/server.key"'
    to="tls://localhost:$port"
    want 1 run --sandbox=on --plugin "$probe" "read \"in\" | probe read path=\"../other/server.key\" | lines | send \"$to\" ca=\"../other/ca.pem\""
    says "Permission denied"
    want 1 run --sandbox=on "read \"in\" | lines | send \"$to\" giveup=1ms" # whom the system trusts can be read, and doesn't know it
    says "unable to get local issuer certificate"
    want 0 run --sandbox=on "read \"in\" | lines | send \"$to\" ca=\"../other/ca.pem\""
    stops heard
fi

# --- kernels that have less --------------------------------------------------------------------------------------------
want 0 "$deny_run" landlock_create_ruleset=ENOSYS "$weir" run --io="$io" --report 'read "in" | null'
says "no files: this kernel has no Landlock"; says "system calls by seccomp"
want 1 "$deny_run" landlock_create_ruleset=EOPNOTSUPP "$weir" run --io="$io" --sandbox=on 'read "in" | null'
says "this kernel has no Landlock"
want 0 "$deny_run" seccomp=EPERM "$weir" run --io="$io" --sandbox=auto --report 'read "in" | null'
says "files by Landlock"

# --- who begins anew stays confined ----------------------------------------------------------------------------------
echo 'tail "in" start=checkpoint | to raw | write "all"' >p.weir
"$weir" run --io="$io" --state st --checkpoint 20 p.weir 2>err.run &
pid=$!
until_true "the first lines" lines all 1000
echo 'tail "in" start=checkpoint | to raw | write "../other/all"' >p.weir
want 0 "$weir" reload $pid
until_true "what lies outside is refused" told "write now writes $dir/other, which its sandbox doesn't let it"
until_true "with what follows" told "the pipeline goes on as it was"
for round in 1 2 3; do
    echo "tail \"in\" start=checkpoint | set .round = $round, .h = hash(.line, \"md5\") | to json | write \"round.$round\"" >p.weir
    echo "line of $round" >>in
    want 0 "$weir" reload $pid
    until_true "round $round" test -s round.$round -o -e round.$round
    echo "another of $round" >>in
    until_true "a line in round $round" lines round.$round 1
done
grep -q '^Seccomp:.2' /proc/$pid/status || fail "no filter any more"
want 0 "$weir" top --help
kill -TERM $pid
wait $pid || fail "it doesn't end well: $(cat err.run)"
[ ! -e ../other/all ] || fail "it wrote outside"
echo "$checks checks"
