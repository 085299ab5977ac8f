#!/bin/sh
# test_strangers.sh - what isn't ours stays where it is: names and texts of strangers never take over a terminal, secrets
# are in no output, other users get no answer, and a templated path doesn't leave the directory it begins with.
. "${0%/*}/pipeline_rig.sh"

# --- a terminal ----------------------------------------------------------------------------------------------
# Sequences that begin with ESC, C1 controls as UTF-8, marks that turn the direction around, a bare CR, BEL.
odd=$(printf 'a\033]0;taken\007\033[31mb\302\2331mc\342\200\256d\re')
mkdir t
echo 1 >"t/$odd"
printf '%s\n{"a":"%s"}\n' "$odd" 'x' >log
printf 'read "%s" | nonsense\n' "$odd" >"$odd.weir"
"$weir" hash --io="$io" t >m 2>/dev/null
cat >session.sh <<END
run() { "$weir" run --io=$io "\$@"; }
run 'files "t" | print "{.path}"'
run 'files "t" | print'
run 'files "t" | print table'
run 'read "log" | lines | print "{.line}"'
run 'read "log" | lines | print'
run 'read "log" | lines | count by .line | print table'
run 'read "log" | lines | json | print'
run 'read "log" | unzstd | null'
run 'files "t" | each { read | unzstd | null }'
run 'files "t" | each { read | write "{.path}/x" }'
run 'read "log" | lines | fail-if any'
run 'manifest "m" | check | print "{.state} {.path}"'
run *.weir
run nothing-*.weir
"$weir" check *.weir
"$weir" fmt *.weir
"$weir" explain *.weir
"$weir" test *.weir
"$weir" hash --io=$io t
"$weir" hash --io=$io --tree=all t
"$weir" hash --io=$io --duplicates t t
"$weir" hash --io=$io -c m
"$weir" hash --io=$io --audit m t
"$weir" hash --io=$io -c --warn *.weir
echo 2 >t/*
"$weir" hash --io=$io -c m
rm t/*
"$weir" hash --io=$io -c m
END
if command -v script >/dev/null 2>&1 && command -v python3 >/dev/null 2>&1; then
    cp "$odd.weir" "nothing-$odd.weir"; rm "nothing-$odd.weir"
    script -qec 'sh session.sh' typescript </dev/null >/dev/null 2>&1
    python3 - typescript <<'PY' || fail "a terminal was written to: $(cat -v typescript | head -c 3000)"
import re, sys
text = open(sys.argv[1], "rb").read()
text = re.sub(rb"\r\x1b\[K|\x1b\[[0-9]*[AJK]|\x1b\[[01]?m", b"", text)  # what weir itself draws
bad = re.findall(rb".{0,20}(?:\x1b|\x07|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\r(?!\r*\n)).{0,20}", text)
sys.exit(len(text) < 2000 or ("taken" not in str(text)) or [print(line) for line in bad] != [])
PY
    checks=$((checks + 1))
else
    echo "skipped: no script(1) or python3 here for a terminal"
fi

# --- secrets ---------------------------------------------------------------------------------------------------
mkdir credentials work
secret=hush-7f3a9
printf '%s\n' "$secret" >credentials/key
CREDENTIALS_DIRECTORY=$dir/credentials
export CREDENTIALS_DIRECTORY
seq 5 >in
none() { checks=$((checks + 1)); ! grep -rqF -e "$secret" "$@" || { grep -rF -e "$secret" "$@"; fail "a secret in: $*"; }; }
hold='stdin | lines | where .line != "${secret.key}" | set .k = hash("${secret.key}") | to json | write "kept" append'
mkfifo feed
"$weir" run --io="$io" --report --state st --metrics 0 --ui 0 "$hold" <feed 2>run.err &
pid=$!
exec 3>feed
tries=0
until grep -q 'live page' run.err || [ $tries -gt 1000 ]; do tries=$((tries + 1)); sleep 0.01; done
if grep -q 'live page' run.err; then
    echo 1 >&3
    tr '\0' ' ' <"/proc/$pid/cmdline" >ps.out
    "$weir" tasks $pid >tasks.out 2>&1
    timeout 5 "$weir" top $pid --once >top.out 2>&1
    if command -v python3 >/dev/null 2>&1; then
        python3 - run.err >web.out 2>&1 <<'PY'
import re, sys, urllib.request
text = open(sys.argv[1]).read()
metrics = re.search(r"metrics: (\S+)", text).group(1)
page = re.search(r"live page: (\S+)", text).group(1)
base, token = page.split("/?")
for url in (metrics, page, base + "/live?" + token, base + "/tap?stage=1&" + token):
    try:
        print(urllib.request.urlopen(url, timeout=10).read().decode())
    except urllib.error.HTTPError as error:
        print(error)
PY
        grep -q weir_stage_ web.out || fail "no metrics: $(cat web.out)"
    fi
    kill -QUIT $pid 2>/dev/null && "$weir" tasks $pid >>tasks.out 2>&1
else
    echo "skipped: no live page here"
fi
exec 3>&-
wait $pid
none ps.out tasks.out top.out web.out run.err st 2>/dev/null
want 0 "$weir" explain "$hold"; none out
want 0 "$weir" graph -e "$hold"; none out
want 2 run 'read "${secret.key}" nonsense=1 | null'; none err
want 1 run 'read "${secret.key}" | null'; none err; says '${secret.key}: No such file'
want 2 run 'read "in" | zstd level=99 | write "${secret.key}" oddly'; none err
want 2 run 'read "in" | where .a == "${secret.key}" && | null'; none err
want 0 "$weir" check -e 'read "in" | write "${secret.key}"' || want 2 "$weir" check nothing.weir; none out err

# --- templated paths ---------------------------------------------------------------------------------------------
mkdir files; echo x >files/a; echo outside >target
ln -s "$dir" work/link
want 1 run 'files "files" | each { read | write "work/{.stem}/../{.name}" }'; says "leaves the directory"
mkdir files/link; echo x >files/link/b
(cd files && want 1 run 'files "link" | each { read | write "../work/{.dir}/{.name}" }' && says "leaves the directory") || exit 1
[ ! -e b ] || fail "through a link"
(mkdir here && cd here && mkdir x- && want 1 run 'files "../here/../files/a" | each { read | write "x-{.dir}/{.name}" }' && says "leaves the directory") || exit 1
mkdir flat
ln -s "$dir/target" flat/a
want 0 run 'files "files/a" | each { read | write "flat/{.name}" }'
[ "$(cat target)" = outside ] || fail "through a link that is the file"
ln -sf "$dir/target" flat/a
want 1 run 'files "files/a" | each { read | write "flat/{.name}" append }'
[ "$(cat target)" = outside ] || fail "appended through a link"

# --- other users ------------------------------------------------------------------------------------------------
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
    chmod 755 "$dir"
    mkfifo feed2
    "$weir" run --io="$io" 'stdin | null' <feed2 2>/dev/null &
    pid=$!
    exec 3>feed2
    tries=0
    until "$weir" tasks $pid >/dev/null 2>&1 || [ $tries -gt 500 ]; do tries=$((tries + 1)); sleep 0.01; done
    want 0 "$weir" tasks $pid
    cp "$weir" weir.copy; chmod 755 weir.copy # the tree may be closed to others
    for command in tasks "tap stdin" top; do
        checks=$((checks + 1))
        # shellcheck disable=SC2086
        setpriv --reuid=65534 --regid=65534 --clear-groups timeout 10 ./weir.copy ${command%% *} $pid \
            $(echo "$command" | cut -s -d' ' -f2) >out 2>err </dev/null
        grep -q "stdin\|wait" out && fail "another user was told: $(cat out)"
    done
    exec 3>&-
    wait $pid
else
    echo "skipped: not root, or no setpriv(1), so there is no other user"
fi
echo "$checks checks"
