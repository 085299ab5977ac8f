#!/bin/sh
# test_hash_duplicates.sh - weir hash --duplicates: which files are the same, and one in place of several.
. "$(dirname "$0")/hash_rig.sh"

mkdir -p t/a t/b
head -c 20000 /dev/zero >t/zero; cp t/zero t/b/zero; { head -c 19999 /dev/zero; printf x; } >t/a/tail # the same head and size
{ printf x; head -c 19999 /dev/zero; } >t/a/head # the same size
echo one >t/a/1; echo one >t/b/1; echo one >"t/b/new
line"; echo two >t/a/2; : >t/empty1; : >t/empty2
head -c 5000000 /dev/zero >t/a/large; cp t/a/large t/b/large
ln t/a/1 t/z-link; ln t/a/2 t/2-link
touch -d 2001-01-01 t/b/1; touch -d 2011-01-01 t/a/large

want 0 hash --duplicates t
printf '%s\n' t/a/1 t/b/1 '\t/b/new\nline' '' t/a/large t/b/large '' t/b/zero t/zero '' >wanted
same out wanted "groups"
grep -q '^weir: 3 groups, 4 duplicates: 5.02 MB; 1 hard links$' err || fail "$(cat err)"
cp out text
for j in 1 8; do hash -j$j --duplicates t 2>/dev/null >out; same out text "-j$j"; done
hash --duplicates=report -a sha256 --quiet t >out 2>err; same out text "sha256"; [ ! -s err ] || fail "--quiet spoke"
hash --duplicates --cache c t -o o 2>/dev/null; same o text "with a cache, to a file"
hash --duplicates --cache c t 2>/dev/null >out; same out text "from a cache"
hash --duplicates t/b t/a 2>/dev/null >out; head -n1 out | grep -q '^t/b/1$' || fail "the order of the paths"
hash --duplicates t/a/1 t/b/1 t/a/2 2>/dev/null >out; printf '%s\n' t/a/1 t/b/1 '' >wanted; same out wanted "files by name"
hash --duplicates --min 10000 --exclude b t 2>/dev/null >out; [ ! -s out ] || fail "rules"
want 0 hash --duplicates --format json t
python3 - <<'PY' || fail "json"
import json
groups = [json.loads(line) for line in open("out")]
assert [g["size"] for g in groups] == [4, 5000000, 20000] and [g["wasted"] for g in groups] == [8, 5000000, 20000]
assert groups[0]["files"] == [{"path": "t/a/1"}, {"path": "t/b/1"}, {"path": "t/b/new\nline"},
                              {"path": "t/z-link", "link_of": "t/a/1"}], groups[0]
PY
want 0 hash --duplicates --format csv t; [ "$(head -n1 out)" = "$(printf 'group,size,xxh128,kind,path\r')" ] || fail "csv"

# Nothing is done without a yes; then one file in place of several, compared first, its name never without a file.
find t -type f -exec sha256sum {} + | LC_ALL=C sort -k2 >before
want 2 hash --duplicates=hardlink t; grep -q 'add --yes' err || fail "no way out"
cp -a t l; want 0 hash --duplicates=hardlink --yes l
printf '%s\n' 'l/a/1: LINKED to l/b/1' '\l/b/new\nline: LINKED to l/b/1' 'l/z-link: LINKED to l/b/1' \
    'l/b/large: LINKED to l/a/large' 'l/b/zero: LINKED to l/zero' >wanted
same out wanted "hardlink keeps the oldest"
[ l/a/large -ef l/b/large ] && [ l/a/1 -ef l/z-link ] && [ l/a/1 -ef l/b/1 ] || fail "no links"
(cd l && find . -type f -exec sha256sum {} +) | sed 's# \./# t/#; s#^\(\\*\)\([0-9a-f]*\)  \./#\1\2  t/#' | LC_ALL=C sort -k2 >after
same after before "the contents"
want 0 hash --duplicates l; [ ! -s out ] || fail "there is more to link"
[ -z "$(find l -name '*weir*')" ] || fail "something stayed behind"
cp -a t d; want 0 hash --duplicates=delete --keep first --yes d; [ ! -e d/b/1 ] && [ -e d/a/1 ] || fail "delete"
[ -e d/z-link ] || fail "another name of the one that stays was removed"
want 0 hash --duplicates d; [ ! -s out ] || fail "there is more to delete"
cp -a t k; want 0 hash --duplicates=delete --keep newest --format json --yes k; [ -e k/b/large ] && [ ! -e k/a/large ] || fail "--keep newest"
grep -qF '{"path":"k/a/large","state":"deleted","from":"k/b/large"}' out || fail "json of an action"
cp -a t f; "$weir" hash --io="$io" --duplicates=reflink --yes f >out 2>err; got=$?
if [ $got = 1 ] && grep -q 'not supported' err; then
    echo "skipped: reflink, which this file system has not; it says so"
    cmp -s t/b/large f/b/large || fail "a reflink that can't be changed a file"
else
    [ $got = 0 ] && cmp -s t/b/large f/b/large || fail "reflink"
fi

# On a file system that shares, in a file: what was two is one, and its bytes are the same.
if [ "$(id -u)" = 0 ] && command -v mkfs.btrfs >/dev/null 2>&1 && truncate -s 200M disk && mkfs.btrfs -q disk >/dev/null 2>&1 &&
    mkdir shares && mount -o loop disk shares 2>/dev/null; then
    mkdir shares/t; head -c 5000000 /dev/urandom >shares/t/a; cat shares/t/a >shares/t/b
    "$weir" hash --io="$io" --duplicates=reflink --yes shares/t >out 2>err; got=$?
    sync; owned=$(btrfs filesystem du -s --raw shares/t | awk 'END { print $2 }')
    cmp -s shares/t/a shares/t/b; differ=$?
    umount shares
    [ $got = 0 ] && [ $differ = 0 ] && [ "$owned" = 0 ] || { cat out err >&2; fail "reflink: $got, $differ, $owned bytes apart"; }
    checks=$((checks + 1))
else
    echo "skipped: reflink for real: not root, no mkfs.btrfs, or no loop device"
fi

# A copy elsewhere is none to link to, or to delete for.
if [ -d /dev/shm ] && [ "$(stat -c %d /dev/shm)" != "$(stat -c %d .)" ]; then
    other=$(mktemp -d -p /dev/shm) && cp t/a/1 "$other/x" && cp t/a/1 "$other/y"; mkdir one; cp t/a/1 one/x
    want 0 hash --duplicates=delete --keep first --yes one "$other"
    [ -e one/x ] && [ -e "$other/x" ] && [ ! -e "$other/y" ] || { rm -rf "$other"; fail "across devices"; }
    rm -rf "$other"
else
    echo "skipped: two file systems, of which there is one here"
fi
want 2 hash --duplicates -a sha256,md5 t; want 2 hash --duplicates -c text; want 2 hash --duplicates=hardlnik t
want 2 hash --yes t; want 1 hash --duplicates nowhere

# The same answer as jdupes and rmlint, names of one file taken for one, on trees by chance.
for tool in jdupes rmlint; do
    command -v $tool >/dev/null 2>&1 || { echo "skipped: the comparison with $tool, which is not here"; continue; }
    python3 - "$weir" $tool "${SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}" <<'PY' || fail "$tool says something else"
import os, random, shutil, subprocess, sys
weir, tool, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
print(tool, "seed", seed)
chance = random.Random(seed)
def groups(text):
    found = set()
    for block in text.split("\n\n"):
        ids = frozenset(os.stat(p).st_ino for p in block.split("\n") if p)
        if len(ids) > 1: found.add(ids)
    return found
for turn in range(3):
    shutil.rmtree("r", ignore_errors=True)
    paths = []
    for i in range(150):
        path = f"r/{chance.choice('abc')}/{chance.choice('xyz')}{i}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if paths and chance.random() < 0.1: os.link(chance.choice(paths), path)
        elif paths and chance.random() < 0.3: shutil.copy(chance.choice(paths), path)
        else:
            data = bytearray(chance.choice([1, 100, 4096, 16384, 20000, 70000]))
            if chance.random() < 0.5: data[chance.randrange(len(data))] = chance.randrange(3)
            open(path, "wb").write(data)
        paths.append(path)
    ours = subprocess.run([weir, "hash", "--duplicates", "r"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    if tool == "jdupes": command = ["jdupes", "-r", "-q", "r"]
    else: command = ["rmlint", "-o", "fdupes:rm.out", "-T", "df", "-r", "--keep-hardlinked", "r"]
    theirs = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True).stdout
    if tool == "rmlint": theirs = open("rm.out").read()
    assert groups(ours) == groups(theirs), (turn, len(groups(ours)), len(groups(theirs)))
PY
    checks=$((checks + 3))
done
echo "$checks checks passed"
