#!/bin/sh
# test_in_pipelines.sh - weir test: the tests that stand in pipelines; what fails is said with place, expectation, record.
. "$(dirname "$0")/rig.sh"
says() { checks=$((checks + 1)); grep -qF -e "$2" "$1" || { cat "$1" >&2; fail "$1 doesn't say '$2'"; }; }
gives() { checks=$((checks + 1)); diff wanted out >&2 || fail "not the words that were expected"; }

# --- passing and failing, to the letter ---------------------------------------------------------------
cat >a.weir <<'END'
read "x.gz" | decompress | lines | json @onerror=drop | where .status >= 500 | keep .status,.route,.mail
| to json | write "o"
test "only 5xx survive" {
  in {"status":200,"route":"/a"}
  in {"status":502,"route":"/b","mail":"x@y.z"}
  in "garbage"
  count out == 1 count out < 2 count out <= 1 count out >= 1 count out > 0 count out != 0
  out[0] .route == "/b" && .mail =~ /@y/
}
test "no # so" {
  in {"status":502,"route":"/b","mail":"x@y.z"}
  count out == 3
  out[0] .route == "/b" && .mail == "q@y.z"
  out[7] .a
}
END
cat >wanted <<'END'
TAP version 14
1..2
ok 1 - a.weir: only 5xx survive
not ok 2 - a.weir: no \# so
  # a.weir:12:3: 1 record came out
  #       count out == 3
  #       ^~~~~~~~~~~~~~
  #     out[0] is {"status":502,"route":"/b","mail":"x@y.z"}
  # a.weir:13:28: this is not true: .mail is "x@y.z" (string)
  #       out[0] .route == "/b" && .mail == "q@y.z"
  #                                ^~~~~~~~~~~~~~~~
  #     out[0] is {"status":502,"route":"/b","mail":"x@y.z"}
  # a.weir:14:3: there is no out[7]: 1 record came out
  #       out[7] .a
  #       ^~~~~~~~~
END
want 1 "$weir" test a.weir --junit j.xml
gives
[ ! -e o ] || fail "a sink ran"
says j.xml '<testsuite name="a.weir" tests="2" failures="1"'
says j.xml '<testcase classname="a.weir" name="only 5xx survive" time="'
says j.xml '<failure message="a.weir:12:3: 1 record came out">a.weir:12:3'
says j.xml '.mail == &quot;q@y.z&quot;'
if command -v xmllint >/dev/null; then want 0 xmllint --noout j.xml; fi

# --- several files, more records than a batch, stages that are none ---------------------------------------
{
    echo 'a: files x | null let x = 1'
    echo 'stdin | lines | print test "it is all of them" {'
    i=0
    while [ $i -lt 700 ]; do echo "in \"line $i\""; i=$((i + 1)); done
    echo 'count out == 700 out[0] .line == "line 0" out[256] .line == "line 256" out[699] .line == "line 699" }'
} >b.weir
echo 'stdin | lines | where .line == "b" | print test "none" { in "a" count out == 0 }' >c.weir
want 0 "$weir" test b.weir c.weir
says out '1..2'; says out 'ok 1 - b.weir: it is all of them'; says out 'ok 2 - c.weir: none'

# --- a stage that fails, or complains ----------------------------------------------------------------------
echo 'stdin | lines | json | print test "broken" { in {"a":1} in "{" count out == 2 }' >d.weir
want 1 "$weir" test d.weir
says out 'd.weir:1:17: the stage failed in this test: record 2, byte 2'
echo 'stdin | lines | json | where int!(.a) > 1 | print test "strict" { in {"a":"x"} in {"a":2} count out == 1 }' >e.weir
want 1 "$weir" test e.weir
says out 'record 1: int!() has no value for "x"'
sed -i 's/> 1 |/> 1 @onerror=drop |/' e.weir
want 0 "$weir" test e.weir

# --- variables are filled in -------------------------------------------------------------------------------
echo 'stdin | lines | where .line == "${a}" | print test "of ${a}" { in "${a}" count out == 1 }' >f.weir
want 0 "$weir" test f.weir --set a=xyz
says out 'ok 1 - f.weir: of xyz'

# --- the mistakes of a new user: all of them are told before anything runs -----------------------------------
refused() { echo "$1" >g.weir; want 2 "$weir" test a.weir g.weir; [ ! -s out ] || fail "it ran"; says err "$2"; }
refused 'files a | print test "x" { in "a" count out == 1 }' 'g.weir:1:22: a test feeds records, and the pipeline has none'
refused 'stdin | lines | print test "x" { in "a" }' 'this test says nothing of what comes out'
refused 'stdin | lines | print test "x" { in {"a" 1} count out == 1 }' 'g.weir:1:42: this is no JSON'
refused 'stdin | lines | print test "x" { in 5 count out == 1 }' 'g.weir:1:37: what comes in is a line'
refused 'stdin | lines | print test "x" { out[0] lowr(.a) }' "did you mean 'lower'?"
refused 'stdin | lines | print test "x" { count out == 1.5 }' 'a number of records is a whole one'
refused 'stdin | lines | print test "${b}" { count out == 0 }' "unknown variable 'b'"
want 2 "$weir" check g.weir; says err "unknown variable 'b'"
echo 'stdin | lines | print' >h.weir
want 2 "$weir" test h.weir; says err 'weir test: there is no test in h.weir'
want 2 "$weir" test; says err 'which files?'
want 2 "$weir" test nothere.weir; says err 'nothere.weir: No such file'
want 1 "$weir" test c.weir --junit no/such/folder; says err 'no/such/folder: No such file'
want 0 "$weir" test "$ready/errors.weir"
echo "$checks checks"
