/* junit.h - results of tests as JUnit's XML, which CI systems read. */
#ifndef JUNIT_H
#define JUNIT_H

#include <weir/text.h>

struct junit_case {
    const char *file, *name;
    int64_t took_ns;
    bool passed;
    const weir_text *words; /* what was wrong */
};

/*
 * One suite a file, in the order of the cases. To a new file, or over what `path` holds. 0 or a negative errno. What
 * XML can't hold, control characters and bytes that are no UTF-8, is a '?'.
 */
int junit_write(const char *path, const struct junit_case *cases, size_t count);

#endif
