/* test_help.c - calls for help that aren't worth it come later, and at once again after one that is. */
#include "check.h"
#include "sched/help.h"

static void call_and_stay(struct help *help, uint64_t stamps)
{
    help_call(help);
    CHECK(help_comes(help));
    help_ends(help, stamps);
}

/* Twice as late after each, and no later than 16 times: 0.8 ms is what work for two may wait for. */
static void test_short_stays_make_calls_later(void)
{
    struct help help = { 0 };
    for (unsigned stays = 0; stays < 8; stays++) {
        CHECK_EQ(help_after(&help), HELP_AFTER_STAMPS << (stays < 4 ? stays : 4));
        call_and_stay(&help, HELP_WORTH_STAMPS - 1);
    }
}

static void test_one_stay_that_lasts_makes_them_early_again(void)
{
    struct help help = { 0 };
    for (unsigned stays = 0; stays < 8; stays++)
        call_and_stay(&help, 0);
    call_and_stay(&help, HELP_WORTH_STAMPS);
    CHECK_EQ(help_after(&help), HELP_AFTER_STAMPS);
}

/* Who wakes for something else isn't judged by how long he stays: one call is answered once. */
static void test_a_call_is_answered_once(void)
{
    struct help help = { 0 };
    CHECK(!help_comes(&help));
    help_call(&help);
    help_call(&help);
    CHECK(help_comes(&help));
    CHECK(!help_comes(&help));
}

int main(void)
{
    RUN(test_short_stays_make_calls_later);
    RUN(test_one_stay_that_lasts_makes_them_early_again);
    RUN(test_a_call_is_answered_once);
    return check_done();
}
