/* reload.c - weir run reads its pipeline's file again. */
#include "reload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "interrupt.h"

bool reload_check(void *arg)
{
    const struct reloading *reloading = arg;
    const struct pipeline_choice *choice = reloading->choice;
    weir_pipeline *pipeline = NULL; /* standard input can't be read twice: that one goes on as it is */
    if ((choice->file == NULL || strcmp(choice->file, "-") != 0) &&
        pipeline_load("weir run", choice->expression, choice->file, reloading->operand, &choice->set, &pipeline) != 0) {
        fputs("weir: SIGHUP: the pipeline goes on as it was\n", stderr);
        return false;
    }
    weir_pipeline_destroy(pipeline);
    fputs("weir: SIGHUP: going on with the pipeline as it is now\n", stderr);
    return true;
}

/* The words of the command line, as the kernel has them, with --adapt behind "run". NULL: why is in errno. */
static char **read_words(weir_text *bytes)
{
    static char adapt[] = "--adapt";
    char block[4096];
    const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    size_t count = 0;
    while (got > 0 && (got = read(fd, block, sizeof block)) > 0)
        if (weir_text_append(bytes, block, (size_t)got) < 0)
            got = -1;
    if (fd >= 0)
        (void)close(fd);
    for (size_t i = 0; i < bytes->size; i++)
        count += bytes->data[i] == '\0';
    char **words = got < 0 ? NULL : calloc(count + 2, sizeof *words);
    size_t at = 0, word = 0;
    while (words != NULL && at < bytes->size) {
        words[word++] = bytes->data + at;
        at += strlen(bytes->data + at) + 1;
        if (word == 2)
            words[word++] = adapt;
    }
    return words;
}

int reload_now(void)
{
    weir_text bytes = { 0 };
    char **words = read_words(&bytes);
    interrupt_unblock();
    if (words != NULL)
        (void)execv("/proc/self/exe", words);
    fprintf(stderr, "weir run: it could not begin anew: %s: start it again, and it goes on\n", strerror(errno));
    free(words);
    weir_text_fini(&bytes);
    return EXIT_DATA;
}
