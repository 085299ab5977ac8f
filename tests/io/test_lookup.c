/* test_lookup.c - names to addresses, without any network. */
#include <weir/lookup.h>
#include <weir/select.h>
#include <weir/time.h>

#include "io_runtime.h"

static void run_numbers(weir_runtime *runtime)
{
    weir_addrs *addrs = NULL;
    CHECK_EQ(BLOCK_ON(runtime, weir_lookup("127.0.0.1", "80", &addrs)), 0);
    CHECK_EQ(addrs->count, 1);
    char text[WEIR_ADDR_TEXT_MAX];
    (void)weir_addr_format(&addrs->addr[0], text);
    CHECK_STR(text, "127.0.0.1:80");
    free(addrs);
    addrs = NULL;
    CHECK_EQ(BLOCK_ON(runtime, weir_lookup("::1", "65535", &addrs)), 0);
    (void)weir_addr_format(&addrs->addr[0], text);
    CHECK_STR(text, "[::1]:65535");
    free(addrs);
    addrs = NULL;
    CHECK(BLOCK_ON(runtime, weir_lookup("127.0.0.1", "no such service", &addrs)) < 0);
    CHECK(BLOCK_ON(runtime, weir_lookup("", "80", &addrs)) < 0);
    CHECK(addrs == NULL);
}

/* Numbers need no server, and what makes no sense is an error. */
static void test_numbers_are_looked_up_and_nonsense_is_refused(void)
{
    on_every_runtime(run_numbers);
}

WEIR_ASYNC(drop_lookups, int64_t, weir_addrs *addrs; weir_lookup_future lookup; weir_yield yield;
           weir_select_future select; int round;)
{
    WEIR_BEGIN
    for (; self->round < 20; self->round++) {
        self->lookup = weir_lookup("127.0.0.1", "80", &self->addrs);
        self->yield = weir_yield_now();
        AWAIT(self->select, weir_select_biased(self->lookup, self->yield));
        if (self->select.output == 0) {
            free(self->addrs);
            self->addrs = NULL;
        }
    }
    self->lookup = weir_lookup("127.0.0.1", "80", &self->addrs);
    weir_drop(self->lookup); /* never polled */
    RETURN(self->addrs == NULL ? 0 : -1);
    WEIR_FINALLY
    free(self->addrs);
    WEIR_END
}

static void run_dropped(weir_runtime *runtime)
{
    CHECK_EQ(BLOCK_ON(runtime, WEIR_CALL(drop_lookups)), 0);
}

/* A look-up that nobody waits for any more ends by itself and writes nowhere. */
static void test_a_dropped_lookup_ends_unobserved(void)
{
    on_every_runtime(run_dropped);
}

static void run_connect(weir_runtime *runtime)
{
    weir_addr addr;
    weir_listener *listener;
    CHECK_EQ(weir_addr_parse("127.0.0.1:0", &addr), 0);
    CHECK_EQ(weir_listen(&addr, NULL, &listener), 0);
    CHECK_EQ(weir_addr_local(weir_listener_fd(listener), &addr), 0);
    char port[8];
    snprintf(port, sizeof port, "%u", weir_addr_port(&addr));
    weir_stream *stream = NULL;
    CHECK_EQ(BLOCK_ON(runtime, weir_connect_host("127.0.0.1", port, &stream)), 0);
    CHECK(stream != NULL);
    weir_stream_put(stream);
    weir_listener_close(listener);
    CHECK_EQ(BLOCK_ON(runtime, weir_connect_host("127.0.0.1", port, &stream)), -ECONNREFUSED);
    CHECK(BLOCK_ON(runtime, weir_connect_host("127.0.0.1", "no such service", &stream)) < 0);
}

/* Connecting by name tries what the look-up found, and says why nothing answered. */
static void test_connecting_by_name(void)
{
    on_every_runtime(run_connect);
}

int main(void)
{
    RUN(test_numbers_are_looked_up_and_nonsense_is_refused);
    RUN(test_a_dropped_lookup_ends_unobserved);
    RUN(test_connecting_by_name);
    return check_done();
}
