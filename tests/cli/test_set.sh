#!/bin/sh
# test_set.sh - set and rename beside what jq and sed make of the same records.
set -u
weir=$1
io=$2
LC_ALL=C
export LC_ALL
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0
if ! "$weir" hash --io="$io" /dev/null >/dev/null 2>&1; then
    echo "skipped: no io by $io here"
    exit 77
fi
run() { "$weir" run --io="$io" "$@"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
want() {
    wanted=$1; shift
    "$@" >out 2>err
    got=$?
    checks=$((checks + 1))
    [ "$got" = "$wanted" ] || { cat out err >&2; fail "exit $got, not $wanted: $*"; }
}
same() { checks=$((checks + 1)); cmp "$1" "$2" || { cat "$2" >&2; fail "$1 and $2 differ: $3"; }; }
says() { checks=$((checks + 1)); grep -qF -e "$1" err || fail "words: $(cat err)"; }
# $1: stages between json and to json; $2: what must come of data.json
gives() {
    want 0 run "read data.json | lines | json | $1 | to json | write new"
    printf '%s' "$2" >wanted
    same wanted new "$1"
}

printf '{"a":1.50,"b":"x","c":[1, 2.0]}\n{ "b" : "\\u0041", "n":{"d":1.0, "e":12345678901234567890} }\n{}\n' >data.json

# What wasn't changed keeps the spelling of numbers and its place, a changed field its place; new ones stand at the end.
gives 'set .b = upper(.b), .z = 1' '{"a":1.50,"b":"X","c":[1,2.0],"z":1}
{"b":"A","n":{"d":1.0,"e":12345678901234567890},"z":1}
{"b":null,"z":1}
'
# One sees what those before it have set; a field that is only called otherwise keeps its spelling, too.
gives 'set .q = .a, .a = .n, .r = .q == 1.5' '{"a":null,"b":"x","c":[1,2.0],"q":1.50,"r":true}
{"b":"A","n":{"d":1.0,"e":12345678901234567890},"q":null,"a":{"d":1.0,"e":12345678901234567890},"r":false}
{"q":null,"a":null,"r":false}
'
gives 'rename .b=.bee, .nothing=.a' '{"a":1.50,"bee":"x","c":[1,2.0]}
{"bee":"A","n":{"d":1.0,"e":12345678901234567890}}
{}
'
gives 'rename .c = .a | rename .a=.b' '{"b":[1,2.0]}
{"b":"A","n":{"d":1.0,"e":12345678901234567890}}
{}
'
gives 'set .x = .b | rename .x=.y | set .y = 1 | where exists(.a) | keep .y,.a' '{"y":1,"a":1.50}
'

# The raw line is what `to raw` writes, and fields stay what they are; as sed has it, odd bytes too.
{ seq 1 5000 | sed 's/$/ a@b.cd tail/'; printf 'x\377y 1@2\n\n'; head -c 2000000 /dev/zero | tr '\0' z; printf ' a@b.cd'; } >text
want 0 run 'read text | lines max=4MiB | set .line = replace(.line, /[a-z]@[a-z.]+/, "<$0>") + "!" | to raw | write new'
{ cat text; echo; } | sed 's/[a-z]@[a-z.][a-z.]*/<&>/g; s/$/!/' >wanted
same wanted new "lines"
want 0 sh -c "printf 'a\n' | $weir run --io=$io 'stdin | lines | set .line = 12, .n = len(.line) | print'"
printf '{"line":"12","n":2}\n' >wanted
same wanted out "a number as a line, and a field of lines"
want 0 sh -c "printf 'a\n' | $weir run --io=$io 'stdin | lines | rename .line=.message | set .k = .message + .line | print'"
printf '{"message":"a","k":"aa"}\n' >wanted
same wanted out "a line gets a name"
want 0 run 'read data.json | lines | json | set .line = "was" | to json | write new'
want 0 run 'read data.json | lines | json | set .line = "{\"k\": 1}" | json | set .m = 2 | to json | write other'
sed 's/, /,/g; s/ //g; s/\\u0041/A/' data.json >wanted
same wanted new "fields stay when the line goes"
printf '{"k":1,"m":2}\n{"k":1,"m":2}\n{"k":1,"m":2}\n' >wanted
same wanted other "a new line is parsed anew"
: >empty
want 0 run 'read empty | lines | json | set .a = 1 | rename .a=.b | to json | write new'
same empty new "nothing"

# A strict call: the record fails.
want 1 run 'read data.json | lines | json | set .n = int!(.b) | to json | write none'
says 'record 1: .n: int!() has no value for "x": @onerror=drop leaves out such records'
want 0 run 'read data.json | lines | json | set .n = int!(.a) @onerror=drop | to json | write new'
printf '{"a":1.50,"b":"x","c":[1,2.0],"n":1}\n' >wanted
same wanted new "others are left out"
want 1 run 'read data.json | lines | json | where int!(.b) > 1 | to json | write none'
says 'where: {"a":1.50'

# Mistakes are told before anything runs.
want 2 run 'read data.json | lines | json | set .a == 1 | null'
says "one '=' is missing here: a field gets a value by .name = value"
want 2 run 'read data.json | lines | json | set | null'
says "set: fields is missing"
want 2 run 'read data.json | lines | json | set .a = uper(.b) | null'
says "unknown function 'uper' (did you mean 'upper'?)"
want 2 run 'read data.json | lines | json | set . = 1 | null'
says "set: fields wants a field such as .name"
want 2 run 'read data.json | lines | json | rename .a=lower(.b) | null'
says "rename: behind the '=' stands the new name: rename .old=.new"
want 2 run 'read data.json | lines | json | rename .a=.b.c | null'
says "it renames fields of the record itself: .a, but not .a.b"
want 2 run 'read data.json | lines | json | rename .a=.line | null'
says "no field can be called .line"
want 2 run 'read data.json | lines | json | keep .a,.b.c | null'
says "keep: it takes fields of the record itself: .a, but not .a.b"
want 2 run 'read data.json | set .a = 1 | null'
says "set takes records, but read gives bytes"

# fmt, explain and the catalogue know assignments.
printf 'stdin|lines|set   .a=.b+1 ,.c  = -.d|rename .a=.b|print\n' >a.weir
want 0 "$weir" fmt a.weir
printf 'stdin | lines | set .a = .b + 1, .c = -.d | rename .a = .b | print\n' >wanted
same wanted a.weir "fmt"
want 0 "$weir" explain a.weir
grep -qF '.b + 1' out || fail "explain: $(cat out)"
want 0 "$weir" stages set
grep -qF '.line is the raw line (must be given)' out || fail "stages: $(cat out)"
echo "$checks checks"
