/* text_out.h - text on its way to a descriptor, by the buffer. */
#ifndef WI_TEXT_OUT_H
#define WI_TEXT_OUT_H

#include <weir/base.h>

struct text_out {
    int fd;
    int error; /* the first; from then on nothing is written */
    size_t used;
    char buffer[64 * 1024];
};

void wi_text_init(struct text_out *out, int fd);
void wi_text_flush(struct text_out *out);
void wi_text_bytes(struct text_out *out, const char *text, size_t size);
void wi_text(struct text_out *out, const char *text);
void wi_text_number(struct text_out *out, uint64_t number);
void wi_text_spaces(struct text_out *out, unsigned count);
/* "3.2 s", "15 ms" */
void wi_text_duration(struct text_out *out, int64_t duration_ns);
void wi_text_format(struct text_out *out, const char *format, ...) WEIR_PRINTF(2, 3);

#endif
