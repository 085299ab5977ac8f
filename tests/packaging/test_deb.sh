#!/bin/sh
# test_deb.sh - the packages for Debian: what lintian says of them, and that what is in them runs where it lies.
set -u
cpack=$1 build=$2
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
case $(grep '^WEIR_SANITIZE' "$build/CMakeCache.txt") in
*=?*) echo "skipped: a package with a sanitizer in it is nobody's"; exit 77 ;;
esac
command -v dpkg-shlibdeps >/dev/null 2>&1 || { echo "skipped: no dpkg-shlibdeps here (./dev setup package)"; exit 77; }
(cd "$build" && "$cpack" -G DEB -B "$dir/made" -D CPACK_OUTPUT_FILE_PREFIX="$dir/made" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip) >"$dir/log" 2>&1 || { cat "$dir/log"; fail "cpack"; }
[ "$(ls "$dir"/made/*.deb | wc -l)" = 3 ] || fail "not three packages: $(ls "$dir/made")"
if command -v lintian >/dev/null 2>&1; then
    lintian --allow-root "$dir"/made/*.deb >"$dir/lintian" 2>&1 || { cat "$dir/lintian"; fail "lintian"; }
    cat "$dir/lintian"
else
    echo "not looked at: no lintian here"
fi
for deb in "$dir"/made/*.deb; do
    dpkg-deb -x "$deb" "$dir/tree" || fail "unpacking $deb"
done
printf abc >"$dir/abc"
(cd "$dir" && tree/usr/bin/weir hash -a md5 abc) | grep -qx '900150983cd24fb0d6963f7d28e17f72  abc' || fail "the packaged weir"
for file in lib/systemd/system/weir@.service share/man/man1/weir-run.1.gz share/man/man3/weir_spawn.3.gz \
    share/doc/weir/changelog.gz share/doc/libweir0/copyright share/bash-completion/completions/weir \
    share/weir/ready/nginx.weir include/weir/future.h; do
    [ -s "$dir/tree/usr/$file" ] || fail "no /usr/$file"
done
if command -v systemd-analyze >/dev/null 2>&1; then
    cp "$dir/tree/usr/lib/systemd/system/weir@.service" "$dir/weir@a.service"
    sed -i "s#^ExecStart=.*#ExecStart=/bin/true#; /^Documentation=/d" "$dir/weir@a.service" # nothing is installed here
    systemd-analyze verify "$dir/weir@a.service" >"$dir/verify" 2>&1 || { cat "$dir/verify"; fail "systemd-analyze"; }
fi
"$dir/tree/usr/bin/weir" test "$dir"/tree/usr/share/weir/ready/*.weir >/dev/null || fail "the packaged pipelines' tests"
echo "3 packages"
