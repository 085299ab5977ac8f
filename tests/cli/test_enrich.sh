#!/bin/sh
# test_enrich.sh - lookup: records get the fields of the rows of a file, beside what join(1) makes of the same.
. "$(dirname "$0")/pipeline_rig.sh"

printf '{"id":5,"name":"old","x":1.50}\n{"id":"6"}\n{"id":7}\n{"name":"none"}\n{"id":null}\n' >data.json
printf '\357\273\277id,name,city\r\n5,Ann,"Aix, ""en"" P"\r\n6,Bob,\r\n\r\n' >users.csv
printf '{"id":5,"name":"Ann","n":[1, 2],"line":"no"}\n\n{"name":"Bob","id":"6"}\n' >users.json

# Fields of the row are set: one that is there in its place, others at the end. Who isn't found goes on as it is.
want 0 run 'read data.json | lines | json | lookup users.csv on .id | to json | write new'
cat >wanted <<'END'
{"id":5,"name":"Ann","x":1.50,"city":"Aix, \"en\" P"}
{"id":"6","name":"Bob","city":""}
{"id":7}
{"name":"none"}
{"id":null}
END
same wanted new "CSV"
want 0 run 'read data.json | lines | json | lookup users.json on .id | to json | write new'
cat >wanted <<'END'
{"id":5,"name":"Ann","x":1.50,"n":[1,2]}
{"id":"6","name":"Bob"}
{"id":7}
{"name":"none"}
{"id":null}
END
same wanted new "JSON"
want 0 run 'read data.json | lines | json | lookup users.json on .id as .user | where exists(.user) | keep .id,.user | to json | write new'
printf '%s\n' '{"id":5,"user":{"name":"Ann","n":[1,2],"line":"no"}}' '{"id":"6","user":{"name":"Bob"}}' >wanted
same wanted new "as one field"
want 0 run 'read data.json | lines | json | rename .id=.who | lookup users.csv on .who key=.id as .u | keep .who,.u | head 1 | to json | write new'
printf '%s\n' '{"who":5,"u":{"name":"Ann","city":"Aix, \"en\" P"}}' >wanted
same wanted new "another name"

# Many rows, beside join.
seq 1 20000 | awk '{ print $1 "," $1 * 7 }' | sed '1i k,v' >big.csv
seq 1 3 30000 | sed 's/.*/{"k":&}/' >keys.json
want 0 run 'read keys.json | lines | json | lookup big.csv on .k | where exists(.v) | to json | write new'
seq 1 3 20000 | awk '{ print "{\"k\":" $1 ",\"v\":\"" $1 * 7 "\"}" }' >wanted
same wanted new "many"
: >empty
want 0 run 'read data.json | lines | json | lookup empty on .id | to json | write new'
same data.json new "an empty file"
want 0 run 'read empty | lines | json | lookup users.csv on .id | to json | write new'
same empty new "no records"

# What is wrong with the file is told with its line.
bad() {
    want 1 run "read data.json | lines | json | lookup $1 on .id | to json | write none"
    says "$2"
    [ ! -e none ] || fail "an output was left"
}
bad nowhere.csv 'nowhere.csv: No such file or directory'
bad '"."' '.: Is a directory'
printf 'id,a\n1,2\n1,3\n' >twice.csv
bad twice.csv "twice.csv:3: '1' is in line 2 already: twice=first or twice=last takes one of them"
bad 'twice.csv format=json' 'twice.csv:1: byte 1: '
printf '{"id":1}\n{"id":2\n' >broken.json
bad broken.json 'broken.json:2: byte 8: '
printf '{"id":1}\n{"ID":2}\n' >other.json
bad other.json "other.json:2: it has no field 'id': key= says which one is the key"
printf 'a,b\n1,2\n' >other.csv
bad other.csv "other.csv:2: it has no field 'id'"
printf 'id,a\n1,"2\n' >quote.csv
bad quote.csv "quote.csv:2: byte 3: a quoted field isn't closed"
printf '{"id":1}\n' >one.json
want 0 run 'read one.json | lines | json | lookup twice.csv on .id twice=last | to json | write new'
printf '{"id":1,"a":"3"}\n' >wanted
same wanted new "the last"
want 0 run 'read one.json | lines | json | lookup twice.csv on .id twice=first | to json | write new'
printf '{"id":1,"a":"2"}\n' >wanted
same wanted new "the first"
seq 1 400000 | awk '{ print $1 ",x" }' | sed '1i id,v' >huge.csv
want 1 run --mem 16MiB 'read data.json | lines | json | lookup huge.csv on .id | to json | write none'
says "huge.csv: has more rows than its part of --mem takes"

want 2 run 'read data.json | lines | json | lookup users.csv | to json | null'
says "lookup: on is missing"
want 2 run 'read data.json | lines | json | lookup on .id | to json | null'
says "lookup: file is missing"
want 2 run 'read data.json | lines | json | lookup users.csv on .id as .a.b | to json | null'
says "lookup: it is a field of the row itself: .a, but not .a.b"
echo "$checks checks"
