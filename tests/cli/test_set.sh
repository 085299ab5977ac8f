#!/bin/sh
# test_set.sh - set and rename beside what jq and sed make of the same records.
. "$(dirname "$0")/pipeline_rig.sh"
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

# Fields within fields: what is around keeps its order and its spelling; what is no map becomes one.
gives 'set .n.d = .a ?? "d", .n.f.g = 1, .n.f.h = null, .b.x = [1] | drop .c' '{"a":1.50,"b":{"x":[1]},"n":{"d":1.5,"f":{"g":1,"h":null}}}
{"b":{"x":[1]},"n":{"d":"d","e":12345678901234567890,"f":{"g":1,"h":null}}}
{"n":{"d":"d","f":{"g":1,"h":null}},"b":{"x":[1]}}
'
printf '{"o":{ "k\\u0041" : {"s":"}{,:\\"" } , "z":[{"q":1}], "z":2 }, "p":5}\n' >odd.json
want 0 run 'read odd.json | lines | json | set .o.kA.s = "t", .o.z = true, .o["new \"key"] = .o.kA.s, .q = .o.z | to json | write new'
printf '%s\n' '{"o":{"kA":{"s":"t"},"z":[{"q":1}],"z":true,"new \"key":"t"},"p":5,"q":true}' >wanted
same wanted new "odd names"

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

# Several batches at once give what one after the other gives.
want 0 run 'generate kind=json size=2MiB | lines | json | set .k = .status, .n.m = 1 @par=3 | rename .k=.code @par=2 | drop .path @par=2 | keep .code,.n @par=2 | to json | write many'
want 0 run 'generate kind=json size=2MiB | lines | json | set .k = .status, .n.m = 1 | rename .k=.code | drop .path | keep .code,.n | to json | write one'
[ -s one ] || fail "nothing came"
same one many "@par"

# A strict call: the record fails.
want 1 run 'read data.json | lines | json | set .n = int!(.b) | to json | write none'
says 'record 1: .n: int!() has no value for "x": @onerror=drop leaves out such records'
want 0 run 'read data.json | lines | json | set .n = int!(.a) @onerror=drop | to json | write new'
printf '{"a":1.50,"b":"x","c":[1,2.0],"n":1}\n' >wanted
same wanted new "others are left out"
want 1 run 'read data.json | lines | json | where int!(.b) > 1 | to json | write none'
says 'where: record 1: int!() has no value for "x": @onerror=drop leaves out such records'
printf '{"b":"7"}\n{"b":"x"}\n{"b":9}\n' >strict.json
want 0 run 'read strict.json | lines | json | where int!(.b) > 8 @onerror=drop | to json | write new'
printf '{"b":9}\n' >wanted
same wanted new "of which it can't be said"
want 0 run 'read strict.json | lines | json | where int!(.b) > 8 @par=2 @onerror=dead(odd) | null  dead odd -> keep .error,.raw | to json | write new'
printf '{"error":"record 2: int!() has no value for \\"x\\"","raw":"{\\"b\\":\\"x\\"}"}\n' >wanted
same wanted new "where such go"
want 2 run 'files "." | where int!(.name) > 8 @onerror=drop | null'
says "where can't do @onerror=drop: a file that fails is told of, the others are done, and the exit code says it"
want 2 run 'read a | zstd @onerror=drop | null'
says "zstd can't do @onerror=drop: what is wrong with a stream of bytes is wrong with all that follows"

# Mistakes are told before anything runs.
want 2 run 'read data.json | lines | json | set .a == 1 | null'
says "one '=' is missing here: a field gets a value by .name = value"
want 2 run 'read data.json | lines | json | set | null'
says "set: fields is missing"
want 2 run 'read data.json | lines | json | set .a = uper(.b) | null'
says "unknown function 'uper' (did you mean 'upper'?)"
want 2 run 'read data.json | lines | json | set .a[0] = 1 | null'
says "set: it sets fields, .a or .a.b, but no items of lists"
want 2 run 'read data.json | lines | json | set .line.a = 1 | null'
says "set: .line is the raw line, and has no fields"
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
tr -s " \n" " " <out | grep -qF ".line is the raw line" || fail "stages: $(cat out)"
echo "$checks checks"
