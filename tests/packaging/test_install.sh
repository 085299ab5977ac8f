#!/bin/sh
# test_install.sh - installs into a scratch folder, then builds a stranger's program against what lies there.
set -u
cmake=$1 build=$2 cc=$3
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
case $(grep '^WEIR_SANITIZE' "$build/CMakeCache.txt") in
*=?*) echo "skipped: a library with a sanitizer in it is for our own tests"; exit 77 ;;
esac

"$cmake" --install "$build" --prefix "$dir/usr" >"$dir/log" 2>&1 || { cat "$dir/log"; fail "install"; }
pc=$(find "$dir/usr" -name weir.pc)
[ -n "$pc" ] || fail "no weir.pc"
[ -f "$dir/usr/share/man/man3/weir_spawn.3" ] || fail "no page for weir_spawn"
[ -f "$dir/usr/share/man/man1/weir-hash.1" ] || fail "no page for weir-hash"
"$dir/usr/bin/weir" --version >/dev/null || fail "the installed weir doesn't run"

cat >"$dir/program.c" <<'END'
#include <stdio.h>
#include <weir/io.h>
#include <weir/runtime.h>
#include <weir/time.h>

WEIR_ASYNC(twice, int, int x; weir_sleep nap;)
{
    WEIR_BEGIN
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(1)));
    RETURN(2 * self->x);
    WEIR_FINALLY
    WEIR_END
}

int main(void)
{
    weir_io_options io = weir_io_defaults();
    weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    weir_runtime *runtime;
    int result = 0;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    if (weir_block_on(runtime, WEIR_CALL(twice, .x = 21), &result) < 0)
        return 1;
    weir_runtime_destroy(runtime);
    printf("%d\n", result);
    return 0;
}
END
runs() { [ "$("$@")" = 42 ] || fail "$1 doesn't say 42"; }

export PKG_CONFIG_PATH="$(dirname "$pc")"
# shellcheck disable=SC2046
$cc -Wall -Wextra -Werror "$dir/program.c" -o "$dir/by_pkg_config" $(pkg-config --cflags --libs weir) || fail "by pkg-config"
library=$(dirname "$(dirname "$pc")")
runs env LD_LIBRARY_PATH="$library" "$dir/by_pkg_config"

mkdir "$dir/by_cmake"
cat >"$dir/by_cmake/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.22)
project(stranger LANGUAGES C)
set(CMAKE_C_STANDARD 17)
find_package(weir 0.1 REQUIRED)
add_executable(shared ../program.c)
target_link_libraries(shared weir::weir)
add_executable(static ../program.c)
target_link_libraries(static weir::static)
END
{
    "$cmake" -G Ninja -S "$dir/by_cmake" -B "$dir/by_cmake/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$dir/usr" &&
        "$cmake" --build "$dir/by_cmake/build"
} >"$dir/log" 2>&1 || { cat "$dir/log"; fail "by find_package"; }
runs "$dir/by_cmake/build/shared"
runs "$dir/by_cmake/build/static"

# A name that we show by accident is one that we would have to keep.
strange=$(nm -D --defined-only "$library/libweir.so" | awk '{print $3}' |
    grep -vE '^(weir_[a-z0-9_]+|wi_future_check_poll|WEIR_[0-9.]+)(@@WEIR_[0-9.]+)?$')
[ -z "$strange" ] || fail "libweir.so shows $strange"
echo "installed, found and linked three ways"
