#!/bin/sh
# test_stages.sh - the catalogue, for people and as a JSON Schema that says what the tables say.
set -u
weir=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
fail() { echo "FAILED: $*" >&2; exit 1; }
"$weir" stages --schema >schema || fail "weir stages --schema"
"$weir" stages | sed -n 's/^\([a-z][a-z0-9-]*\)  *.*/\1/p' >names
python=$(command -v python3) || { echo "not read: no python3 here"; exit 77; }
"$python" - <<'END' || fail "the schema is not what the stages say"
import json
schema = json.load(open("schema"))
names = {line.strip() for line in open("names")}
stages = schema["properties"]
assert set(stages) == names, set(stages) ^ names
assert stages["files"]["required"] == [] or "path" in stages["files"]["properties"]
algo = stages["hash"]["properties"]["algo"]
assert algo["type"] == "array" and "sha256" in algo["items"]["enum"], algo
assert stages["read"]["required"] == [], "in a block it is fed its file"
assert stages["write"]["properties"]["atomic"]["type"] == "boolean"
assert stages["each"]["x-in"] == ["files"] and stages["files"]["x-in"] == []
for name, stage in stages.items():
    assert stage["description"] and all(o["description"] for o in stage["properties"].values()), name
if "zstd" in stages:
    level = stages["zstd"]["properties"]["level"]
    assert level["minimum"] == 1 and level["default"] == 3, level
END
"$weir" stages --schmea 2>err && fail "a mistyped option is taken"
grep -qF "did you mean '--schema'?" err || fail "$(cat err)"
"$weir" stages --schema zstd 2>err && fail "a name beside --schema is taken"
"$weir" stages hsah 2>err && fail "an unknown stage is taken"
grep -qF "did you mean 'hash'?" err || fail "$(cat err)"
echo "names and schema agree"
