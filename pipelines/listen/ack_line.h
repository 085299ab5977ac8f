/*
 * ack_line.h - what a `send ack=true` and a `listen ack=true` say to each other beside records: docs/acknowledged.md.
 *
 *     weir-ack 1               the listener, first: it speaks this
 *     session ID               the sender: whose records these are, 32 digits of [0-9a-f]
 *     have N                   the listener: of this session it has those up to N
 *     from N                   the sender: the first record that comes now is that one; records follow
 *     ack N                    the listener: those up to N are safe, the sender may forget them
 *     no WORDS                 the listener, in place of `have`: why not; then it ends the connection
 *
 * A line ends with a newline and is no longer than ACK_LINE_MAX, with that. Numbers are decimal, below 2^63, without
 * zeros in front.
 */
#ifndef WP_ACK_LINE_H
#define WP_ACK_LINE_H

#include <stddef.h>
#include <stdint.h>

#define ACK_LINE_MAX 128u
#define SESSION_ID_BYTES 16u
#define SESSION_ID_DIGITS 32u

enum ack_kind { ACK_HELLO, ACK_SESSION, ACK_HAVE, ACK_FROM, ACK_UP_TO, ACK_NO };

struct ack_line {
    enum ack_kind kind;
    uint64_t number; /* of HAVE, FROM, UP_TO; the version of HELLO */
    unsigned char session[SESSION_ID_BYTES];
    char words[ACK_LINE_MAX]; /* of NO: printable ASCII */
};

/*
 * The line at the beginning of data[0..size): its length with the newline; 0: it isn't whole; or -EPROTO: no such line
 * begins like that. What is no line is known as such before its end where it is longer than any.
 */
int wp_ack_line_parse(const char *data, size_t size, struct ack_line *ret_line);
/* The same, and takes it out of data[0..*size), whose rest moves to the front: 1; 0: it isn't whole; or -EPROTO. */
int wp_ack_line_take(char *data, size_t *size, struct ack_line *ret_line);
/* The line with its newline, and its length. */
size_t wp_ack_line_put(const struct ack_line *line, char text[ACK_LINE_MAX]);

/* 32 digits and a NUL. */
void wp_session_name(const unsigned char session[SESSION_ID_BYTES], char text[SESSION_ID_DIGITS + 1]);
/* Of 32 digits and nothing behind them: 0; or -EINVAL. */
int wp_session_parse(const char *text, size_t size, unsigned char ret_session[SESSION_ID_BYTES]);

#endif
