#!/bin/sh
# test_hash_audit.sh - weir hash --audit: what became of the files of a manifest; and that hashdeep -a says the same.
. "$(dirname "$0")/hash_rig.sh"
lines() { sort out >sorted; sort >wanted; same sorted wanted "$1"; }

mkdir -p t/a t/b
for i in 1 2 3 4 5 6 7 8 9; do echo $i >t/a/$i; done
printf nl >"t/b/new
line"; : >t/b/empty; : >t/b/void
hash -a sha256 t >m
want 0 hash --audit m t; [ "$(grep -c ': OK$' out)" = 12 ] || fail "not all are OK"
grep -q '^weir: 12 ok, 0 changed, 0 moved, 0 new, 0 missing$' err || fail "counts"
want 0 hash --audit m t --quiet; [ ! -s out ] || fail "--quiet printed something"

echo changed >t/a/1               # changed
mv t/a/2 t/b/2                    # moved
rm t/a/3                          # missing
echo new >t/n                     # new
cp t/a/4 t/copy                   # new, a copy
mv t/a/5 t/a/55; echo new >t/a/5  # moved, and another in its place
echo 7 >t/a/6                     # changed, to what another is
rm t/b/void                       # missing, though another is as empty
want 1 hash --audit m t
lines "the states" <<'T'
t/a/1: CHANGED
t/a/3: MISSING
t/a/4: OK
t/a/5: CHANGED
t/a/55: MOVED from t/a/5
t/a/6: CHANGED
t/a/7: OK
t/a/8: OK
t/a/9: OK
t/b/2: MOVED from t/a/2
t/b/empty: OK
\t/b/new\nline: OK
t/b/void: MISSING
t/copy: NEW
t/n: NEW
T
grep -q '^weir: 6 ok, 3 changed, 2 moved, 2 new (1 of them a copy), 2 missing$' err || fail "counts"
cp out text
want 1 hash --audit m t --status; [ ! -s out ] && [ ! -s err ] || fail "--status printed something"
want 1 hash --audit m t --quiet; grep -v ': OK$' text >wanted; same out wanted --quiet
want 1 hash --audit m t --format json
grep -qF '{"path":"t/b/2","state":"moved","from":"t/a/2"}' out || fail "json"
[ "$(wc -l <out)" = 15 ] || fail "json has $(wc -l <out) lines"
want 1 hash --audit m t --format csv; head -n1 out | grep -q '^path,state,from' || fail "csv's header"
[ "$(hash --audit m -j8 t 2>/dev/null | cksum)" = "$(cksum <text)" ] || fail "another order with other workers"

# How a path is spelled doesn't matter, what stands in the manifest may be any format, and the manifest isn't new.
(cd t && hash -a md5 --format json . -o list.json && hash --audit list.json --quiet . >../out 2>../err) ||
    fail "the manifest in its own directory"
[ ! -s out ] || fail "something differs from itself: $(cat out)"
(cd t && hash --audit list.json --quiet a b copy n >../out 2>../err) || fail "paths without ./"
rm t/list.json

# With a cache only what has changed is read; the verdict is the same.
hash --audit m t --cache c >/dev/null 2>&1; want 1 hash --audit m t --cache c; same out text "with a cache"

want 2 hash --audit m -c m; want 2 hash --audit m --tree t; want 2 hash --audit m -a sha256,md5 t
: >nothing; want 1 hash --audit nothing t; grep -q 'no properly formatted' err || fail "an empty manifest"
want 1 hash --audit nowhere t
if [ "$(id -u)" != 0 ]; then
    chmod 0 t/a/9; want 1 hash --audit m t --quiet; grep -q '^t/a/9: UNREADABLE$' out || fail "an unreadable file"
    chmod 644 t/a/9
else
    echo "skipped: an unreadable file, which root can read"
fi

if ! command -v hashdeep >/dev/null 2>&1; then
    echo "skipped: the comparison with hashdeep, which is not here"
else
    # Trees with changes by chance; of each file the two say the same, as far as hashdeep knows the difference.
    python3 - "$weir" "${SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}" <<'PY' || fail "hashdeep says something else"
import os, random, shutil, subprocess, sys
weir, seed = sys.argv[1], int(sys.argv[2])
print("seed", seed)
chance = random.Random(seed)
run = lambda *words: subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
for turn in range(8):
    shutil.rmtree("h", ignore_errors=True)
    names = [f"h/{chance.choice('abc')}/{i}" for i in range(60)]
    for name in names:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        open(name, "w").write(name)
    open("h.weir", "w").write(run(weir, "hash", "-a", "sha256", "h").stdout)
    open("h.deep", "w").write(run("hashdeep", "-r", "-l", "-c", "sha256", "h").stdout)
    for i, name in enumerate(chance.sample(names, 25)):
        what = chance.choice(["change", "move", "remove", "copy", "new"])
        if what == "change": open(name, "a").write("changed")
        elif what == "move": os.rename(name, f"{name}.moved{i}")
        elif what == "remove": os.unlink(name)
        elif what == "copy": shutil.copy(name, f"h/copy{i}")
        else: open(f"h/new{i}", "w").write(f"new {i}")
    moved_from, state = set(), {}
    for line in run(weir, "hash", "--audit", "h.weir", "h").stdout.splitlines():
        path, _, word = line.partition(": ")
        state[path] = word.split()[0]
        if word.startswith("MOVED"): moved_from.add(word.split(" from ")[1])
    ours = ({p for p, s in state.items() if s in ("CHANGED", "MOVED", "NEW")},
            {p for p, s in state.items() if s == "MISSING" or (s == "CHANGED" and p not in moved_from)},
            sum(s == "OK" for s in state.values()), {p for p, s in state.items() if s == "MOVED"})
    deep = run("hashdeep", "-r", "-l", "-a", "-vv", "-k", "h.deep", "h")
    lines = [line.rpartition(": ") for line in deep.stdout.splitlines() if line.startswith("h/")]
    matched = next(int(l.split(":")[1]) for l in deep.stdout.splitlines() if "Files matched" in l)
    theirs = ({p for p, _, w in lines if w.startswith(("No match", "Moved from"))},
              {p for p, _, w in lines if w == "Known file not used"}, matched)
    deep_moved = {p for p, _, w in lines if w.startswith("Moved from")}
    assert ours[:3] == theirs, (turn, ours, theirs)
    assert ours[3] <= deep_moved, (turn, ours[3] - deep_moved)
    assert (deep.returncode != 0) == bool(ours[0] or ours[1])
PY
    checks=$((checks + 8))
fi
echo "$checks checks passed"
