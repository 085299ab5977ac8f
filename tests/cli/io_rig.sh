# io_rig.sh - rig.sh for tests that run once by each of io's ways, which is their second argument.
. "$(dirname "$0")/rig.sh"
io=$2
if ! "$weir" hash --io="$io" /dev/null >/dev/null 2>&1; then
    echo "skipped: no io by $io here"
    exit 77
fi
