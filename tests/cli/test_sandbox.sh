#!/bin/sh
# test_sandbox.sh - weir hash where a container refuses system calls: the same manifest on some other way.
# $1: weir, $2: uring (io_uring itself is refused) or epoll (it isn't asked for), $3: deny_run.
set -u
weir=$1
deny_run=$3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0
fail() { echo "FAILED: $*" >&2; cat err >&2; exit 1; }

mkdir -p t/a/b t/empty
for size in 0 1 4095 4096 4097 8192 61440 65535 65536 65537 5000000; do head -c $size /dev/urandom >t/a/$size; done
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do head -c 4096 /dev/urandom >t/a/b/$i; done
ln -s a/1 t/link; printf x >t/a/hole; truncate -s 3M t/a/hole
(cd t && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum) >wanted

# hashes CALL=ERRNO...: where these are refused.
hashes() {
    case $how in
    uring) set -- io_uring_setup=EPERM "$@"; io=auto ;;
    *) io=epoll ;;
    esac
    (cd t && "$deny_run" "$@" "$weir" hash --io=$io -a sha256 --report . >../out 2>../err)
    code=$?
    [ $code != 77 ] || { echo "skipped: no seccomp filters here"; exit 77; }
    [ $code = 0 ] || fail "exit $code with $*"
    sed -i 's|  \./|  |' out
    cmp -s wanted out || { diff wanted out; fail "another manifest with $*"; }
    grep -q '^io  *epoll' err || fail "not the epoll backend with $*"
    checks=$((checks + 1))
}
how=$2
hashes
hashes openat2=ENOSYS
hashes openat2=EPERM
hashes preadv2=ENOSYS
hashes preadv2=EOPNOTSUPP
hashes preadv2=EAGAIN
hashes lseek=EPERM
hashes epoll_pwait2=ENOSYS
hashes openat2=ENOSYS preadv2=ENOSYS pwritev2=ENOSYS epoll_pwait2=ENOSYS
hashes openat2=EPERM preadv2=EPERM pwritev2=EPERM epoll_pwait2=EPERM lseek=EPERM
echo "$checks sandboxes"
