/* test_unlz4.c - stage "unlz4", fed with what "lz4" makes. */
#include "codec_rig.h"

static struct codec encoder, decoder;

/* A stage gives back the same text whether it is fed whole files or single bytes: the host promises neither. */
static void test_there_and_back_in_any_windows(void)
{
    codec_round_trips(&encoder, &decoder);
}

/* A download that broke off is no shorter file. */
static void test_truncated_anywhere_is_an_error(void)
{
    codec_truncated_is_an_error(&encoder, &decoder);
}

/* Checksums are looked at. */
static void test_flipped_bits_never_give_other_bytes(void)
{
    codec_flipped_bits_never_give_other_bytes(&encoder, &decoder);
}

/* cat a.lz4 b.lz4 is what everybody does with them. */
static void test_joined_streams_are_one_and_garbage_is_named_with_its_place(void)
{
    codec_joins_and_garbage(&encoder, &decoder);
}

/* What decompresses uploads has to have an end. */
static void test_bombs_run_into_the_bounds(void)
{
    codec_bombs_run_into_the_bounds(&encoder, decoder.stage);
}

int main(void)
{
    encoder.stage = weir_stage_find("lz4");
    decoder.stage = weir_stage_find("unlz4");
    if (encoder.stage == NULL) {
        printf("skipped: built without lz4\n");
        return 0;
    }
    RUN(test_there_and_back_in_any_windows);
    RUN(test_truncated_anywhere_is_an_error);
    RUN(test_flipped_bits_never_give_other_bytes);
    RUN(test_joined_streams_are_one_and_garbage_is_named_with_its_place);
    RUN(test_bombs_run_into_the_bounds);
    return check_done();
}
