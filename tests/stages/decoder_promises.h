/* decoder_promises.h - what each stage that decompresses promises, fed with what its encoder makes. */
#ifndef DECODER_PROMISES_H
#define DECODER_PROMISES_H

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

/* cat a.gz b.gz, and its like, is what everybody does with them. */
static void test_joined_streams_are_one_and_garbage_is_named_with_its_place(void)
{
    codec_joins_and_garbage(&encoder, &decoder);
}

/* What decompresses uploads has to have an end. */
static void test_bombs_run_into_the_bounds(void)
{
    codec_bombs_run_into_the_bounds(&encoder, decoder.stage);
}

/* What main() returns. */
static int decoder_promises(const char *encoder_name, const char *decoder_name)
{
    encoder.stage = weir_stage_find(encoder_name);
    decoder.stage = weir_stage_find(decoder_name);
    if (encoder.stage == NULL) {
        printf("skipped: built without %s\n", encoder_name);
        return 0;
    }
    RUN(test_there_and_back_in_any_windows);
    RUN(test_truncated_anywhere_is_an_error);
    RUN(test_flipped_bits_never_give_other_bytes);
    RUN(test_joined_streams_are_one_and_garbage_is_named_with_its_place);
    RUN(test_bombs_run_into_the_bounds);
    return check_done();
}

#endif
