/* lines.h - words into lines of at most 80 columns, indented as far as they are nested. */
#ifndef WP_LINES_H
#define WP_LINES_H

#include <weir/text.h>

#define LINES_COLUMNS 80u

struct lines {
    weir_text *out;
    unsigned indent; /* of each line that begins from now on */
    unsigned column;
    bool failed; /* no memory, once or more often: nothing is written from then on */
};

/* Words with blanks between, into the line that is begun; a line that gets too long goes on in the next one. A word
 * that is longer than a line is cut, and ends in "...". */
void wp_lines_say(struct lines *lines, const char *format, ...) WEIR_PRINTF(2, 3);
/* The same, and the line ends. */
void wp_lines_put(struct lines *lines, const char *format, ...) WEIR_PRINTF(2, 3);
/* Ends the line that is begun; none is begun: nothing. */
void wp_lines_end(struct lines *lines);
/* An empty line. */
void wp_lines_gap(struct lines *lines);

/* "64 KiB", "1.5 MiB". Returns `buffer`. */
#define LINES_SIZE_MAX 32
const char *wp_lines_size(char buffer[LINES_SIZE_MAX], uint64_t bytes);

#endif
