#!/bin/sh
# test_fmt.sh - weir fmt as a user meets it: files in place, --check, standard input, and what it leaves alone.
. "$(dirname "$0")/rig.sh"
says() { checks=$((checks + 1)); grep -qF -e "$1" err || { cat err >&2; fail "it doesn't say '$1'"; }; }

want 0 "$weir" fmt --check "$ready"/*.weir; [ ! -s out ] || fail "weir's own are not laid out: $(cat out)"
printf 'read   a|null # c\n' >a.weir; printf 'read a | null  # c\n' >wanted; cp wanted good.weir
chmod 640 a.weir; ln -s a.weir link.weir; touch -d @1000000000 good.weir
want 1 "$weir" fmt --check a.weir good.weir; [ "$(cat out)" = a.weir ] || fail "--check lists: $(cat out)"
grep -q 'read   a' a.weir || fail "--check has changed the file"
want 0 "$weir" fmt link.weir good.weir; cmp wanted a.weir || fail "not the layout"
[ -L link.weir ] && [ "$(stat -c %a a.weir)" = 640 ] || fail "link and mode don't stay"
[ "$(stat -c %Y good.weir)" = 1000000000 ] || fail "a file was written that didn't change"
want 0 sh -c 'printf "read   a|null # c\n" | "$1" fmt -' - "$weir"; cmp wanted out || fail "standard input"
[ "$(find . -name '*.weir-*' | wc -l)" = 0 ] || fail "a passing name is left"

printf 'stdin|lines|json|where split( .x,"," ) [0]=="a"&&split(.x,",")[1]==(.a??.b).c|print\n' >step.weir
want 2 "$weir" check step.weir # a step stands right behind its bracket
printf 'stdin|lines|json|where split( .x,"," )[0]=="a"&&split(.x,",")[1]==(.a??.b).c|print\n' >step.weir
want 0 "$weir" fmt step.weir
checks=$((checks + 1)); grep -qF '| where split(.x, ",")[0] == "a" && split(.x, ",")[1] == (.a ?? .b).c' step.weir || fail "steps: $(cat step.weir)"

# --- the mistakes of a new user ---------------------------------------------------------------------------
printf 'read a | zsdt\n' >bad.weir; cp bad.weir kept
want 2 "$weir" fmt bad.weir a.weir; says "bad.weir:1:10: unknown stage 'zsdt' (did you mean 'zstd'?)"; cmp bad.weir kept || fail "changed"
want 1 "$weir" fmt nothere.weir; says "nothere.weir: No such file"
want 2 "$weir" fmt; says "which files?"
want 2 "$weir" fmt --chekc a.weir; says "did you mean '--check'?"
mkdir closed; cp kept closed/k.weir; printf 'read  a|null' >closed/k.weir
if [ "$(id -u)" != 0 ]; then chmod 555 closed; want 1 "$weir" fmt closed/k.weir; says "Permission denied"; chmod 755 closed; fi
echo "$checks checks"
