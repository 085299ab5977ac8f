#!/bin/sh
# test_run.sh - weir run and weir check as a user sees them: what flows, what is refused and in which words.
. "$(dirname "$0")/pipeline_rig.sh"

# says TEXT: the errors are these lines, to the letter.
says() { checks=$((checks + 1)); printf '%s\n' "$1" >wanted; diff wanted err >&2 || fail "not the words that were expected"; }

# --- bytes go through as they are ------------------------------------------------------------------
head -c 3000000 /dev/urandom >large; printf x >small; : >empty
for file in large small empty; do
    want 0 run "read $file | write copy"; same $file copy "a copy"
    want 0 run "read \"$file\" block=512 | write \"copy\" atomic"; same $file copy "a copy by small blocks"
    want 0 run -e "read $file | hash sha256 as .sha256 | write copy"
    printf '{"size":%d,"sha256":"%s"}\n' "$(wc -c <$file)" "$(sha256sum <$file | cut -c1-64)" >wanted
    same wanted copy "the digest"
done
for pool in inline cpu io; do
    want 0 run "read large | hash sha256 xxh3 @pool=$pool | write $pool"
done
same inline cpu "inline and offloaded"; same inline io "inline and on the io lane"
printf 'let where = "copy"\n# a comment\nread "${in}"   # another\n| write "${where}2"\n' >copy.weir
want 0 run copy.weir --set in=large; same large copy2 "a file with variables"
# What is in hand and what lies in the edges fits the budget, so nobody waits for memory that he holds himself.
want 0 run --mem 2MiB "read large | hash md5 head=1000 | null"
want 0 run --mem 2MiB "read large | hash md5 | write copy"
want 2 run --mem 1MiB "read large | hash md5 | write copy"
says "-e: this pipeline needs at least --mem 2048KiB"
want 0 run --mem 200MiB "read large block=1MiB @queue=1GiB | write copy @queue=1GiB"; same large copy "a copy by large blocks"
[ "$(ls -A | grep -c weir-)" = 0 ] || fail "a file under another name is left: $(ls -A)"

# --- what goes wrong leaves nothing -----------------------------------------------------------------
want 1 run "read nothere | write new"; [ ! -e new ] || fail "a failed run left its output"
says "weir: read: nothere: No such file or directory"
want 1 run "read large | write nodir/new"
says "weir: write: nodir/new: No such file or directory"
printf old >kept
want 1 run "read ./ | write kept"; [ "$(cat kept)" = old ] || fail "a failed run changed its output"
[ "$(ls -A | grep -c weir-)" = 0 ] || fail "a failed run left a file: $(ls -A)"

# --- faults of the text, all at once, each with a way out ---------------------------------------------
want 2 "$weir" check -e 'read "a" | hsah xxh3 | write b'
says "-e:1:12: unknown stage 'hsah' (did you mean 'hash'?)
    read \"a\" | hsah xxh3 | write b
               ^~~~"
printf 'read "a" blok=4KiB\n| hash xxh12\n| write "${dri}/b" @queue=5s\n' >faults.weir
want 2 "$weir" check faults.weir
says "faults.weir:1:10: read has no option 'blok' (did you mean 'block'?)
    read \"a\" blok=4KiB
             ^~~~
    'weir stages read' lists them
faults.weir:2:8: hash: no algo 'xxh12' (did you mean 'xxh128'?)
    | hash xxh12
           ^~~~~
faults.weir:3:10: unknown variable 'dri'
    | write \"\${dri}/b\" @queue=5s
             ^~~~~~
    set it with  let dri = \"...\"  or  --set dri=...
faults.weir:3:27: @queue is a size such as 8MiB
    | write \"\${dri}/b\" @queue=5s
                              ^~"
for broken in 'where .path == "abc' 'where .path =~ /a[bc/' 'where .a ==' 'group by=x' 'fail-if .x ==' 'each { read | '; do
    want 2 "$weir" check -e "files a | $broken"
done
want 2 "$weir" check -e 'files a | where .path =~ /\/(a|b/ | print'
if "$weir" --version | grep -q "expressions: pcre2"; then
    says "-e:1:33: regular expression: missing closing parenthesis
    files a | where .path =~ /\/(a|b/ | print
                                    ^"
    mkdir tree; : >tree/12; : >tree/x7
    want 0 run "files tree | where .name =~ /^x[0-9]/ | print"
    want 1 run 'files tree | where int!(.name) > 1 | print "{.name}"'; [ "$(cat out)" = 12 ] || fail "a strict call: $(cat out)"
    says 'weir: where: tree/x7: int!() has no value for "x7"'
fi
want 2 "$weir" check -e 'read "a" block=1 | null'
says "-e:1:16: read: block must be 512 to 64MiB, not 1
    read \"a\" block=1 | null
                   ^"
want 2 run 'hash | read "a"'
want 2 run 'read "a" | null | null'
says "-e:1:19: null stands behind null, which gives nothing on
    read \"a\" | null | null
                      ^~~~"
want 2 run 'read "a"'
want 2 run ''
want 2 run 'read "a" | null' extra
want 2 run nothere.weir
want 2 run 'read a | null' --set x
want 2 run 'read "a" | null @par=2'
[ "$(wc -l <err)" = 3 ] || fail "@par is not refused: $(cat err)"
want 0 "$weir" check copy.weir --set in=x
# --- words of other tools --------------------------------------------------------------------------------
hint() {
    want 2 run "read \"a\" | lines | $1 | print"
    grep -qxF "    $2" err || fail "$1: $(cat err)"
}
hint 'where .a = 1' "'==' compares"
hint 'where .a and .b' "it is written '&&'"
hint 'set .c = .a or .b' "it is written '||'"
hint 'stats count sum(.a)' "a ',' goes between the items of a list, a '|' before the next stage"
hint 'keep a b' 'fields begin with a dot: .name'
hint 'dedupe within 3' "within=..., without blanks; 'weir stages dedupe' says what it takes"
hint 'grep "x"' 'where .line =~ /regex/'
hint 'sroted' "'weir stages' lists them all"
# --- standard output as a sink of bytes: never a new file in the place of what it is open on -----------------------
printf 'one\ntwo\n' >lines.txt
for name in - /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    for how in '' append; do
        echo before >kept
        "$weir" run --io="$io" "read \"lines.txt\" | write \"$name\" $how" >>kept || fail "exit $? with $name $how"
        printf 'before\none\ntwo\n' | same kept - "$name $how"
    done
done
[ ! -e ./- ] || fail "a file that is called '-'"
want 0 run 'read "lines.txt" | write "./-"'; same lines.txt ./- "a file of that name"
"$weir" run --io="$io" 'read "lines.txt" | write "/dev/stderr"' 2>err; same lines.txt err "/dev/stderr"
[ "$(run 'generate kind=text size=8MB | write "-"' | head -c 3 | wc -c)" = 3 ] || fail "a reader that has enough"
want 1 sh -c "'$weir' run 'read \"lines.txt\" | write \"-\"' >/dev/full"; grep -qF 'No space left' err || fail "words: $(cat err)"
want 2 run 'read "lines.txt" | print'; grep -qF 'write "-" puts bytes on standard output' err || fail "words: $(cat err)"
want 2 run 'read "lines.txt"'; grep -qF 'write "-" (standard output)' err || fail "words: $(cat err)"
# --- the report ---------------------------------------------------------------------------------------
want 0 run --report 'generate kind=text size=8MB | hash sha512 | null'
grep -q '^stage  *MB/s in' err || fail "no table: $(cat err)"
[ "$(grep -cE '^(generate|hash|null) .*[0-9]%' err)" = 3 ] || fail "not a row a stage: $(cat err)"
grep -qE 'limit' err || fail "no verdict: $(cat err)"
[ "$(awk 'length > 80' err)" = "" ] || fail "wider than 80 columns: $(cat err)"
echo "$checks checks"
