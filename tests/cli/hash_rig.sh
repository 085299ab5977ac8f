# hash_rig.sh - what tests of `weir hash` have in common; a test reads it with its own arguments.
. "$(dirname "$0")/io_rig.sh"
hash() { "$weir" hash --io="$io" "$@"; }
