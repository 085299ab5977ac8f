#!/bin/sh
# test_to.sh - records as CSV, TSV, logfmt and MessagePack, read back by whoever else reads them here.
. "$(dirname "$0")/pipeline_rig.sh"

LC_ALL=C.UTF-8

cat >records <<'END'
{"a":1,"b":"x, \"y\"","c":1.50}
{"c":"\t\\\n;","a":null}
{"a":[1,{"x":"é"}],"b":"","c":-70000}
END

want 0 run 'read records | lines | json | to csv | write new'
printf 'a,b,c\n1,"x, ""y""",1.50\n,,"\t\\\n;"\n"[1,{""x"":""é""}]",,-70000\n' >wanted
same wanted new csv
want 0 run 'read records | lines | json | to csv header=false delimiter=";" | write new'
printf '1;"x, ""y""";1.50\n;;"\t\\\n;"\n"[1,{""x"":""é""}]";;-70000\n' >wanted
same wanted new "csv without a header"
want 0 run 'read records | lines | json | to tsv | write new'
printf 'a\tb\tc\n1\tx, "y"\t1.50\n\t\t\\t\\\\\\n;\n[1,{"x":"é"}]\t\t-70000\n' >wanted
same wanted new tsv
want 0 run 'read records | lines | json | to logfmt | write new'
printf 'a=1 b="x, \\"y\\"" c=1.50\nc="\\t\\\\\\n;" a=null\na="[1,{\\"x\\":\\"é\\"}]" b="" c=-70000\n' >wanted
same wanted new logfmt
want 0 run 'read new | lines | logfmt numbers | keep .c | to json | write back'
printf '{"c":1.5}\n{"c":"\\t\\\\\\n;"}\n{"c":-70000}\n' >wanted
same wanted back "logfmt, read back"

# Which columns there are.
printf '{"a":1}\n{"b":2,"a":3}\n' >other
want 1 run 'read other | lines | json | to csv | write none'
says "record 2: its field .b has no column: say which there are with 'keep .a,.b' before it"
want 0 run 'read other | lines | json | keep .b,.a | where .a > 0 | to csv | write new'
printf 'b,a\n,1\n2,3\n' >wanted
same wanted new "columns of a keep"
want 0 run 'read other | lines | json | keep .b | to csv header=false | write new'
printf '""\n2\n' >wanted
same wanted new "a single column that is empty"
want 0 run 'read other | lines | to csv | lines | csv | to json | write new'
printf '{"line":"{\\"a\\":1}"}\n{"line":"{\\"b\\":2,\\"a\\":3}"}\n' >wanted
same wanted new "lines, there and back"
: >empty
want 0 run 'read empty | lines | json | to csv | write new'
same empty new "no records"
want 1 run 'read other | lines | json | to json header=false | write none'
says 'header= and delimiter= are for csv and tsv: json has no columns'
want 1 run 'read other | lines | json | to csv delimiter="" | write none'
says 'delimiter= is one byte'
want 2 run 'read other | lines | json | to cvs | write none'
says "did you mean 'csv'?"

# Many records, over batches and chunks; what isn't UTF-8 stays as it is.
seq 1 6000 | sed 's/.*/{"n":&,"s":"a \\"&\\"","f":0.25,"l":[true,null]}/' >many
want 0 run 'read many block=4KiB | lines | json | to csv | write many.csv'
seq 1 6000 | sed 's/.*/&,"a ""&""",0.25,"[true,null]"/' | sed '1s/^/n,s,f,l\n/' >wanted
same wanted many.csv "many records"
want 0 run 'read many.csv | lines | csv numbers | keep .n,.s,.f | to json | write back'
sed 's/,"l.*/}/' many >wanted
same wanted back "many records, read back"
printf 'a=\377\n' >odd
want 0 run 'read odd | lines | logfmt | to csv header=false | write new'
printf '\377\n' >wanted
same wanted new "odd bytes in csv"
want 0 run 'read odd | lines | logfmt | to logfmt | write new'
same odd new "odd bytes in logfmt"

# Other readers.
if python3 -c 'import csv, json' 2>/dev/null; then
    want 0 run 'read records | lines | json | to csv | write new'
    want 0 python3 -c '
import csv
with open("new", newline="", encoding="utf-8") as f:
    rows = list(csv.DictReader(f))
assert [r["c"] for r in rows] == ["1.50", "\t\\\n;", "-70000"] and rows[0]["b"] == "x, \"y\"", rows'
else
    echo "skipped: no python3 here"
fi
want 0 run 'read many | lines | json | to msgpack | write new'
if python3 -c 'import msgpack' 2>/dev/null; then
    want 0 python3 -c '
import json, msgpack
with open("new", "rb") as f, open("many") as g:
    assert list(msgpack.Unpacker(f)) == [json.loads(line) for line in g]'
else
    echo "skipped: no python3-msgpack here"
fi
echo "$checks checks"
