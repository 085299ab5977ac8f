#!/bin/sh
# test_hash_faults.sh - weir hash when the machine is short of something or its user is rude: right, or said, never half.
. "$(dirname "$0")/hash_rig.sh"
mounted=
trap 'cd /; [ -z "$mounted" ] || umount "$dir/full"; rm -rf "$dir"' EXIT

mkdir -p t full dest
i=0; while [ $i -lt 40 ]; do mkdir -p t/$i/x/y; j=0; while [ $j -lt 20 ]; do echo $i.$j >t/$i/x/y/$j; j=$((j + 1)); done; i=$((i + 1)); done
head -c 9000000 /dev/zero >t/large; head -c 300000 /dev/zero >t/larger; cp t/larger t/same
hash t >plain; hash --tree t >tree; hash --duplicates t 2>/dev/null >dups

# Sixteen descriptors: enough, or it ends with a word; never a wrong or a half manifest.
for what in "hash t" "hash --tree t" "hash --duplicates t" "hash --cache c t" "hash --audit plain t" "hash -c plain"; do
    rm -f c
    (ulimit -n 16; $what) >out 2>err; got=$?
    checks=$((checks + 1))
    echo "16 descriptors: $what: exit $got: $(head -n1 err)"
    case $got in 0) ;; *) grep -q 'Too many open files' err || fail "$what: no reason given" ;; esac
done
(ulimit -n 16; hash -o dest/m t) >out 2>err; got=$?
if [ $got = 0 ]; then same dest/m plain "16 descriptors"; else [ -z "$(ls dest)" ] || fail "half a manifest"; fi
rm -f dest/m

# Little memory: a word, or the right answer. A sanitizer's shadow takes terabytes of addresses by itself.
limits='400000 100000 60000'
(ulimit -v 400000; "$weir" --version) >out 2>&1 || { limits=; echo "not tried: little memory, under which this weir can't start: $(head -n1 out)"; }
for kib in $limits; do
    (ulimit -v $kib; hash -o dest/m t) >out 2>err; got=$?
    checks=$((checks + 1))
    echo "$kib KiB of addresses: exit $got: $(head -n1 err)"
    if [ $got = 0 ]; then cmp dest/m plain || fail "$kib KiB: another answer"; else [ -s err ] || fail "$kib KiB: exit $got without a word"; fi
    [ $got -lt 126 ] || fail "$kib KiB: it crashed ($got)"
    rm -f dest/m
done

# Stopped and continued, a few times: nothing is lost.
hash -a sha512 -o dest/m t t t t t t t t & pid=$!
n=0
while kill -STOP $pid 2>/dev/null && [ $n -lt 20 ]; do n=$((n + 1)); kill -CONT $pid 2>/dev/null; done
kill -CONT $pid 2>/dev/null; wait $pid || fail "it ended with $? after SIGSTOP"
hash -a sha512 t t t t t t t t >plain512; same dest/m plain512 "SIGSTOP and SIGCONT"; rm dest/m

# A full disk: for the manifest it is the end, and nothing is left; for a journal it costs the memory alone.
if mount -t tmpfs -o size=64k none full 2>/dev/null; then
    mounted=yes
    head -c 40000 /dev/zero >full/filler
    for what in "hash -o full/m t" "hash --tree=all -o full/m t" "hash -o full/m --format json t"; do
        want 1 $what; grep -q 'No space left' err || fail "$what: no reason given"
        [ "$(ls full)" = filler ] || fail "$what: something stayed: $(ls full)"
    done
    want 1 hash --resume -o full/m t; grep -q 'No space left' err || fail "--resume: no reason given"
    rm -f full/m.weir-journal full/filler; head -c 56000 /dev/zero >full/filler
    want 1 hash -o full/m t; rm full/filler
    want 0 hash -o full/m t; same full/m plain "once there is room"
else
    echo "skipped: a full disk, since nothing can be mounted here"
fi

# Output that takes nothing: a closed one, one that is full, a pipe nobody reads.
for what in "hash t" "hash --duplicates t" "hash --audit plain t" "hash --tree t" "hash -c plain"; do
    $what >&- 2>err; got=$?; checks=$((checks + 1))
    [ $got != 0 ] || fail "$what into a closed output: exit 0"
    if [ -e /dev/full ]; then
        $what >/dev/full 2>err; got=$?
        [ $got = 1 ] && grep -q 'No space left' err || fail "$what into /dev/full: exit $got: $(cat err)"
    fi
done
# What is opened next must not become the output that was closed.
hash --cache c t >/dev/null; hash --cache c t >&- 2>/dev/null; want 0 hash --cache c t; same out plain "a cache as the output"
{ hash t t t t t; echo $? >code; } 2>err | head -n1 >out
[ "$(cat code)" = 141 ] || [ "$(cat code)" = 0 ] || fail "a pipe that nobody reads: exit $(cat code)"
[ ! -s err ] || fail "a pipe that nobody reads: $(cat err)"

# A file whose beginning can't be read; what else there is is done. (In the middle: test_hashing_calls.c.)
want 1 hash /proc/self/mem t/larger; [ "$(wc -l <out)" = 1 ] || fail "the rest wasn't done"
grep -q '/proc/self/mem: Input/output error' err || fail "no reason given: $(cat err)"
echo "$checks checks passed"
