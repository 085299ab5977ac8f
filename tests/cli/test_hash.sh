#!/bin/sh
# test_hash.sh - weir hash as a user sees it: what it prints, what it says, what it exits with.
. "$(dirname "$0")/hash_rig.sh"

mkdir -p t/a/b t/a-x t/empty
printf hello >t/a/b/x; printf x >t/a.txt; : >t/a-x/nothing; printf bs >'t/back\slash'
printf nl >"t/new
line"; ln -s a.txt t/link; head -c 70000 /dev/zero >t/larger; head -c 5000000 /dev/zero >t/large
find t -type f -print0 | LC_ALL=C sort -z >names

# The output of the stock tools, byte for byte, in the order of LC_ALL=C sort.
for algo in sha256 sha512 md5; do
    xargs -0 "${algo}sum" <names >wanted
    want 0 hash -a $algo t; same out wanted $algo
    want 0 hash -0 -a $algo t; xargs -0 "${algo}sum" -z <names >wanted; same out wanted "$algo -0"
done
xargs -0 b2sum <names >wanted; want 0 hash -a blake2b t; same out wanted b2sum

# They read ours, and we read theirs.
hash -a sha256 t >ours; want 0 sha256sum -c --quiet ours
want 0 hash -c ours; want 0 hash -c wanted -a blake2b --quiet
[ ! -s out ] || fail "--quiet printed something"

# The same whatever the parallelism.
hash -j1 t >one; hash -j8 t >eight; same one eight jobs
hash --offload=always t >pool; same one pool offload

# A difference, a missing file, a bad line: exit 1, and each is said.
printf changed >t/a.txt
want 1 hash -c ours; grep -q '^t/a.txt: FAILED$' out || fail "no FAILED line"
grep -q 'WARNING: 1 computed checksum did NOT match' err || fail "no warning"
rm t/a.txt; want 1 hash -c ours; want 0 hash -c ours --ignore-missing --quiet
echo nonsense >>ours; want 1 hash -c ours --strict --ignore-missing

# What can't be had is reported, the rest is done.
want 1 hash t/a/b/x t/nowhere; [ "$(wc -l <out)" = 1 ] || fail "the good file is missing"
grep -q 'nowhere: No such file' err || fail "nobody said what is missing"
mkfifo t/fifo; want 0 hash t; grep -q 'fifo: skipped' err || fail "a FIFO went unnoticed"

# -o appears whole; nothing else stays behind; a bad directory is said.
want 0 hash t -o manifest; want 0 hash -c manifest --quiet
[ "$(find . -name 'manifest*' | wc -l)" = 1 ] || fail "something half-written stayed"
want 1 hash t -o no/such/dir/manifest

# The job's own files are no part of what it lists: what is checked, and hashed again, is as it was.
mkdir own; echo 1 >own/one; ln -s m own/link; hash own >plain
for what in '-o own/m' '-o own/m' '--resume -o own/m' '-L -o own/m' '--cache own/c -o own/m' '--cache own/c -o own/m'; do
    want 0 hash own $what; same own/m plain "$what"; want 0 hash -c own/m --quiet
done
rm own/m own/c own/link; want 0 hash --tree=dirs own -o own/m; want 0 hash --tree=dirs own -o own/m; want 0 hash --tree -c own/m --quiet

# Names from a list, and standard input.
printf 't/large\000t/larger\000' >list; want 0 hash -0 --files-from=list
[ "$(tr '\0' '\n' <out | wc -l)" = 2 ] || fail "--files-from"
printf abc | "$weir" hash -a sha256 - | grep -q '^ba7816bf.*  -$' || fail "standard input"

# Mistakes are named, with a way out.
want 2 hash --algoo x; grep -q "did you mean '--algo'" err || fail "no suggestion"
want 2 hash -a sha265 t; grep -q "did you mean 'sha256'" err || fail "no suggestion"
want 2 "$weir" hahs; grep -q "did you mean 'hash'" err || fail "no suggestion"
want 0 hash --help; want 0 hash --explain t; grep -q '^files "t" | hash xxh128' out || fail "--explain"

# A reader that goes away early is no error worth a word.
hash t t t t 2>err | head -n1 >/dev/null; [ ! -s err ] || grep -q skipped err || fail "SIGPIPE wasn't quiet"
echo "$checks checks passed"
