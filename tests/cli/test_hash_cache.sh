#!/bin/sh
# test_hash_cache.sh - weir hash --cache: what is unchanged isn't read again, whatever happens to the cache meanwhile.
# KILLS in the environment is how often it is killed: 12, or more by hand.
# A cache waits for the disk when it is written anew: dozens of times that need not be.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "$0")/hash_rig.sh"
mounted=
trap 'cd /; [ -z "$mounted" ] || umount "$dir/full"; rm -rf "$dir"' EXIT
# known N: so many files weren't read in the last run, which was one with --report.
known() {
    checks=$((checks + 1))
    got=$(sed -n 's/^known *\([0-9]*\) not read again.*/\1/p' err)
    [ "${got:-0}" = "$1" ] || fail "${got:-0} files were known, not $1: $2"
}
# A file that was changed in the tick of the clock in which it is looked at isn't remembered: let that pass.
settle() { touch mark; while touch now; [ -z "$(find now -newer mark)" ]; do :; done; }

mkdir -p t/a/b
i=0; while [ $i -lt 300 ]; do echo $i >t/a/$i; i=$((i + 1)); done
head -c 300000 /dev/zero >t/a/b/larger; printf x >"t/a/b/new
line"; ln t/a/1 t/hard
settle
hash t >plain

# The second run reads nothing, and says the same.
want 0 hash --cache c --report t; same out plain "the first run"; known 0 "the first run"
want 0 hash --cache c --report t; same out plain "the second run"; known 303 "the second run"
want 0 hash --cache c --report -j4 -o m t; same m plain "with -o"; known 303 "with -o"
find t -type f -print0 >list; want 0 hash --cache c --report -0 --files-from list; known 303 "named files"

# What has changed is read: its content, its size, its inode; a new name of the same file isn't.
echo changed >t/a/7; echo 9 >t/copy; mv t/copy t/a/9; touch t/a/11; settle
hash t >plain; want 0 hash --cache c --report t; same out plain "three have changed"; known 300 "three have changed"
mv t/a/b t/c; hash t >plain
want 0 hash --cache c --report t; same out plain "a directory was moved"; known 303 "a directory was moved"

# The tick of the clock: a file may change twice in it, and look the same.
n=0
while [ $n -lt 20 ]; do
    n=$((n + 1))
    echo first >t/racy; hash --cache c t/racy >/dev/null; echo other >t/racy
    hash --cache c t/racy >out; hash t/racy >plain; same out plain "changed twice in a tick"
done
rm t/racy
# What is stamped later than now could be changed behind our back all the more: git doesn't trust it either.
touch -d 2100-01-01 t/a/20; settle; hash --cache c t >/dev/null
want 0 hash --cache c --report t; known 302 "a stamp from the future"; touch t/a/20; settle

# A record that is damaged is none.
doctor() { # HOW: every record is damaged; or one is whole and says something else, as if the file's bits had rotted.
    python3 - "$1" "$weir" c <<'PY' || fail "the cache could not be doctored"
import subprocess, sys
how, weir, path = sys.argv[1:]
data = bytearray(open(path, "rb").read())
assert data[:8] == b"weirseen" and int.from_bytes(data[12:16], sys.byteorder) == 48
for at in range(256, len(data), 48):
    if not any(data[at:at + 8]):
        continue
    data[at + 40] ^= 1
    if how == "rot":
        check = subprocess.run([weir, "hash", "-a", "xxh3", "-"], input=data[at + 8:at + 48], stdout=subprocess.PIPE)
        data[at:at + 8] = bytes.fromhex(check.stdout.split()[-1].decode())
        break
open(path, "wb").write(data)
PY
}
doctor damage
hash t >plain; want 0 hash --cache c --report t; same out plain "damaged records"; known 0 "damaged records"
want 0 hash --cache c --report t; known 303 "damaged records are replaced"
want 0 hash --cache c --report --paranoid 100% t; same out plain "--paranoid"; known 0 "--paranoid 100%"
grep -q '303 read all the same, 0 of them differ' err || fail "--paranoid 100% didn't read all"

# Bits that rot on the disk change no time: --paranoid finds it, says it once, and the cache knows what is there now.
doctor rot
want 1 hash --cache c --report --paranoid 100% t; same out plain "rot"
grep -q '303 read all the same, [12] of them differ' err || fail "nobody saw that a file has rotted"
grep -q 'has another content than the cache knows' err || fail "nobody said which file has rotted"
want 0 hash --cache c --report --paranoid 100% t; same out plain "after the rot"
want 0 hash --cache c --report --paranoid 0% t; known 303 "--paranoid 0%"

# What is no cache is left alone, and said.
cp plain other; want 2 hash --cache other t; grep -q 'is not a cache' err || fail "no reason"
cmp -s plain other || fail "a file that is no cache was changed"
want 2 hash --cache c -a sha256 t; grep -q 'other algorithms' err || fail "no reason"
{ printf 'weirseen\377\0\0\0'; head -c 300 /dev/zero; } >later; want 2 hash --cache later t
grep -q 'later weir' err || fail "no reason"
want 2 hash --paranoid 5% t; want 2 hash --cache c --paranoid 500% t; want 2 hash --cache c -c plain
want 1 hash --cache no/such/dir t

# What isn't there any more is dropped by the command that had met it.
mkdir d; i=0; while [ $i -lt 2000 ]; do echo $i >d/$i; i=$((i + 1)); done; settle
hash --cache e d >/dev/null; size=$(stat -c %s e)
find d -name '*[1-9]' -delete; want 0 hash --cache e t; [ "$(stat -c %s e)" -ge "$size" ] || fail "another's entries were dropped"
want 0 hash --cache e --report d; known 200 "what is left"
[ "$(stat -c %s e)" -lt $((size / 2)) ] || fail "the cache still has what is gone: $(stat -c %s e) of $size bytes"
rm -rf d

# Two at once: neither loses what the other found out.
mkdir -p two/x two/y
i=0; while [ $i -lt 700 ]; do echo $i >two/x/$i; echo y$i >two/y/$i; i=$((i + 1)); done; settle
n=0
while [ $n -lt 4 ]; do
    n=$((n + 1)); rm -f w
    hash --cache w two/x >x.out & hash --cache w two/y >y.out & hash --cache w two/x >x2.out
    wait
    hash two/x | cmp - x.out || fail "two writers: x"
    hash two/y | cmp - y.out || fail "two writers: y"
    want 0 hash --cache w --report two; known 1400 "two writers"
done

# Killed: what it knew before it still knows, and the answer is right.
hash t two >plain
n=0
killed=0
seed=${SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}; echo "seed $seed"
while [ $n -lt "${KILLS:-12}" ]; do
    n=$((n + 1))
    [ $((n % 4)) = 1 ] && rm -f k
    hash --cache k -a xxh128 t two two two >/dev/null 2>&1 & pid=$!
    (exec 2>/dev/null; sleep $(printf '0.%03d' $(((seed + n * 7) % 25))); kill -9 $pid) && killed=$((killed + 1))
    wait $pid 2>/dev/null
    want 0 hash --cache k t two; same out plain "after kill -9"
done
echo "$killed of $n were killed"
[ "$(find . -maxdepth 1 -name 'k*' | wc -l)" = 1 ] || fail "something stayed behind: $(ls -d k*)"

# A disk that is full: hashing goes on, and it is said.
mkdir full
if mount -t tmpfs -o size=16k none full 2>/dev/null; then
    mounted=yes
    want 0 hash --cache full/c two; hash two >plain; same out plain "a full disk"
    grep -q "No space left.*isn't remembered" err || fail "nobody said that the disk is full"
    want 0 hash --cache full/c two; same out plain "a full disk, again"
else
    echo "skipped: a full disk, since nothing can be mounted here"
fi
echo "$checks checks passed"
