#!/bin/sh
# test_complete.sh - what shells are told could come, and bash completing by it.
# offers CANDIDATES WORD...: behind those words, the last one begun, come just these
. "$(dirname "$0")/rig.sh"
offers() {
    checks=$((checks + 1))
    wanted=$1; shift
    got=$("$weir" complete -- weir "$@" | cut -f1 | tr '\n' ',')
    [ "$got" = "$wanted" ] || fail "'$*' gives '$got', not '$wanted'"
}
mkdir sub; : >plain; : >'odd"name'; : >.hidden
offers 'hash,' ha
offers '--version,' --ver
offers '' no-such-command ''
offers '--io,' run --i
offers 'auto,uring,epoll,' run --io ''
offers '--io=epoll,' run --io=e
offers ':files,' run --file ''
offers ':files,' hash ''
offers 'gunzip,' stages gun
offers 'bash,' complete b
offers ':files,stdin,' run st
offers 'stdin,' run -e st
offers 'read "a" | gunzip,' run 'read "a" | gun'
offers 'read "a" | zstd level=,' run 'read "a" | zstd lev'
offers 'read "a" | hash sha256,' run 'read "a" | hash sha25'
offers 'read "a" | lines @onerror=drop,' run 'read "a" | lines @onerror=dr'
offers 'files "a" | each { read | gunzip,' run 'files "a" | each { read | gun'
offers 'a: stdin | lines | where .x =~ /a|b/ || .y | null,' run 'a: stdin | lines | where .x =~ /a|b/ || .y | nul'
offers 'stdin | null dead bad -> null,' run 'stdin | null dead bad -> nul'
offers 'read "plain",' run 'read "pl'
offers "read \"$dir/sub/," run "read \"$dir/su"
offers 'read ".hidden",' run 'read ".h'
offers '' run 'read "odd'
offers '' run 'where .x =~ /gun'
# what each command's help lists, completion does, too
for command in $("$weir" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'); do
    "$weir" complete -- weir "$command" --h | grep -q '^--help' || fail "$command is unknown to completion"
    for option in $("$weir" "$command" --help | sed -n 's/^  *\(-[a-zA-Z0], \)*\(--[a-z-]*\).*/\2/p'); do
        "$weir" complete -- weir "$command" "$option" | cut -f1 | grep -q -- "^$option=*$" || fail "$command $option is unknown"
        checks=$((checks + 1))
    done
done
# and what each stage takes by its name
for stage in $("$weir" stages | sed -n '/^$/q;s/^\([a-z0-9-][a-z0-9-]*\) .*/\1/p'); do
    "$weir" complete -- weir run "stdin | $stage " | cut -f1 >offered
    for option in $("$weir" stages "$stage" | sed -n 's/^  \([a-z][a-z0-9_]*=\).*/\1/p'); do
        grep -qF -- "$option" offered || fail "$stage $option is unknown: $(cat offered)"
        checks=$((checks + 1))
    done
done
"$weir" complete csh >out 2>err && fail "there is none for csh"
grep -q "name one of bash, zsh, fish, not 'csh'" err || fail "words: $(cat err)"

for shell in bash zsh fish; do
    "$weir" complete $shell >script.$shell || fail "weir complete $shell"
    command -v $shell >/dev/null 2>&1 || { echo "not checked: no $shell here"; continue; }
    case $shell in fish) check='fish --no-config -n' ;; *) check="$shell -n" ;; esac
    $check script.$shell || fail "$shell doesn't read its script"
    checks=$((checks + 1))
done
command -v bash >/dev/null 2>&1 || { echo "$checks checks; not tried in bash, there is none"; exit 0; }
cat >try.bash <<'END'
. ./script.bash
try() { # WANTED WORD...: bash's words, as it splits them
    local wanted=$1; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _weir 2>/dev/null
    [[ ${COMPREPLY[*]} == "$wanted" ]] || { echo "FAILED: '$*' gives '${COMPREPLY[*]}', not '$wanted'"; exit 1; }
}
try explain "$weir" expl
try epoll "$weir" run --io = e
try "auto uring epoll" "$weir" run --io =
try plain "$weir" hash pl
try 'read "a" | gunzip' "$weir" run "'read \"a\" | gun"
try 'read "plain"' "$weir" run "'read \"pl"
END
weir=$weir bash try.bash || fail "in bash"
checks=$((checks + 6))
echo "$checks checks"
