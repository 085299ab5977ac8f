/* tls_files.c - the certificates and keys that a stage's options name. */
#include "listen/tls_files.h"

#include <weir/blocking.h>

struct reading {
    const weir_tls_options *options;
    weir_tls_context *context;
    char fault[WEIR_TLS_FAULT_MAX];
};

static int64_t read_all(void *arg)
{
    struct reading *self = arg;
    return weir_tls_context_create(self->options, &self->context, self->fault);
}

int wp_tls_context(struct run_node *node, const weir_tls_options *options, weir_tls_context **ret_context)
{
    struct reading reading = { .options = options };
    const int error = (int)weir_block_in_place(read_all, &reading);
    if (error < 0)
        return wp_run_fail(node, error, "%s", reading.fault);
    *ret_context = reading.context;
    return 0;
}
