#!/bin/sh
# test_plugin.sh - stages from a shared object: found, run, described, and refused with the reason.
. "$(dirname "$0")/io_rig.sh"
plugins=$4
says() { checks=$((checks + 1)); grep -qF -- "$1" err || { cat err >&2; fail "the error lacks: $1"; }; }
shout=$plugins/plugin_shout.so

# --- it runs: every letter, across chunks -----------------------------------------------------------
seq -f 'line %g of many' 100000 >in
want 0 "$weir" run --io="$io" --plugin "$shout" 'read "in" | shout | write "copy"'
tr a-z A-Z <in | cmp - copy || fail "shout isn't tr a-z A-Z"
want 0 "$weir" run --io="$io" --plugin "$shout" 'read "in" | shout times=3 @pool=cpu | write "copy"'
tr a-z A-Z <in | sed 's/./&&&/g' | awk '{ print $0; print ""; print "" }' | cmp - copy || fail "not three of each"
cp "$shout" here.so
want 0 "$weir" run --io="$io" --plugin here.so 'read "in" | shout | null'

# --- it is a stage like any other ----------------------------------------------------------------------
want 0 "$weir" stages --plugin "$shout"; grep -q '^shout  *letters in upper case$' out || fail "not in the catalogue"
want 0 "$weir" stages --plugin "$shout" shout; grep -q '1 to 9, default 1' out || fail "its option is not described"
want 2 "$weir" run --plugin "$shout" 'read "in" | shuot | null'; says "did you mean 'shout'"
want 2 "$weir" run --plugin "$shout" 'read "in" | shout times=10 | null'; says "-e:1:"
want 2 "$weir" run 'read "in" | shout | null'; says "shout"
want 1 "$weir" run --io="$io" --plugin "$shout" 'read "in" | shout strict | write "no"'; says "failed at byte 5: the digit '1'"
[ ! -e no ] || fail "a stage failed, and there is output"

# --- what is none is refused ------------------------------------------------------------------------------
want 2 "$weir" run --plugin ./nothing.so 'read "in" | null'; says "nothing.so"
echo text >text.so
want 2 "$weir" run --plugin ./text.so 'read "in" | null'; says "text.so"
want 2 "$weir" run --plugin "$plugins/plugin_taken.so" 'read "in" | null'
says "stage 'read': there is a stage of that name already"
echo "$checks checks"
