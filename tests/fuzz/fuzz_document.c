/*
 * fuzz_document.c - any bytes as a document and as a text: they are read or refused with words, and what was read is
 * the same after the way through the other languages, which weir_pipeline_convert() proves (-EBADMSG: it is not).
 */
#include <weir/reformat.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void convert(const char *text, size_t size, weir_pipeline_language from, weir_pipeline_language to)
{
    const weir_pipeline_text pipeline = { .name = "fuzz", .data = text, .size = size, .language = from };
    weir_text errors = { 0 }, out = { 0 };
    const int error = weir_pipeline_convert(&pipeline, to, &errors, &out);
    must(error == 0 || error == -EINVAL);
    must(error == 0 || errors.size > 0);
    must(error == 0 || out.size == 0);
    weir_text_fini(&errors);
    weir_text_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *const text = malloc(size + (size == 0)); /* exactly as long: a look past its end is seen */
    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    convert(text, size, WEIR_PIPELINE_YAML, WEIR_PIPELINE_TEXT);
    convert(text, size, WEIR_PIPELINE_YAML, WEIR_PIPELINE_YAML);
    convert(text, size, WEIR_PIPELINE_YAML, WEIR_PIPELINE_JSON);
    convert(text, size, WEIR_PIPELINE_TEXT, WEIR_PIPELINE_YAML);
    convert(text, size, WEIR_PIPELINE_TEXT, WEIR_PIPELINE_JSON);
    free(text);
    return 0;
}
