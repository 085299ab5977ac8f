# rig.sh - what tests of the command have in common; a test reads it with its own arguments.
set -u
# A debug build tells of polls that last; on a busy machine some do, and here words are compared.
export WEIR_WATCHDOG=0
weir=$1
ready=$(cd "$(dirname "$0")/../../pipelines/ready" && pwd) || exit 1
dir=$(mktemp -d) || exit 1
trap 'cd /; chmod -R u+rwx "$dir" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0
fail() { echo "FAILED: $*" >&2; [ ! -f err ] || head -c 2000 err >&2; exit 1; }
# want CODE COMMAND...: it exits with that; its words are in out and err.
want() {
    wanted=$1; shift
    "$@" >out 2>err
    got=$?
    checks=$((checks + 1))
    [ "$got" = "$wanted" ] || { head -c 2000 out >&2; fail "exit $got, not $wanted: $*"; }
}
same() { checks=$((checks + 1)); cmp "$1" "$2" || { head -c 2000 "$2" >&2; fail "$1 and $2 differ: ${3-}"; }; }
