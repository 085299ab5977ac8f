/* junit.c - results of tests as JUnit's XML. */
#include "junit.h"

#include <stdio.h>
#include <string.h>

/* The bytes of the character at `at` that XML may hold; 0: it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    const size_t size = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
    if (size == 1)
        return *at >= ' ' || *at == '\n' || *at == '\t';
    if (*at < 0xc2 || *at > 0xf4 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    const bool odd = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
                     (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f) ||
                     (at[0] == 0xef && at[1] == 0xbf && at[2] > 0xbd);
    return odd ? 0 : size;
}

static void put(FILE *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        const size_t taken = character((const unsigned char *)text + i, size - i);
        if (taken == 0)
            fputc('?', out);
        else if (text[i] == '<')
            fputs("&lt;", out);
        else if (text[i] == '>')
            fputs("&gt;", out);
        else if (text[i] == '&')
            fputs("&amp;", out);
        else if (text[i] == '"')
            fputs("&quot;", out);
        else if (text[i] == '\n')
            fputs("&#10;", out);
        else
            (void)fwrite(text + i, 1, taken, out);
        i += taken + (taken == 0);
    }
}

static void put_case(FILE *out, const struct junit_case *one)
{
    fputs("    <testcase classname=\"", out);
    put(out, one->file, strlen(one->file));
    fputs("\" name=\"", out);
    put(out, one->name, strlen(one->name));
    fprintf(out, "\" time=\"%.6f\"", (double)one->took_ns / 1e9);
    if (one->passed) {
        fputs("/>\n", out);
        return;
    }
    const char *newline = one->words->size > 0 ? memchr(one->words->data, '\n', one->words->size) : NULL;
    fputs(">\n      <failure message=\"", out);
    put(out, one->words->data, newline != NULL ? (size_t)(newline - one->words->data) : one->words->size);
    fputs("\">", out);
    put(out, one->words->data, one->words->size);
    fputs("</failure>\n    </testcase>\n", out);
}

/* The cases of one file, which stand together. Returns how many. */
static size_t put_suite(FILE *out, const struct junit_case *cases, size_t count)
{
    size_t tests = 0, failures = 0;
    int64_t took_ns = 0;
    for (; tests < count && strcmp(cases[tests].file, cases[0].file) == 0; tests++) {
        failures += !cases[tests].passed;
        took_ns += cases[tests].took_ns;
    }
    fputs("  <testsuite name=\"", out);
    put(out, cases[0].file, strlen(cases[0].file));
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%.6f\">\n", tests, failures,
            (double)took_ns / 1e9);
    for (size_t i = 0; i < tests; i++)
        put_case(out, &cases[i]);
    fputs("  </testsuite>\n", out);
    return tests;
}

int junit_write(const char *path, const struct junit_case *cases, size_t count)
{
    FILE *out = fopen(path, "we");
    if (out == NULL)
        return -errno;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
    for (size_t i = 0; i < count;)
        i += put_suite(out, cases + i, count - i);
    fputs("</testsuites>\n", out);
    const bool written = fflush(out) == 0 && ferror(out) == 0;
    const int error = written ? 0 : -EIO;
    return fclose(out) != 0 && error == 0 ? -errno : error;
}
