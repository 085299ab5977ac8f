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
[ -f "$dir/usr/share/man/man3/weir_stage_register.3" ] || fail "no page for weir_stage_register"
[ -f "$dir/usr/share/man/man1/weir-hash.1" ] || fail "no page for weir-hash"
for script in bash-completion/completions/weir zsh/site-functions/_weir fish/vendor_completions.d/weir.fish; do
    [ -s "$dir/usr/share/$script" ] || fail "no completion at share/$script"
done
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

# A stranger's stage in a pipeline of a stranger's program.
cat >"$dir/shout.c" <<'END'
#include <stdio.h>
#include <string.h>
#include <weir/io.h>
#include <weir/pipeline.h>
#include <weir/runtime.h>

static int shout_step(void *state, weir_flow *flow)
{
    (void)state;
    for (; flow->in_pos < flow->in_size; flow->in_pos++) {
        const uint8_t letter = flow->in[flow->in_pos];
        const uint8_t loud = letter >= 'a' && letter <= 'z' ? (uint8_t)(letter - 'a' + 'A') : letter;
        if (weir_flow_put(flow, &loud, 1) == 0)
            return WEIR_WANT_OUTPUT;
    }
    return flow->in_last ? WEIR_WANT_NOTHING : WEIR_WANT_INPUT;
}

static const weir_stage shout = {
    .name = "shout", .summary = "in upper case", .in = WEIR_BYTES, .out = WEIR_BYTES, .step = shout_step
};

int main(int argc, char **argv)
{
    const char *reason, *words = argc > 1 ? argv[1] : "";
    const weir_pipeline_text text = { .name = "-e", .data = words, .size = strlen(words) };
    weir_text errors = { 0 };
    weir_pipeline *pipeline;
    if (weir_stage_register(&shout, &reason) < 0 || weir_pipeline_create(&text, NULL, 0, &errors, &pipeline) < 0) {
        fprintf(stderr, "%.*s", (int)errors.size, errors.data != NULL ? errors.data : "");
        return 1;
    }
    weir_io_options io = weir_io_defaults();
    weir_driver_factory drivers = weir_io_drivers(&io);
    weir_runtime_options options = weir_runtime_defaults();
    options.drivers = &drivers;
    weir_runtime *runtime;
    int result = -1;
    if (weir_runtime_create(&options, &runtime) < 0 ||
        weir_block_on(runtime, WEIR_CALL(weir_pipeline_run, .pipeline = pipeline), &result) < 0)
        return 1;
    weir_runtime_destroy(runtime);
    weir_pipeline_destroy(pipeline);
    return result < 0;
}
END
echo 'forty-two' >"$dir/quiet"
shouts() {
    rm -f "$dir/loud"
    "$@" "read \"$dir/quiet\" | shout | write \"$dir/loud\"" || fail "$1 fails"
    [ "$(cat "$dir/loud")" = FORTY-TWO ] || fail "$1 doesn't shout"
}

export PKG_CONFIG_PATH="$(dirname "$pc")"
# shellcheck disable=SC2046
$cc -Wall -Wextra -Werror "$dir/program.c" -o "$dir/by_pkg_config" $(pkg-config --cflags --libs weir) || fail "by pkg-config"
library=$(dirname "$(dirname "$pc")")
runs env LD_LIBRARY_PATH="$library" "$dir/by_pkg_config"
# shellcheck disable=SC2046
$cc -Wall -Wextra -Werror "$dir/shout.c" -o "$dir/shout_by_pkg_config" $(pkg-config --cflags --libs weir-pipelines) ||
    fail "weir-pipelines by pkg-config"
shouts env LD_LIBRARY_PATH="$library" "$dir/shout_by_pkg_config"

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
add_executable(shout_shared ../shout.c)
target_link_libraries(shout_shared weir::pipelines)
add_executable(shout_static ../shout.c)
target_link_libraries(shout_static weir::pipelines-static)
END
{
    "$cmake" -G Ninja -S "$dir/by_cmake" -B "$dir/by_cmake/build" -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$dir/usr" &&
        "$cmake" --build "$dir/by_cmake/build"
} >"$dir/log" 2>&1 || { cat "$dir/log"; fail "by find_package"; }
runs "$dir/by_cmake/build/shared"
runs "$dir/by_cmake/build/static"
shouts "$dir/by_cmake/build/shout_shared"
shouts "$dir/by_cmake/build/shout_static"

# A name that we show by accident is one that we would have to keep.
strange=$(nm -D --defined-only "$library/libweir.so" | awk '{print $3}' |
    grep -vE '^(weir_[a-z0-9_]+|wi_future_check_poll|WEIR_[0-9.]+)(@@WEIR_[0-9.]+)?$')
[ -z "$strange" ] || fail "libweir.so shows $strange"
strange=$(nm -D --defined-only "$library/libweir-pipelines.so" | awk '{print $3}' |
    grep -vE '^(weir_[a-z0-9_]+|WEIR_PIPELINES_[0-9.]+)(@@WEIR_PIPELINES_[0-9.]+)?$')
[ -z "$strange" ] || fail "libweir-pipelines.so shows $strange"
# Each public function of its headers is there, and the stages' own tables are not.
for name in weir_stage_register weir_pipeline_create weir_pipeline_run_type weir_pipeline_test_run_type weir_flow_fail \
    weir_plugin_load weir_pipeline_convert; do
    nm -D --defined-only "$library/libweir-pipelines.so" | grep -q " $name@@" || fail "libweir-pipelines.so has no $name"
done
nm -D --defined-only "$library/libweir-pipelines.so" | grep -q ' weir_stage_hash@' && fail "it shows a stage's table"
echo "installed, found and linked three ways"
