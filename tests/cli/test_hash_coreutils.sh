#!/bin/sh
# test_hash_coreutils.sh - weir hash -c beside sha256sum -c: the same lines, warnings and exit codes for whatever a manifest holds.
. "$(dirname "$0")/hash_rig.sh"
command -v sha256sum >/dev/null 2>&1 || { echo "skipped: no sha256sum here"; exit 77; }
LC_ALL=C
export LC_ALL

echo a >a; echo b >b; echo c >'back\slash'; printf nl >"new
line"; echo star >'*star'; echo sp >' lead'; echo dash >-dash; printf '\377' >"$(printf 'bad\377')"
: >empty; mkdir dir; echo e >'é'
sums() { sha256sum -- a b 'back\slash' new* '*star' ' lead' -dash bad* empty 'é'; }

mkdir m
sums >m/good
sha256sum --tag -- a b back* new* >m/tagged
sha256sum -b -- a b '*star' >m/binary
sums | tr a-f A-F >m/upper                                   # names of a to f, too: some are missing then
{ sums; echo; echo '# a comment'; sums; } >m/twice
{ sums; echo "nonsense"; echo "0123  short"; } >m/bad
{ sha256sum a; echo "$(sha256sum a | cut -c1-64)  missing"; echo "$(sha256sum a | cut -c1-64)  b"; } >m/mixed
{ echo "$(sha256sum a | cut -c1-64)  missing"; } >m/missing
{ echo "$(sha256sum a | cut -c1-64)  b"; } >m/wrong
{ echo "$(sha256sum a | cut -c1-64)  dir"; sha256sum a; } >m/directory
: >m/empty
echo nonsense >m/nonsense
sums | head -n1 | tr -d '\n' >m/no_newline
{ sums | sed 's/  / */'; } >m/star
{ sha256sum a; printf '\\%s  new\\nline\n' "$(printf nl | sha256sum | cut -c1-64)"; printf '\\%s  bad\\qescape\n' "$(printf nl | sha256sum | cut -c1-64)"; } >m/escapes
for name in m/*; do sha256sum -- "$name" >/dev/null; done

# compare MANIFEST FLAG...: in exit code, standard output and warnings.
compare() {
    manifest=$1; shift
    sha256sum -c "$@" "$manifest" >theirs 2>theirs.err; theirs_code=$?
    hash -a sha256 -c "$manifest" "$@" >ours 2>ours.err; ours_code=$?
    checks=$((checks + 1))
    [ $ours_code = $theirs_code ] || { cat theirs.err ours.err; fail "$manifest $*: exit $ours_code, sha256sum $theirs_code"; }
    cmp -s theirs ours || { diff theirs ours; fail "$manifest $*: other lines"; }
    grep -o 'WARNING.*' theirs.err >theirs.words; grep -o 'WARNING.*' ours.err >ours.words
    cmp -s theirs.words ours.words || { diff theirs.words ours.words; fail "$manifest $*: other warnings"; }
    for words in 'no properly formatted' 'no file was verified'; do
        [ "$(grep -c "$words" theirs.err)" = "$(grep -c "$words" ours.err)" ] || { cat ours.err; fail "$manifest $*: $words"; }
    done
}
for manifest in m/*; do
    for flags in "" --quiet --status --ignore-missing --strict --warn "--quiet --ignore-missing" \
        "--strict --warn --quiet" "--ignore-missing --strict --status"; do
        compare "$manifest" $flags
    done
done
# Which lines: --warn says.
want 0 hash -a sha256 -c m/bad --quiet -w
[ "$(grep -c '^weir: m/bad:1[12]: ' err)" = 2 ] || fail "--warn doesn't say which lines: $(cat err)"
sums | hash -a sha256 -c - >ours; sums | sha256sum -c - >theirs; same ours theirs "standard input"
sha256sum -z -- a b new* >z; hash -0 -a sha256 -c z >ours; sha256sum a b >/dev/null; checks=$((checks + 1))
[ "$(tr '\n' '|' <ours)" = 'a: OK|b: OK|\new\nline: OK|' ] || fail "-0: $(cat ours)"
for tool in md5sum sha512sum b2sum; do
    $tool -- a b new* >t.sums; algo=${tool%sum}; [ $algo = b2 ] && algo=blake2b
    hash -a $algo -c t.sums >ours && $tool -c t.sums >theirs && same ours theirs $tool
    hash -a $algo -- a b new* >ours; LC_ALL=C sort t.sums >theirs; LC_ALL=C sort ours >ours.sorted; same ours.sorted theirs "$tool's lines"
done

# A verdict in JSON and CSV.
want 1 hash -a sha256 -c m/mixed --format json
printf '%s\n' '{"path":"a","state":"ok"}' '{"path":"missing","state":"missing"}' '{"path":"b","state":"changed"}' >wanted
same out wanted json
want 1 hash -a sha256 -c m/mixed --format csv --quiet
printf 'path,state,from\r\nmissing,missing,\r\nb,changed,\r\n' >wanted; same out wanted csv
echo "$checks checks passed"
