/* web_none.c - a weir that was built without libmicrohttpd. */
#include <errno.h>
#include <stdio.h>

#include "web.h"

const char *web_backend(void)
{
    return "none";
}

int web_start(const struct web_options *options, struct web **ret_web)
{
    *ret_web = NULL;
    if (options->metrics == NULL && options->ui == NULL)
        return 0;
    fprintf(stderr, "weir run: this weir was built without libmicrohttpd, so there is no --%s\n",
            options->metrics != NULL ? "metrics" : "ui");
    return -ENOTSUP;
}

void web_warm_up(void)
{
}

int web_parse_address(const char *text, weir_addr *ret_addr)
{
    (void)text;
    (void)ret_addr;
    return -EINVAL;
}

void web_stop(struct web *web)
{
    (void)web;
}
