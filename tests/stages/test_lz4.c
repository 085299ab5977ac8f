/* test_lz4.c - stage "lz4": its levels. */
#include "codec_rig.h"

/* Some levels are other code, or another library: in any windows the same bytes, that come back. */
static void test_every_level_comes_back_in_any_windows(void)
{
    for (int64_t level = 1; level <= 12; level++) {
        const struct codec encoder = { weir_stage_find("lz4"), { "level" }, { level } };
        const struct codec decoder = { weir_stage_find("unlz4"), { NULL }, { 0 } };
        codec_round_trips(&encoder, &decoder);
    }
}

int main(void)
{
    if (weir_stage_find("lz4") == NULL) {
        printf("skipped: built without lz4\n");
        return 0;
    }
    RUN(test_every_level_comes_back_in_any_windows);
    return check_done();
}
