#!/bin/sh
# test_run_faults.sh - weir run, with tail and without, when the machine is short of something or its user is rude: right,
# or said and nothing half-written, and the next run makes the whole of it. What fails inside is in tests/faults.
. "${0%/*}/pipeline_rig.sh"
mounted=
trap 'cd /; [ -z "$mounted" ] || umount "$dir/full"; rm -rf "$dir"' EXIT
for stage in zstd tail gunzip; do
    "$weir" stages $stage >/dev/null 2>&1 || { echo "skipped: no $stage in weir"; exit 77; }
done
mkdir full dest
seq 1 200000 | sed 's/.*/{"n": &, "s": "some words of line &"}/' >in
run 'read "in" | gzip level=1 | write "in.gz"' || fail "gzip"
atomic='read "in.gz" | gunzip | lines | json | where .n % 3 == 0 | to json | zstd level=1 | write'
run "$atomic \"wanted.zst\" atomic" || fail "what is wanted"
sorted='read "in" | lines | json | sort .s | head 1000 | to json | write'
run "$sorted \"wanted.sorted\" atomic" || fail "what is wanted"
grep '7"}$' in >wanted.sevens
stateful='read "in" | lines | where .line =~ /7"}$/ | to raw | write'
followed='tail "in" start=checkpoint | where .line =~ /7"}$/ | head 20000 | to raw | write'

# Descriptors: enough, or it ends with a word.
for what in "$atomic \"dest/a.zst\" atomic" "$sorted \"dest/sorted\" atomic"; do
    (ulimit -n 16; run "$what") >said 2>err; got=$?
    checks=$((checks + 1))
    echo "16 descriptors: exit $got: $(head -n1 err)"
    [ $got = 0 ] || grep -q 'Too many open files' err || fail "16 descriptors: exit $got: no reason given: $(cat err)"
    [ $got = 0 ] || [ -z "$(ls dest)" ] || fail "16 descriptors: something stayed: $(ls dest)"
    [ ! -e dest/a.zst ] || same wanted.zst dest/a.zst "16 descriptors"
    [ ! -e dest/sorted ] || same wanted.sorted dest/sorted "16 descriptors"
    rm -rf dest; mkdir dest
done
for what in "$stateful \"dest/sevens\"" "$followed \"dest/sevens\""; do
    (ulimit -n 16; run --state dest/st "$what") >said 2>err; got=$?
    echo "16 descriptors, a state: exit $got: $(head -n1 err)"
    if [ $got != 0 ]; then
        grep -q 'Too many open files' err || fail "16 descriptors, a state: exit $got: no reason given: $(cat err)"
        want 0 run --state dest/st "$what"
    fi
    same wanted.sevens dest/sevens "16 descriptors, then as many as it wants"
    rm -rf dest; mkdir dest
done

# Memory: what the budget says and 64 MiB, with small stacks, since all of a stack counts here. A sanitizer's shadow takes terabytes of it.
if (ulimit -v 600000; "$weir" --version) >said 2>&1; then
    (ulimit -s 512; ulimit -d $(((32 + 64) * 1024)); run --mem 32MiB "$atomic \"dest/a.zst\" atomic" && run --mem 32MiB "$sorted \"dest/sorted\" atomic") 2>err ||
        fail "32 MiB and 64 beside them: $(cat err)"
    same wanted.zst dest/a.zst "little memory"
    same wanted.sorted dest/sorted "little memory"
    (ulimit -s 512; ulimit -d $(((32 + 64) * 1024)); run --mem 32MiB --state dest/st "$followed \"dest/sevens\"") 2>err || fail "tail in 96 MiB: $(cat err)"
    same wanted.sevens dest/sevens "tail with little memory"
    rm -rf dest; mkdir dest
else
    echo "not tried: little memory, under which this weir can't start: $(head -n1 said)"
fi

# Stopped and continued.
for what in "$atomic \"dest/a.zst\" atomic" "$followed \"dest/sevens\""; do
    run $(case $what in tail*) echo --state dest/st ;; esac) "$what" & pid=$!
    n=0
    while kill -STOP $pid 2>/dev/null && [ $n -lt 20 ]; do n=$((n + 1)); kill -CONT $pid 2>/dev/null; done
    kill -CONT $pid 2>/dev/null; wait $pid || fail "it ended with $? after SIGSTOP: $what"
done
same wanted.zst dest/a.zst "SIGSTOP and SIGCONT"
same wanted.sevens dest/sevens "SIGSTOP and SIGCONT, tail"
rm -rf dest; mkdir dest

# A full disk.
if mount -t tmpfs -o size=64k none full 2>/dev/null; then
    mounted=yes
    want 1 run "$atomic \"full/a.zst\" atomic"; says 'No space left'
    [ -z "$(ls -A full)" ] || fail "half of it stayed on the full disk: $(ls -A full)"
    mount -o remount,size=256k full
    for what in "$stateful" "$followed"; do
        head -c 100000 /dev/zero >full/filler
        want 1 run --state full/st --checkpoint 10 "$what \"full/sevens\""; says 'No space left'
        head -c "$(wc -c <full/sevens)" wanted.sevens | cmp - full/sevens || fail "what it wrote is no beginning"
        rm full/filler; mount -o remount,size=4m full
        want 0 run --state full/st "$what \"full/sevens\""
        same wanted.sevens full/sevens "once there is room"
        rm -r full/st full/sevens; mount -o remount,size=256k full
    done
else
    echo "skipped: a full disk, since nothing can be mounted here"
fi
[ ! -e /dev/full ] || { want 1 run 'read "in" | lines | to raw | write "/dev/full" append'; says 'No space left'; }

# A reader that closes the pipe: quiet, and nobody works for nobody.
for what in 'read "in" | lines | print "{.line}"' 'tail "in" | print "{.line}"'; do
    { timeout 60 "$weir" run --io="$io" "$what" 2>err; echo $? >code; } | head -n 1 >first
    checks=$((checks + 1))
    [ "$(cat code)" = 141 ] || [ "$(cat code)" = 0 ] || fail "nobody reads: exit $(cat code)"
    [ ! -s err ] || fail "nobody reads: $(cat err)"
    head -n 1 in | cmp - first || fail "nobody reads: another first line"
done

# A file that can't be read is told, with its name, and no output appears.
want 1 run 'read "/proc/self/mem" | write "dest/mem" atomic'; says '/proc/self/mem'
[ -z "$(ls -A dest)" ] || fail "an output of what can't be read: $(ls -A dest)"
echo "$checks checks"
