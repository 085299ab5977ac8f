/* secrets.c - values of secrets in words for people become their names. */
#include "lang/secrets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *mask(const struct secret *secret, char *text)
{
    char *found, *masked;
    size_t at = 0;
    while (text != NULL && (found = strstr(text + at, secret->value)) != NULL) {
        const int size =
            asprintf(&masked, "%.*s${secret.%s}%s", (int)(found - text), text, secret->name, found + secret->size);
        at = (size_t)(found - text) + strlen("${secret.}") + strlen(secret->name);
        free(text);
        text = size < 0 ? NULL : masked;
    }
    return text;
}

char *wp_secrets_mask(const struct secret *secrets, char *text)
{
    for (const struct secret *secret = secrets; secret != NULL; secret = secret->next)
        if (secret->size >= SECRET_SIZE_MIN)
            text = mask(secret, text);
    return text;
}

int wp_secrets_append(const struct secret *secrets, weir_text *from, weir_text *to)
{
    int error = weir_text_append(from, "", 1);
    char *masked = error == 0 ? wp_secrets_mask(secrets, strdup(from->data)) : NULL;
    if (error == 0)
        error = masked != NULL ? weir_text_append(to, masked, strlen(masked)) : -ENOMEM;
    free(masked);
    weir_text_fini(from);
    return error;
}
