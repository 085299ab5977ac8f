#!/bin/sh
# test_lines.sh - bytes into records and back, beside what grep and sed make of the same text.
. "$(dirname "$0")/pipeline_rig.sh"

# Odd bytes, CRLF, empty lines, lines that cross chunks, one of 600 KB, none at the end.
{
    seq 1 60000
    seq 1 3000 | sed 's/$/\r/'
    printf 'a\000b\n\n\r\n\377\376 100\r\r\n'
    head -c 600000 /dev/zero | tr '\0' z
    echo 100
    head -c 300000 /dev/urandom
    printf '\nthe last 100'
} >text
printf 'only' >short; : >empty; printf '\n' >newline; printf 'x\r' >cr

for file in text short empty newline cr; do
    want 0 run "read $file | lines | to raw | write new"
    # a newline behind the last line, if it has none; a CR stays there
    { cat $file; [ -z "$(tail -c 1 $file | tr '\n\0' 'Ny' | tr -d N)" ] || echo; } >whole
    sed 's/\r$//' whole >wanted
    [ $file != cr ] || printf 'x\r\n' >wanted
    same wanted new "$file as it is"
    want 0 run "read $file block=4KiB | lines | where contains(.line, \"100\") | to raw | write new"
    grep -a 100 wanted >found
    same found new "$file, lines with 100"
done

# One line is one record, and the memory that a run may have need not be much.
want 0 run --mem 16MiB "read text block=1MiB | lines | where !contains(.line, \"1\") | to raw | write new"
{ cat text; echo; } | sed 's/\r$//' | grep -av 1 >wanted
same wanted new "little memory"
want 0 sh -c "printf 'a\nb\"\n\377\n' | $weir run --io=$io 'stdin | lines | print'"
printf '{"line":"a"}\n{"line":"b\\""}\n{"line_b64":"/w=="}\n' >wanted
same wanted out "as JSON"
want 0 sh -c "printf 'a\nb' | $weir run --io=$io 'stdin | lines | print \"<{.line}>\"'"
printf '<a>\n<b>\n' >wanted
same wanted out "a template"

# Too long: an error, or left out.
want 1 run 'read text | lines max=1000 | to raw | write none'
says "is longer than max=1000: a larger max= takes it, @onerror=drop leaves it out"
[ ! -e none ] || fail "an output was left"
want 0 run 'read text | lines max=1000 @onerror=drop | to raw | write new'
{ cat text; echo; } | sed 's/\r$//' | awk 'length($0) <= 1000' >wanted
grep -qaF zzzzzz new && fail "a line that is too long"
grep -qaF 'the last 100' new || fail "what follows it is gone"
checks=$((checks + 2))
printf 'abc\r\nabcd\nabc' >three
want 0 run 'read three | lines max=3 @onerror=drop | to raw | write new'
printf 'abc\nabc\n' >wanted
same wanted new "a CR is not counted"
want 2 run 'read text | lines | write new'
says "write takes bytes or files, but lines gives records"
want 2 run 'read text | lines | to rwa | write new'
says "did you mean 'raw'?"
# What a filter wants is looked for before lines are cut: the same lines, and the same ones are too long.
{
    awk 'BEGIN { srand(3); for (i = 0; i < 1500; i++) { n = int(rand() * 300); s = ""; while (n-- > 0) s = s substr("abx ", 1 + int(rand() * 4), 1)
        if (i % 20 == 0) s = s "needle" substr(s, 1, 3); printf "%s%s\n", s, i % 11 ? "" : "\r" } }'
    head -c 70000 /dev/zero | tr '\0' x
    printf 'needle\n'
    head -c 300000 /dev/zero | tr '\0' y
    printf '\nthe last needle'
} >hay
for block in 4KiB 256KiB; do
    for max in 1MiB 300 6 70006; do
        want 0 run "read hay block=$block | lines max=$max @onerror=drop | where contains(.line, \"needle\") | to raw | write found"
        want 0 run "read hay block=$block | lines max=$max @onerror=drop | where true && contains(.line, \"needle\") | to raw | write wanted"
        same wanted found "block=$block max=$max"
    done
done
grep -c needle found >count
[ "$(cat count)" -gt 70 ] || fail "needles"
want 1 run 'read hay | lines max=70005 | where contains(.line, "needle") | to raw | write none'
says 'is longer than max=70005: a larger max= takes it'
want 0 run 'read hay | lines | where !contains(.line, "needle") | to raw | write found'
grep -v needle hay | sed 's/\r$//' >wanted
same wanted found "without it"
# A file of many blocks is read and looked through by several at once: the same lines, in their order.
for i in 1 2 3 4 5 6 7 8; do cat hay text; done >hays
{ cat hays; echo; } | sed 's/\r$//' | grep -a needle >wanted
for workers in 1 2 3 8; do
    for block in 512 3000 4KiB 256KiB; do
        want 0 run --workers $workers "read hays block=$block | lines | where contains(.line, \"needle\") | to raw | write found"
        same wanted found "workers=$workers block=$block"
    done
    want 0 run --workers $workers --mem 4MiB "read hays block=64KiB | lines | where contains(.line, \"needle\") | to raw | write found"
    same wanted found "workers=$workers, little memory"
    want 0 run --workers $workers "read hays hays block=3000 | lines | where contains(.line, \"needle\") | head 100 | to raw | write found"
    head -n 100 wanted >first
    same first found "workers=$workers, the first 100"
    want 0 run --workers $workers "read hays block=4KiB | lines | where .line =~ /^[0-9]*77$/ | to raw | write found"
    { cat hays; echo; } | sed 's/\r$//' | grep -a '^[0-9]*77$' >many
    same many found "workers=$workers, of many hits in a block"
done
want 1 run --workers 2 "read hays block=3000 | lines max=70000 | where contains(.line, \"needle\") | to raw | write none"
says 'is longer than max=70000: a larger max= takes it'
for i in 1 2 3 4 5 6 7 8; do printf 'a needle\n'; head -c 30000 /dev/zero; printf '\n'; done >holes
truncate -s 3M holes; printf 'needle at the end\n' >>holes
want 0 run --workers 2 "read holes block=4KiB | lines max=4MiB | where contains(.line, \"needle\") | to raw | write found"
grep -a needle holes >wanted
same wanted found "a file with a hole"
for filter in 'starts_with(.line, "the last")' '.line == "the last needle"' '.line =~ /^the .* needle/' 'ends_with(.line, "last needle") && .line != ""'; do
    want 0 run "read hay | lines | where $filter | print"
    echo '{"line":"the last needle"}' >wanted
    same wanted out "$filter"
    "$weir" explain "read hay | lines | where $filter | print" | grep -q 'pushed down from where: looks for' || fail "explain $filter"
done
for filter in 'contains(.line, "t") && contains(.line, "needle") && starts_with(.line, "the l")' \
    'contains(.line, "last") && .line =~ /nee[d]le/ && contains(.line, "the")'; do
    want 0 run "read hay | lines | where $filter | print"
    echo '{"line":"the last needle"}' >wanted
    same wanted out "$filter"
done
# What stands behind a pattern, which may complain, isn't asked before it.
want 0 "$weir" explain 'read hay | lines | where contains(.line, "a") && .line =~ /b/ && contains(.line, "c") | print'
grep -q 'looks for the rarest of "a", "b" in' out || fail "texts of an &&: $(grep -A1 pushed out)"
want 0 "$weir" explain 'read hay | lines | where contains(.line, "a") && .x == "b" && contains(.line, "c") | print'
grep -q 'looks for "a" in' out || fail "texts before what isn't of the line: $(grep -A1 pushed out)"
for filter in '!contains(.line, "x")' 'contains(.a, "x")' '.line != "x"' '.line !~ /x/' 'contains(.line, "x") || true'; do
    "$weir" explain "read hay | lines | where $filter | print" | grep -q 'pushed down' && fail "explain $filter"
    checks=$((checks + 1))
done
echo "$checks checks"
