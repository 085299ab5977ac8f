# pipeline_rig.sh - what tests of `weir run` have in common; a test reads it with its own arguments.
. "$(dirname "$0")/io_rig.sh"
LC_ALL=C
export LC_ALL
run() { "$weir" run --io="$io" "$@"; }
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
