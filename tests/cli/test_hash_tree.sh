#!/bin/sh
# test_hash_tree.sh - weir hash --tree: one digest for a directory, and the way down to a difference.
. "$(dirname "$0")/hash_rig.sh"
digest() { hash --tree "$@" | cut -d' ' -f1; }

mkdir -p t/a/b t/c t/a-x t/empty
echo 1 >t/a/1; echo 2 >t/a/b/2; echo 3 >t/c/3; echo 4 >t/a.txt; echo 5 >t/a-x/5; ln -s c/3 t/link
head -c 70000 /dev/zero >t/c/larger; printf x >"t/c/new
line"

# What docs/formats.md says, computed by another.
cat >tree.py <<'PY'
import hashlib, os, sys
def entry(path, name):
    full = os.path.join(path, name)
    if os.path.islink(full): return b"l", hashlib.sha256(os.readlink(full)).digest()
    if os.path.isdir(full): return b"d", tree(full)
    return b"f", hashlib.sha256(open(full, "rb").read()).digest()
def tree(path):
    names = sorted(os.listdir(path), key=lambda n: n + b"/" if os.path.isdir(os.path.join(path, n)) and
                   not os.path.islink(os.path.join(path, n)) else n)
    text = b"weir tree 1\0"
    for name in names:
        kind, digest = entry(path, name)
        text += kind + len(name).to_bytes(4, "little") + name + digest
    return hashlib.sha256(text).digest()
print(tree(os.fsencode(sys.argv[1])).hex() + "  " + sys.argv[1] + "/")
PY
python3 tree.py t >wanted || fail "python3"
want 0 hash -a sha256 --tree t; same out wanted "the digest of docs/formats.md"
want 0 hash -a sha256 --tree=dirs t; tail -n1 out >last; same last wanted "the root comes last"
[ "$(wc -l <out)" = 6 ] || fail "--tree=dirs has $(wc -l <out) lines"
while read -r line; do
    path=${line#*  }; python3 tree.py "${path%/}" >one; echo "$line" >this; same this one "$path"
done <out

# The same wherever it lies, whoever walks it, in whatever order the file system has it.
plain=$(digest t)
for j in 1 2 8; do [ "$(digest -j$j t)" = "$plain" ] || fail "another digest with $j workers"; done
[ "$(digest --offload=always t)" = "$plain" ] || fail "another digest on the pool"
mkdir r; (cd t && find . -mindepth 1 -type d | sort -r | while read -r d; do mkdir -p "../r/$d"; done
          find . ! -type d | sort -r | while read -r f; do cp -P "$f" "../r/$f" 2>/dev/null; done)
cp t/c/new* r/c/; chmod -R go-rwx r; touch -d 2001-01-01 r/a/1
[ "$(digest r)" = "$plain" ] || fail "a copy has another digest"
[ "$(cd t && digest .)" = "$plain" ] || fail "'.' has another digest"
[ "$(digest t/)" = "$plain" ] || fail "'t/' has another digest"
want 0 hash --cache c --tree t; [ "$(cut -d' ' -f1 out)" = "$plain" ] || fail "with a cache"
want 0 hash --cache c --tree t; [ "$(cut -d' ' -f1 out)" = "$plain" ] || fail "from a cache"

# Any change is another digest: content, name, type, target, an empty directory, two files that swap names.
checks=$((checks + 8))
differs() { [ "$(digest r)" != "$plain" ] || fail "the same digest though $1"; }
back() { [ "$(digest r)" = "$plain" ] || fail "it didn't come back: $1"; }
echo 9 >r/a/1; differs "a file changed"; echo 1 >r/a/1; back "content"
mv r/a/1 r/a/0; differs "a name changed"; mv r/a/0 r/a/1; back "name"
mkdir r/more; differs "there is another directory"; rmdir r/more; back "directory"
rm r/link; ln -s c/4 r/link; differs "a link points elsewhere"; rm r/link
printf c/3 >r/link; differs "a link became a file"; rm r/link; ln -s c/3 r/link; back "link"
mv r/a/1 x; mv r/a/b/2 r/a/1; mv x r/a/b/2; differs "two have swapped names"; mv r/a/1 x; mv r/a/b/2 r/a/1; mv x r/a/b/2; back swap
rmdir r/empty; : >r/empty; differs "a directory became a file"; rm r/empty; mkdir r/empty; back "type"

# From the top to the difference, on another machine.
hash --tree=dirs t -o dirs; hash --tree=all t -o all; hash --tree t -o root
want 0 hash --tree -c dirs; [ "$(grep -c 'OK$' out)" = 6 ] || fail "not all are OK"
want 0 hash --tree -c all --quiet; [ ! -s out ] || fail "--quiet printed something"
echo other >t/a/b/2; mkdir t/c/in; rm t/a-x/5
want 1 hash --tree -c root; echo 't/: FAILED' >wanted; same out wanted "the root alone"
want 1 hash --tree -c dirs --quiet
printf '%s\n' 't/a-x/: FAILED' 't/a/b/: FAILED' 't/a/: FAILED' 't/c/in/: NEW' 't/c/: FAILED' 't/: FAILED' >wanted
same out wanted "the directories"
want 1 hash --tree -c all --quiet --format json
grep -qF '{"path":"t/a/b/2","state":"changed"}' out && grep -qF '{"path":"t/a-x/5","state":"missing"}' out || fail "json"
rm -r t/a/b; want 1 hash --tree -c dirs; grep -q '^t/a/b/: FAILED open or read$' out || fail "a directory that is gone"
for format in bsd json csv; do
    hash --tree=all --format $format r -o f.$format; want 0 hash --tree -c f.$format --quiet
    [ ! -s out ] || fail "$format isn't read back: $(cat out)"
done

# What can't be read has no digest, nor has what is above it.
if [ "$(id -u)" != 0 ]; then
    chmod 0 r/a/b; want 1 hash --tree=dirs r; chmod 755 r/a/b
    grep -q 'r/: has no digest' err && ! grep -q ' r/$' out && grep -q ' r/c/$' out || fail "unreadable"
else
    echo "skipped: an unreadable directory, which root can read"
fi
want 2 hash --tree -a sha256,md5 t; want 2 hash --tree --audit all t; want 2 hash --tree --format sfv -a crc32 t
want 2 hash --tree=dirz t; grep -q 'root, dirs, all' err || fail "the choices aren't said"
echo "$checks checks passed"
