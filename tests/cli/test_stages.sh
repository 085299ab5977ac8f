#!/bin/sh
# test_stages.sh - the catalogue, for people and as a JSON Schema that says what the tables say.
. "$(dirname "$0")/rig.sh"
"$weir" stages --schema >schema || fail "weir stages --schema"
"$weir" stages | sed -n 's/^\([a-z][a-z0-9-]*\)  *.*/\1/p' >names
python=$(command -v python3) || { echo "not read: no python3 here"; exit 77; }
"$python" - "$weir" "$ready"/*.weir <<'END' || fail "the schema is not what the stages say"
import json
schema = json.load(open("schema"))
names = {line.strip() for line in open("names")}
stages = schema["$defs"]["stage"]["anyOf"][1]["properties"]
assert set(schema["$defs"]["stage"]["anyOf"][0]["enum"]) == names
options = lambda name: stages[name]["anyOf"][0]
assert set(stages) == names, set(stages) ^ names
assert options("files")["required"] == [] or "path" in options("files")["properties"]
algo = options("hash")["properties"]["algo"]["anyOf"]
assert algo[0]["type"] == "array" and "sha256" in algo[0]["items"]["enum"] and "sha256" in algo[1]["enum"], algo
assert options("read")["required"] == [], "in a block it is fed its file"
assert options("write")["properties"]["atomic"]["type"] == "boolean"
assert stages["each"]["x-in"] == ["files"] and stages["files"]["x-in"] == []
for name, stage in stages.items():
    assert stage["description"] and all(o["description"] for o in options(name)["properties"].values()), name
if "zstd" in stages:
    level = options("zstd")["properties"]["level"]
    assert level["minimum"] == 1 and level["default"] == 3, level

# The schema takes what weir writes, and refuses what weir refuses: by a validator of the few words that it uses.
import re, subprocess, sys
kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
def is_kind(v, kind):
    if kind in ("integer", "number"):
        return isinstance(v, int) and not isinstance(v, bool) or kind == "number" and isinstance(v, float)
    return isinstance(v, kinds[kind])
def valid(v, s):
    if s is True: return True
    if "$ref" in s and not valid(v, schema["$defs"][s["$ref"].split("/")[-1]]): return False
    if "anyOf" in s and not any(valid(v, x) for x in s["anyOf"]): return False
    if "enum" in s and v not in s["enum"]: return False
    t = s.get("type")
    if t is not None and not any(is_kind(v, k) for k in ([t] if isinstance(t, str) else t)): return False
    if isinstance(v, str) and "pattern" in s and not re.search(s["pattern"], v): return False
    if isinstance(v, int) and not s.get("minimum", v) <= v <= s.get("maximum", v): return False
    if isinstance(v, list): return len(v) >= s.get("minItems", 0) and all(valid(x, s.get("items", True)) for x in v)
    if not isinstance(v, dict): return True
    if any(k not in v for k in s.get("required", [])): return False
    if not s.get("minProperties", 0) <= len(v) <= s.get("maxProperties", len(v)): return False
    for k, x in v.items():
        subs = [s["properties"][k]] if k in s.get("properties", {}) else []
        subs += [p for r, p in s.get("patternProperties", {}).items() if re.search(r, k)]
        more = s.get("additionalProperties", True)
        if not subs: subs = [more] if more is not False else [None]
        if any(p is None or not valid(x, p) for p in subs): return False
    return True
for text in sys.argv[2:]:
    got = subprocess.run([sys.argv[1], "fmt", "--to=json", text], capture_output=True)
    assert got.returncode == 0, got
    assert valid(json.loads(got.stdout), schema), (text, got.stdout)
for bad in ({"stage": []}, {"stages": []}, {"stages": ["zsdt"]}, {"stages": [{"zstd": {"level": 40}}]},
            {"stages": [{"zstd": {"lvel": 4}}]}, {"stages": [{"write": {}}]}, {"stages": [{"read": "a", "null": None}]},
            {"stages": [{"read": {"path": "a", "@par": []}}]}, {"tests": [{"name": "x", "steps": [{"count": "3"}]}]},
            {"dead": [{"stages": ["lines"]}]}):
    assert not valid(bad, schema), bad
END
"$weir" stages --schmea 2>err && fail "a mistyped option is taken"
grep -qF "did you mean '--schema'?" err || fail "$(cat err)"
"$weir" stages --schema zstd 2>err && fail "a name beside --schema is taken"
"$weir" stages hsah 2>err && fail "an unknown stage is taken"
grep -qF "did you mean 'hash'?" err || fail "$(cat err)"
echo "names and schema agree"
