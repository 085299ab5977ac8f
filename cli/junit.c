/* junit.c - results of tests as JUnit's XML. */
#include "junit.h"

#include <stdio.h>
#include <string.h>

#include "xml_text.h"

static void put_case(FILE *out, const struct junit_case *one)
{
    fputs("    <testcase classname=\"", out);
    xml_text(out, one->file, strlen(one->file));
    fputs("\" name=\"", out);
    xml_text(out, one->name, strlen(one->name));
    fprintf(out, "\" time=\"%.6f\"", (double)one->took_ns / 1e9);
    if (one->passed) {
        fputs("/>\n", out);
        return;
    }
    const char *newline = one->words->size > 0 ? memchr(one->words->data, '\n', one->words->size) : NULL;
    fputs(">\n      <failure message=\"", out);
    xml_text(out, one->words->data, newline != NULL ? (size_t)(newline - one->words->data) : one->words->size);
    fputs("\">", out);
    xml_text(out, one->words->data, one->words->size);
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
    xml_text(out, cases[0].file, strlen(cases[0].file));
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
