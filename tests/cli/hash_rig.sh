# hash_rig.sh - what tests of `weir hash` have in common; a test reads it with its own arguments.
set -u
weir=$1
io=$2
dir=$(mktemp -d) || exit 1
trap 'cd /; chmod -R u+rwx "$dir" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0
if ! "$weir" hash --io="$io" /dev/null >/dev/null 2>&1; then
    echo "skipped: no io by $io here"
    exit 77
fi
hash() { "$weir" hash --io="$io" "$@"; }
fail() { echo "FAILED: $*" >&2; head -c 2000 err >&2 2>/dev/null; exit 1; }
want() {
    wanted=$1; shift
    "$@" >out 2>err
    got=$?
    checks=$((checks + 1))
    [ "$got" = "$wanted" ] || { head -c 2000 out; fail "exit $got, not $wanted: $*"; }
}
same() { checks=$((checks + 1)); cmp "$1" "$2" || { diff "$1" "$2" | head -20; fail "$1 and $2 differ: $3"; }; }
