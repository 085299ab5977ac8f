#!/bin/sh
# test_documents.sh - pipelines in YAML and JSON: they run as the text does, and their faults have their own places.
. "$(dirname "$0")/io_rig.sh"
says() { checks=$((checks + 1)); grep -qF -e "$2" "$1" || { cat "$1" >&2; fail "$1 doesn't say '$2'"; }; }
if "$weir" --version | grep -q '^YAML and JSON: none'; then
    echo '{"stages": ["stdin"]}' >a.json
    want 2 "$weir" run a.json; says err 'without libfyaml'
    echo "no YAML in this weir: $checks checks"
    exit 0
fi

# --- the same pipeline, three ways ----------------------------------------------------------------------
printf '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n' >in
cat >p.weir <<'END'
let least = 2
read "in" | lines | json | where .a >= 2 | keep .b | to json | write "out.${name}" atomic
test "two" { in {"a":2,"b":"y"} count out == 1 out[0] .b == "y" }
END
want 0 "$weir" fmt --to=yaml p.weir; cp out p.yaml
want 0 "$weir" fmt --to=json p.weir; cp out p.json
want 0 "$weir" fmt --to=json p.yaml; same out p.json "text and YAML give the same JSON"
want 0 "$weir" fmt --to=weir p.yaml; cp out q.weir
want 0 "$weir" fmt --to=yaml q.weir; same out p.yaml "there and back"
cp p.yaml p.yml
for file in p.weir p.yaml p.yml p.json q.weir; do
    want 0 "$weir" check "$file" --set name="$file"
    want 0 "$weir" run --io="$io" "$file" --set name="$file"
    same out.p.weir "out.$file" "$file does the same"
    want 0 "$weir" test "$file" --set name=x; says out "ok 1 - $file: two"
done
[ "$(cat out.p.json)" = '{"b":"y"}' ] || fail "$(cat out.p.json)"
want 0 "$weir" explain p.yaml --set name=x; says out 'path = "out.${name}"'
want 0 "$weir" fmt --from=json --to=weir - <p.json; says out 'where .a >= 2'
for file in "$ready"/*.weir; do
    want 0 "$weir" fmt --to=yaml "$file"; cp out r.yaml; says err 'left out'
    want 0 "$weir" fmt --to=weir r.yaml; cp out r.weir
    want 0 "$weir" fmt --to=yaml r.weir; same out r.yaml "$file there and back"
    want 0 "$weir" fmt --to=json "$file"; cp out r.json
    want 0 "$weir" check r.json --set dir="$dir" --set manifest=in
done

# --- a document's failures, in its own places --------------------------------------------------------------
printf 'stages:\n  - read: in\n  - lines\n  - wehre: .a\n' >f.yaml
want 2 "$weir" check f.yaml; says err "f.yaml:4:5: unknown stage 'wehre' (did you mean 'where'?)"
printf '{"stages": [\n  {"read": "in"},\n  {"zstd": {"level": "x"}}]}\n' >f.json
want 2 "$weir" run f.json; says err 'f.json:3:23: zstd: level wants a number'
printf 'stages: [{read: in}, lines, json, print]\ntests:\n- name: x\n  steps:\n  - in: {a: 1}\n  - out[0]: .a == 2\n' >t.yaml
want 1 "$weir" test t.yaml; says out 't.yaml:6:13: this is not true: .a is 1 (int)'
printf 'a: [\n' >g.yaml
want 2 "$weir" fmt --to=weir g.yaml; says err 'this is no YAML'

# --- fmt never touches a document --------------------------------------------------------------------------------
cp p.yaml before
want 2 "$weir" fmt p.yaml; says err 'p.yaml: the one layout is for texts'
same p.yaml before "it is as it was"
want 2 "$weir" fmt --check --to=json p.weir; says err "don't go together"
want 2 "$weir" fmt --to=yml p.weir
echo "$checks checks"
