/* test_addr.c - addresses from text and back. */
#include <weir/net.h>

#include "check.h"

/* What is parsed is printed the same. */
static void test_an_address_survives_the_round_trip(void)
{
    static const char *const texts[] = { "127.0.0.1:80",     "0.0.0.0:0",        "[::1]:65535",       "[fe80::1%1]:80",
                                         "unix:/run/a sock", "unix:@abstract 1", "[::ffff:1.2.3.4]:1" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        weir_addr addr;
        char text[WEIR_ADDR_TEXT_MAX];
        CHECK_EQ(weir_addr_parse(texts[i], &addr), 0);
        const size_t length = weir_addr_format(&addr, text);
        if (strstr(text, "%lo") == NULL)
            CHECK_STR(text, texts[i]);
        CHECK_EQ(length, strlen(text));
    }
}

/* What is no address is refused, and the caller's isn't touched. */
static void test_what_is_no_address_is_refused(void)
{
    static const char *const texts[] = {
        "",      "127.0.0.1",     "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.1:80", "::1:80",      "[::1]80",
        "[::1]", "[::1:80",       "[]:80",      "[::1%]:80",       "localhost:80", ":80",      "[::1%9x]:80", "]:80",
        "[:80",  "127.0.0.1: 80", "unix:",      "unix:@"
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        weir_addr addr = { .size = 77 };
        CHECK_EQ(weir_addr_parse(texts[i], &addr), -EINVAL);
        CHECK_EQ(addr.size, 77);
    }
    char text[300];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    weir_addr addr;
    CHECK_EQ(weir_addr_parse(text, &addr), -EINVAL);
    memcpy(text, "unix:", 5);
    CHECK_EQ(weir_addr_parse(text, &addr), -ENAMETOOLONG);
    text[5] = '@';
    CHECK_EQ(weir_addr_parse(text, &addr), -ENAMETOOLONG);
    CHECK_EQ(weir_addr_unix("", &addr), -EINVAL);
    CHECK_EQ(weir_addr_abstract("", 0, &addr), -EINVAL);
}

/* A Unix name may be any bytes; its text is printable and fits, whatever they are. */
static void test_the_text_of_a_strange_name_is_printable(void)
{
    char name[107];
    memset(name, '\x1b', sizeof name);
    weir_addr addr;
    char text[WEIR_ADDR_TEXT_MAX];
    CHECK_EQ(weir_addr_abstract(name, sizeof name, &addr), 0);
    const size_t length = weir_addr_format(&addr, text);
    CHECK(length < WEIR_ADDR_TEXT_MAX);
    for (size_t i = 0; i < length; i++)
        CHECK(text[i] >= ' ' && text[i] < 127);
    CHECK_EQ(strncmp(text, "unix:@\\x1b\\x1b", 14), 0);
    addr.at.family = AF_PACKET;
    CHECK(weir_addr_format(&addr, text) > 0);
}

/* The port is in the same place for both kinds of internet addresses, and nowhere for others. */
static void test_ports(void)
{
    weir_addr addr;
    CHECK_EQ(weir_addr_parse("[::1]:80", &addr), 0);
    CHECK_EQ(weir_addr_port(&addr), 80);
    weir_addr_set_port(&addr, 8080);
    CHECK_EQ(weir_addr_port(&addr), 8080);
    CHECK_EQ(weir_addr_parse("1.2.3.4:443", &addr), 0);
    weir_addr_set_port(&addr, 1);
    CHECK_EQ(weir_addr_port(&addr), 1);
    CHECK_EQ(weir_addr_unix("/a", &addr), 0);
    weir_addr_set_port(&addr, 1);
    CHECK_EQ(weir_addr_port(&addr), 0);
    CHECK_STR(addr.at.un.sun_path, "/a");
}

int main(void)
{
    RUN(test_an_address_survives_the_round_trip);
    RUN(test_what_is_no_address_is_refused);
    RUN(test_the_text_of_a_strange_name_is_printable);
    RUN(test_ports);
    return check_done();
}
