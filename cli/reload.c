/* reload.c - weir run reads its pipeline's file again. */
#include "reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "interrupt.h"
#include "service.h"

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
    if (pipeline != NULL && !sandbox_covers(reloading->sandbox, pipeline)) {
        fputs("weir: SIGHUP: the pipeline goes on as it was\n", stderr);
        weir_pipeline_destroy(pipeline);
        return false;
    }
    weir_pipeline_destroy(pipeline);
    fputs("weir: SIGHUP: going on with the pipeline as it is now\n", stderr);
    return true;
}

int reload_prepare(struct reloading *reloading, int argc, char **argv)
{
    static char adapt[] = "--adapt";
    size_t count = 0;
    reloading->words = calloc((size_t)argc + 3, sizeof *reloading->words);
    if (reloading->words == NULL)
        return -ENOMEM;
    for (int i = -1; i < argc; i++) {
        reloading->words[count++] = argv[i];
        if (i == 0)
            reloading->words[count++] = adapt;
    }
    return 0;
}

int reload_now(const struct reloading *reloading)
{
    sandbox_hand_on(reloading->sandbox);
    service_hand_on();
    interrupt_unblock();
    (void)execv("/proc/self/exe", reloading->words);
    fprintf(stderr, "weir run: it could not begin anew: %s: start it again, and it goes on\n", strerror(errno));
    return EXIT_DATA;
}
