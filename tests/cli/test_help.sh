#!/bin/sh
# test_help.sh - help and manual say the same, fit 80 columns, and a mistyped word is met with the right one.
. "$(dirname "$0")/rig.sh"
has() { checks=$((checks + 1)); grep -qF -e "$2" "$1" || fail "$1 has no '$2': $(cat "$1")"; }

"$weir" --help >help || fail "weir --help"
"$weir" --man >man || fail "weir --man"
for command in $(sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' help); do
    has man "weir\\-$command\\fR(1)"
    COLUMNS=80 "$weir" "$command" --help >help.$command || fail "weir $command --help"
    "$weir" "$command" --man >man.$command || fail "weir $command --man"
    [ "$(awk 'length > 80' help.$command | wc -l)" = 0 ] || fail "weir $command --help is wider than 80 columns"
    [ "$(grep -c ' $' help.$command)" = 0 ] || fail "weir $command --help has blanks at the end of lines"
    for option in $(sed -n 's/^  .*\(--[a-z-]*\).*/\1/p' help.$command); do
        has man.$command "$(echo "$option" | sed 's/-/\\-/g')"
    done
    "$weir" "$command" --hlep >out 2>err
    [ $? = 2 ] || fail "weir $command --hlep is no usage error"
    has err "Try 'weir $command --help'."
done
[ $checks -gt 20 ] || fail "only $checks checks: the help was not understood"

"$weir" hash --help >wanted; "$weir" help hash >out || fail "weir help hash"
cmp wanted out || fail "help hash is not hash --help"
"$weir" hsah >out 2>err
[ $? = 2 ] || fail "an unknown command is a usage error"
has err "did you mean 'hash'?"
"$weir" --versoin >out 2>err
[ $? = 2 ] || fail "an unknown option is a usage error"
has err "unknown option '--versoin' (did you mean '--version'?)"
"$weir" check 'stdin | null' >out 2>err
[ $? = 2 ] || fail "a text where a file goes is a usage error"
has err "(a file is wanted there, not the text of a pipeline)"
"$weir" hash --forma gnu >out 2>err
has err "did you mean '--format'?"
"$weir" hash -a sha255 >out 2>err
has err "did you mean 'sha256'?"
[ ! -s out ] || fail "an error goes to stderr alone"

# --- a mistake in the environment ---------------------------------------------------------------------------
WEIR_WORKERS=two want 1 "$weir" hash /dev/null; grep -q 'WEIR_WORKERS or WEIR_WATCHDOG in the environment' err || fail "workers"
WEIR_WATCHDOG=soon want 1 "$weir" run 'read "/dev/null" | null'; grep -q 'They are numbers' err || fail "watchdog"

echo "$checks checks"
