#!/bin/sh
# test_valgrind.sh - no byte is read that nobody wrote, and none is lost: valgrind looks on.
# It knows io_uring from 3.17 on; where it refuses, or there is none, the epoll run stays.
. "$(dirname "$0")/io_rig.sh"
skip() { echo "skipped: $*"; exit 77; }
command -v valgrind >/dev/null 2>&1 || skip "valgrind isn't installed"
! grep -qaE '__(asan|tsan|ubsan)_' "$weir" || skip "a sanitizer is in this build, and doesn't go with valgrind"

# Chunks are kept for the next one who needs some until the process ends, by pointers into the blocks they are pieces of:
# that is what is "possibly" lost.
valgrind_() {
    valgrind -q --error-exitcode=99 --leak-check=full --show-possibly-lost=no --errors-for-leak-kinds=definite "$@" 2>err
}

valgrind_ "$weir" hash --io="$io" /dev/null >/dev/null
code=$?
if [ $code != 0 ] && [ $code != 99 ]; then skip "valgrind has no $io: $(tail -n 1 err)"; fi

mkdir -p t/a/b
for i in 1 2 3 4 5 6 7 8 9; do echo $i >t/a/$i; done
: >t/empty
head -c 100000 /dev/urandom >t/a/b/larger
head -c 5000000 /dev/urandom >t/large
truncate -s 300000 t/hole
"$weir" hash --io="$io" -a sha256,xxh3 t >wanted || fail "weir itself"

# right WHAT COMMAND...: what it prints is what it prints without valgrind.
right() {
    what=$1
    shift
    valgrind_ "$@" >got || fail "$what: exit $?"
    cmp -s wanted got || fail "$what: it says something else under valgrind"
    checks=$((checks + 1))
}
right "hash, $io" "$weir" hash --io="$io" -a sha256,xxh3 t
valgrind_ "$weir" hash --io="$io" -o manifest -a xxh128 --report t || fail "hash -o: exit $?"
valgrind_ "$weir" hash --io="$io" -c manifest --quiet || fail "hash -c: exit $?"
rm t/a/1
valgrind_ "$weir" hash --io="$io" -c manifest --status
[ $? = 1 ] || fail "hash -c of a file that is gone"
checks=$((checks + 3))

"$weir" run 'read t/large | hash sha256 | write plain' >/dev/null || fail "weir run itself"
valgrind_ "$weir" run 'read t/large | hash sha256 | write seen' >/dev/null || fail "run: exit $?"
cmp -s plain seen || fail "run: it writes something else under valgrind"
checks=$((checks + 1))
echo "$checks checks passed"
