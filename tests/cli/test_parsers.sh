#!/bin/sh
# test_parsers.sh - stages that parse lines, end to end: what comes out, what is left out, and what the errors say.
. "$(dirname "$0")/pipeline_rig.sh"

# An access log: good lines between bad ones, over several batches.
i=0
while [ $i -lt 600 ]; do
    echo "192.0.2.$((i % 250)) - - [01/Mar/2026:12:00:00 +0000] \"GET /p$i HTTP/1.1\" $((200 + i)) $i \"-\" \"a \\x22 b\""
    i=$((i + 1))
done >access
{ echo '203.0.113.9 - - [x] "" 400 0 "-" "-"'; echo; sed 's/^/ /' access; cat access; echo -; } >mixed
sed 's/\([^ ]*\) - - \[\(.*\)\] "GET \([^ ]*\) \([^"]*\)" \([0-9]*\) \([0-9]*\) "-" "a \\x22 b"/{"remote_addr":"\1","remote_user":"-","time":"\2","method":"GET","path":"\3","protocol":"\4","status":\5,"bytes":\6,"referer":"-","user_agent":"a \\\\x22 b"}/' access >wanted
want 0 run 'read access | lines | combined | to json | write new'
same wanted new "an access log"
want 0 run --report 'read mixed | lines | combined @onerror=drop | to json | write new'
same wanted new "bad lines are left out"
says 'combined left out 603 by @onerror=drop'
{ head -n 300 access; echo oops; } >late
want 1 run 'read late | lines | combined | to json | write none'
says 'record 301, byte 1: no address and blank: @onerror=drop leaves out such lines'
[ ! -e none ] || fail "an output was left"
want 0 run 'read access | lines | combined | where .status >= 700 && .bytes < 502 | keep .path,.status | to json | write new'
printf '{"path":"/p500","status":700}\n{"path":"/p501","status":701}\n' >wanted
same wanted new "fields are numbers"
want 0 run 'read access | lines | combined | where .bytes == 0 | to raw | write new'
head -n 1 access >wanted
same wanted new "a record that was parsed is still its line"

# Several batches at once: the same bytes in the same order, or the same lines.
i=0
while [ $i -lt 12 ]; do cat mixed; i=$((i + 1)); done >long
want 0 run 'read long | lines | combined @onerror=drop | where .bytes > 3 | to json | write wanted'
want 0 run 'read long block=4KiB | lines | combined @onerror=drop @par=3 | where .bytes > 3 @par=2 | to json | write new'
same wanted new "@par keeps the order"
want 0 run 'read wanted | lines | json @par=4 @order=any | where .bytes > 3 @par=2 @order=any | to json | write new'
sort wanted >wanted.sorted; sort new >new.sorted
same wanted.sorted new.sorted "@order=any keeps the lines"
want 0 run 'read wanted | lines | json @par=4 | to json | write new'
same wanted new "json @par"
want 1 run 'read long | lines | combined @par=2 | to json | write none'
says ': @onerror=drop leaves out such lines'

# Names with values.
printf 'level=info msg="a \\"b\\"" n=12\n\nlevel=error n=7 slow\n' >log
want 0 run 'read log | lines | logfmt | print'
printf '{"level":"info","msg":"a \\"b\\"","n":"12"}\n{"level":"error","n":"7","slow":true}\n' >wanted
same wanted out logfmt
want 0 run 'read log | lines | logfmt numbers | where .n > 10 || .slow | to json | write new'
printf '{"level":"info","msg":"a \\"b\\"","n":12}\n{"level":"error","n":7,"slow":true}\n' >wanted
same wanted new numbers
printf 'a: 1; b: 2\n' >pairs
want 0 run 'read pairs | lines | kv pair=";" value=":" | print "{.a}+{.b}"'
printf '1+2\n' >wanted
same wanted out kv
printf 'a=1\na="x\n' >broken
want 1 run 'read broken | lines | logfmt | to json | write none'
says 'record 2, byte 3: a quote is opened and not closed'
want 0 run --report 'read broken | lines | logfmt @onerror=drop | to json | write new'
says 'logfmt left out 1 by @onerror=drop'
want 1 run 'read pairs | lines | kv pair="" | to json | write none'
says 'pair= and value= are texts of at least one byte'
want 2 run 'read pairs | lines | kv par=";" | to json | write none'
says "did you mean 'pair'?"
# CSV and syslog.
printf 'a,b\n1,"x, ""y"""\n' >one.csv
printf 'a,b\r\n2,z\r\n' >two.csv
cat one.csv two.csv >both.csv
want 0 run 'read both.csv | lines | csv numbers | print'
printf '{"a":1,"b":"x, \\"y\\""}\n{"a":2,"b":"z"}\n' >wanted
same wanted out "csv, the header twice"
want 0 run 'read one.csv | lines | csv names=x,y header | print "{.y}"'
printf 'x, "y"\n' >wanted
same wanted out "csv with names"
printf 'a,b\n1\n3,4\n' >bad.csv
want 1 run 'read bad.csv | lines | csv | print'
says 'record 2, byte 2: fewer fields than names: @onerror=drop leaves out such lines'
want 0 run 'read bad.csv | lines | csv @onerror=drop | print "{.b}"'
printf '4\n' >wanted
same wanted out "bad lines of csv"
want 1 run 'read bad.csv | lines | csv delimiter="ab" | print'
says 'delimiter= is one byte'
want 1 run 'read bad.csv | lines | csv names=a,a | print'
says 'none empty, and none twice'
printf 'a,a\n1,2\n' >twice.csv
want 1 run 'read twice.csv | lines | csv @onerror=drop | print'
says 'record 1, byte 3: a name of the header is empty, not UTF-8, or there twice'
printf '<165>1 2026-03-01T12:00:00Z h app 8710 - [a@1 b="c"] words\n<34>Oct 11 22:14:15 h su: no\n?\n' >sys
want 0 run 'read sys | lines | syslog @onerror=drop | where .severity == "notice" && .structured_data["a@1"].b == "c" | print "{.facility} {.procid} {.message}"'
printf 'local4 8710 words\n' >wanted
same wanted out syslog
want 1 run 'read sys | lines | syslog | print'
says 'record 3, byte 1: neither a <priority> nor a time'

# Events of several lines.
if "$weir" --version | grep -q 'regular expressions: none'; then echo "skipped: multiline, regex"; echo "$checks checks"; exit 0; fi
i=0
while [ $i -lt 400 ]; do
    printf '2026-11-26 error %s\n\tat a(B.java)\n\tat c\n' $i
    [ $((i % 3)) = 0 ] || echo "2026-11-26 fine $i"
    i=$((i + 1))
done >trace
want 0 run 'read trace block=4KiB | lines | multiline start=/^[0-9]{4}-[0-9]{2}-[0-9]{2}/ join="\\n" | to raw | write new'
awk '/^[0-9][0-9][0-9][0-9]-/{if(NR>1)printf "\n"; printf "%s",$0; next} {printf "%s%s",(NR>1?"\\n":""),$0} END{printf "\n"}' trace >wanted
same wanted new "events"
want 0 run 'read trace | lines | multiline start=/^2/ | where .line =~ /fine 1$/ | print'
printf '{"line":"2026-11-26 fine 1"}\n' >wanted
same wanted out "an event of one line"
want 1 run 'read trace | lines | multiline start=/^2/ max=30 | to raw | write none'
says 'the event that ends before record 4 is longer than max=30: a larger max= takes it, @onerror=drop leaves it out'
want 0 run --report 'read trace | lines | multiline start=/^2/ max=30 @onerror=drop | to raw | write new'
grep fine trace >wanted
same wanted new "long events are left out"
says 'multiline left out 400 by @onerror=drop'
# What waits for its end longer than timeout= is one.
mkfifo pipe
"$weir" run --io="$io" 'stdin | lines | multiline start=/^2/ timeout=1ms join="+" | print' <pipe >out &
exec 3>pipe
printf '2a\nb\n' >&3
until [ -s out ]; do kill -0 $! || fail "it ended"; done
exec 3>&-
wait $! || fail "exit $?"
printf '{"line":"2a+b"}\n' >wanted
same wanted out "a timeout"
want 2 run 'stdin | lines | multiline | print'
says 'multiline: start is missing'
want 2 run 'stdin | lines | multiline start=abc | print'
says 'start wants a regular expression such as /^[0-9]/'
want 2 run 'stdin | lines | multiline start=/(/ | print'
says 'regular expression: missing closing parenthesis'
# Named groups.
want 0 run 'read access | lines | regex /"(?<verb>[A-Z]+) (?<path>\S+) [^"]*" (?<status>\d+)/ numbers | where .status == 700 | print'
printf '{"verb":"GET","path":"/p500","status":700}\n' >wanted
same wanted out "named groups"
want 1 run 'read mixed | lines | regex /(?<verb>GET)/ | print'
says "record 1, byte 1: the regular expression doesn't match: @onerror=drop leaves out such lines"
want 1 run 'read access | lines | regex /GET/ | print'
says 'a field is a group with a name: (?<name>...)'

# lines of what is still compressed: the way out is another one
for codec in gzip zstd lz4; do
    want 0 run "read access | $codec | write packed"
    want 1 run 'read packed | lines | json | null'
    says "this is compressed data: put 'decompress' before 'lines'"
    want 0 run 'read packed | lines | json @onerror=drop | null'
done
echo "$checks checks"
