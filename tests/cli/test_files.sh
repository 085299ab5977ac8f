#!/bin/sh
# test_files.sh - pipelines over files: what is walked, what an expression says of it, what is told of single files.
. "$(dirname "$0")/pipeline_rig.sh"

# gives TEXT: standard output is these lines.
gives() { checks=$((checks + 1)); printf '%s\n' "$1" >wanted; diff wanted out >&2 || fail "not the output that was expected"; }
says() { checks=$((checks + 1)); printf '%s\n' "$1" >wanted; diff wanted err >&2 || fail "not the words that were expected"; }

mkdir -p t/sub/deep t/.hid
printf a >t/a.txt; printf bb >t/sub/b.tmp; head -c 100000 /dev/urandom >t/sub/big.tar.gz
printf h >t/.hid/h; : >t/sub/deep/empty; ln -s a.txt t/link; mkfifo t/fifo; chmod 640 t/a.txt
touch -d @1000000000 t/a.txt

# --- the walk is find's, in the order of sort -----------------------------------------------------
find t -type f | LC_ALL=C sort >found
want 0 run 'files t | print "{.path}"'; same found out "the files of a tree"
find t -type f ! -name '*.tmp' -size +0 | LC_ALL=C sort >found
want 0 run 'files "t" xdev exclude="*.tmp" min=1 | print "{.path}"'; same found out "with rules"
want 0 run 'files "t" hidden=false depth=1 | print "{.path}"'; gives t/a.txt
want 0 run 'files t match="*.tmp","**/h" | print "{.name}"'; gives "h
b.tmp"
want 0 run 'files t follow max=1 | where .size == 1 && .name != "h" | print "{.path}"'; gives "t/a.txt
t/link"
find t -type f -print0 >nul; want 0 run 'files from=- null | print "{.path}"' <nul; tr '\0' '\n' <nul >list; same list out "names from standard input"
find t -type f >list; want 0 run 'files from="list" | print "{.path}"'; same list out "the order of a list"
mkdir many; i=0; while [ $i -lt 700 ]; do : >"many/$i"; i=$((i + 1)); done
want 0 run 'files many | print "{.path}"'; find many -type f | LC_ALL=C sort >found; same found out "more than a batch"
deep=t; i=0; while [ $i -lt 100 ]; do deep=$deep/d; i=$((i + 1)); done; mkdir -p $deep; : >$deep/last
want 0 run 'files t | where .name == "last" | print "{.dir}"'; gives $deep
rm -rf t/d

# --- fields -------------------------------------------------------------------------------------------
want 0 run 'files t | where .name == "big.tar.gz" | print "{.path}|{.name}|{.dir}|{.stem}|{.ext}|{.size}|{.nothing}"'
gives 't/sub/big.tar.gz|big.tar.gz|t/sub|big.tar|gz|100000|'
want 0 run 'files "t/a.txt" | print "{.mode} {.mtime} {.nlink} {.uid}"'
gives "416 2001-09-09T01:46:40Z 1 $(id -u)"
cp t/a.txt "t/odd \"name\"\\"; want 0 run 'files t match="odd*" | print'
[ "$(cut -d, -f1,2 out)" = '{"path":"t/odd \"name\"\\","size":1' ] || fail "JSON: $(cat out)"
rm t/odd*

# --- expressions: each is true of the one file ---------------------------------------------------------
while IFS= read -r expression; do
    want 0 run "files \"t/sub/big.tar.gz\" | where $expression | fail-if none"
done <<'END'
.size == 100000 && .size == 100000.0 && .size != 1
.size > 64KiB && .size < 1MiB && .size >= 100000 && .size <= 100000
.size / 3 == 33333 + 1 / 3 && .size % 7 == 5 && -.size < 0
.nothing == null && (.nothing ?? 5) == 5 && !exists(.nothing) && exists(.size)
!(.size == "100000") && !(.size < "a") && !(.name > 5) && .name != 5
.mtime < now() && now() - .mtime < 1h && .mtime > now() - 7d
.name in ["x", "big.tar.gz"] && !(.size in [1, 2])
(if .size > 5 then "large" else "small") == "large"
lower("ABC") == "abc" && upper(.stem) == "BIG.TAR" && trim(" a ") == "a" && len(.name) == 10
contains(.name, "tar") && starts_with(.name, "big") && ends_with(.name, ".gz") && !contains(.name, "z" + "z")
slice(.name, 0, 3) == "big" && slice(.name, -2) == "gz" && replace(.name, ".", "-") == "big-tar-gz"
join(split(.name, "."), "/") == "big/tar/gz" && len(split(.name, ".")) == 3
int("42") == 42 && float("1.5") == 1.5 && string(5) == "5" && bool("true") && int("4x") == null
type(.size) == "int" && type(.mtime) == "time" && type(null) == "null" && type(1.5) == "double"
abs(-5) == 5 && round(1.5) == 2 && floor(-0.5) == -1 && ceil(0.5) == 1 && min(3, 1.5, 2) == 1.5 && max(1, 2) == 2
9223372036854775807 + 1 == null && 9007199254740993 != 9007199254740992.0 && 1 / 0 == null
env("PATH") != null && env("NO_SUCH_VARIABLE") == null && hostname() != ""
END
want 2 run 'files t | where uper(.name) == "A" | null'
says "-e:1:17: unknown function 'uper' (did you mean 'upper'?)
    files t | where uper(.name) == \"A\" | null
                    ^~~~"
want 2 run 'files t | where .name =~ /a(/ | null'
want 2 run 'files t | lines'
want 2 run 'files t | where .size > 1'

# --- what is wrong with one file is told, the rest is done -------------------------------------------------
want 1 run 'files nothere t match="*.txt" | print "{.path}"'; gives t/a.txt
says "weir: nothere: No such file or directory"
want 1 run 'files "t/fifo" t match="a*" | print "{.path}"'; gives t/a.txt
want 1 run 'files t | where .size > 99999 | print "{.name}" | fail-if any'; gives big.tar.gz
says "weir: fail-if any: 1 came"
want 0 run 'files t | where .size > 999999 | fail-if any'
want 1 run 'files t | where .size > 999999 | fail-if none'
want 1 run 'files t | fail-if .ext == "tmp"'
want 0 run 'files t | fail-if .ext == "nothing"'
want 1 run 'files | null'; want 1 run 'files from=nothere | null'
printf 'x\n' | "$weir" run --io="$io" 'files t | print "{.path}"' >/dev/full 2>err && fail "a full disk is no error"

# --- bytes without files ---------------------------------------------------------------------------------
head -c 1000000 /dev/urandom >bytes
want 0 run 'stdin | write copy' <bytes; same bytes copy "standard input"
cat bytes | "$weir" run --io="$io" 'stdin | write copy' || fail "stdin from a pipe"; same bytes copy "a pipe"
for kind in zero random text nginx json; do
    want 0 run "generate kind=$kind size=1000001 seed=7 | write one"
    want 0 run "generate kind=$kind size=1000001 seed=7 | write two"; same one two "the same seed"
    case $kind in
    zero | random) [ "$(wc -c <one)" = 1000001 ] || fail "size= of $kind" ;;
    *)  [ "$(wc -c <one)" -gt 999489 ] && [ "$(wc -c <one)" -le 1000001 ] || fail "size= of $kind"
        [ "$(tail -c 1 one | od -An -c)" = '  \n' ] || fail "$kind: its last line isn't whole" ;;
    esac
    want 0 run "generate kind=$kind size=1000001 seed=8 | write two"
    [ $kind = zero ] || ! cmp -s one two || fail "$kind: another seed, and the same bytes"
done
want 0 run 'generate size=100kB rate=10MB/s | null'
echo "$checks checks"
