/* test_gzip.c - stage "gzip": its levels. */
#include "codec_rig.h"

/* Some levels are other code, or another library: in any windows the same bytes, that come back. */
static void test_every_level_comes_back_in_any_windows(void)
{
    for (int64_t level = 1; level <= 9; level++) {
        const struct codec encoder = { weir_stage_find("gzip"), { "level" }, { level } };
        const struct codec decoder = { weir_stage_find("gunzip"), { NULL }, { 0 } };
        codec_round_trips(&encoder, &decoder);
    }
}

int main(void)
{
    if (weir_stage_find("gzip") == NULL) {
        printf("skipped: built without gzip\n");
        return 0;
    }
    RUN(test_every_level_comes_back_in_any_windows);
    return check_done();
}
