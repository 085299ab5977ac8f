#!/bin/sh
# test_bench.sh - weir bench as a user sees it: tables of 80 columns, one JSON document, changes, and what is refused.
. "$(dirname "$0")/io_rig.sh"
bench() { "$weir" bench --io="$io" --runs 2 "$@"; }

a='generate kind=zero size=1MB | hash md5 | null'
head -c 100000 /dev/urandom >file
want 0 bench "$a" 'read "${in}" | null' --set in=file
[ "$(grep -cE '^ [12]\. .*x$' out)" = 2 ] || fail "not a row a pipeline: $(cat out)"
[ "$(grep -cE '^(generate|hash|read|null) .*[0-9]%' out)" = 5 ] || fail "not a row a stage: $(cat out)"
[ "$(awk 'length > 80' out)" = "" ] || fail "wider than 80 columns: $(cat out)"

# What waits lies before whom it waits for.
want 0 bench 'generate kind=zero size=3MiB | null @rate=8MiB/s @queue=512KiB'
grep -q '^null .* \(100\.0\|[5-9][0-9]\.[0-9]\)% ' out || fail "the queue isn't full: $(cat out)"

want 0 bench --cold 'read file | null'
grep -q '^cold: ' err || fail "what was done isn't said: $(cat err)"
[ "$(wc -c <file)" = 100000 ] || fail "the input changed"

want 0 bench --json "$a" 'generate size=1kB seed=1 | null'
mv out old.json
python3 - <<'EOF' || fail "the document"
import json
d = json.load(open("old.json"))
assert d["weir_bench"] == 1 and d["cold"] is False and len(d["pipelines"]) == 2
p = d["pipelines"][0]
assert p["pipeline"].startswith("generate kind=zero") and p["runs"] == 2 and p["verdict"]
for key in "took_s", "mb_per_s", "cpu_s_per_gb", "peak_mb":
    assert 0 <= p[key]["min"] <= p[key]["median"] <= p[key]["max"], key
assert [s["name"] for s in p["stages"]] == ["generate", "hash", "null"]
assert p["stages"][0]["out_bytes"] == 1000000 == p["stages"][1]["in_bytes"]
assert p["stages"][0]["queue_max"] == 0 and p["stages"][1]["queue_max"] > 0
assert all(0 <= s["queue_fill"] <= 1 for s in p["stages"])
EOF
want 0 bench "$a" --compare old.json
[ "$(grep -c ' -> ' out)" = 4 ] || fail "not a line a figure: $(cat out)"
# Figures that no run can have: better by far fails nothing, worse does.
sed -E 's/"(took_s)": \{[^}]*\}/"\1": {"min": 1000, "median": 1000, "max": 1000}/' old.json >slow.json
sed -E 's/"(took_s)": \{[^}]*\}/"\1": {"min": 0.000001, "median": 0.000001, "max": 0.000001}/' old.json >fast.json
want 0 bench "$a" --compare fast.json
grep -q 'outside both ranges' out || fail "a change that isn't seen: $(cat out)"
want 1 bench "$a" --compare fast.json --fail-above 50
want 0 bench 'generate size=2kB | null' --compare fast.json --fail-above 50
grep -q 'is not in fast.json' out || fail "$(cat out)"
want 0 bench "$a" --compare slow.json --fail-above 10000

# --- a page that needs nothing else --------------------------------------------------------------------
echo "$a" >a.weir
want 0 bench --html page.html "$a" -e 'read "file" | zstd @name="<z>" | null' -f a.weir --json
[ "$(python3 -c 'import json; print(len(json.load(open("out"))["pipelines"]))')" = 3 ] || fail "not three: $(cat out)"
python3 - <<'EOF' || fail "the page"
import html.parser, re
text = open("page.html", encoding="utf-8").read()
class Page(html.parser.HTMLParser):
    open, void, seen = [], {"meta", "path", "rect"}, {}
    def handle_starttag(self, tag, attrs):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        for name, value in attrs:
            assert name not in ("src", "srcset", "data", "xlink:href") and not (name == "href" and value[0] != "#"), (tag, value)
        if tag not in self.void: self.open.append(tag)
    def handle_startendtag(self, tag, attrs): self.seen[tag] = self.seen.get(tag, 0) + 1
    def handle_endtag(self, tag): assert self.open.pop() == tag, tag
page = Page(); page.feed(text)
assert not page.open and page.seen["section"] == 3 and page.seen["svg"] >= 3 * 4 and "script" not in page.seen, page.seen
assert not re.search(r"https?:|@import|url\(", text)
assert "prefers-color-scheme:dark" in text and "width=device-width" in text
assert "&lt;z&gt;" in text and "<z>" not in text
assert not re.search(r"[\" (,]-?(nan|inf)\b", text), "a figure that is none"
EOF
: >nothing
grep -o 'data-of="[^"]*"' page.html | sort -u >named; grep -o '<th>[^<][^<]*</th>' page.html | sed 's/<th>/data-of="/; s/<.*/"/' | sort -u >titles
[ -s titles ] || fail "no titles"
cmp titles named || fail "a figure does not say what it is, where there is no room for columns"
want 0 bench --html page.html 'read nothing | null'
want 1 bench --html no/such/page.html "$a"
grep -q 'no/such/page.html: No such file' err || fail "$(cat err)"
shout=$4/plugin_shout.so
if [ -e "$shout" ]; then
    want 2 bench 'read file | shout | null'
    want 0 bench --plugin "$shout" 'read file | shout | null'
fi

want 2 bench
want 2 bench "$a" --compare nothere.json
want 2 bench "$a" --compare file
grep -q 'no document' err || fail "$(cat err)"
want 2 bench "$a" --fail-above 5
want 2 bench --suite hsah
grep -q "did you mean 'hash'" err || fail "$(cat err)"
want 2 bench "$a" --suite hash
want 2 bench 'generate size=1kB | nul'
want 1 bench 'read nothere | null'
want 2 bench "$a" --runs 0
echo "done"
