# pipeline_rig.sh - what tests of `weir run` have in common; a test reads it with its own arguments.
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
# want CODE COMMAND...: it exits with that; its words are in out and err.
want() {
    wanted=$1; shift
    "$@" >out 2>err
    got=$?
    checks=$((checks + 1))
    [ "$got" = "$wanted" ] || { cat out err >&2; fail "exit $got, not $wanted: $*"; }
}
same() { checks=$((checks + 1)); cmp "$1" "$2" || { head -c 2000 "$2" >&2; fail "$1 and $2 differ: $3"; }; }
says() { checks=$((checks + 1)); grep -qF -e "$1" err || fail "words: $(cat err)"; }
# until_true WHAT COMMAND...: before long; $pid is a run whose words are in err.run.
until_true() {
    what=$1; shift
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 1500 ] || { kill -9 $pid; fail "$what: $(cat err.run)"; }
        sleep 0.01
    done
    checks=$((checks + 1))
}
lines() { [ "$(cat "$1" 2>/dev/null | wc -l)" -ge "$2" ]; }
told() { grep -qF -e "$1" err.run; }
