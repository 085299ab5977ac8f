/* cmd_tap.c - weir tap: what passes behind a stage of a weir that runs, and a test made of it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weir/text.h>

#include "args.h"
#include "cmd.h"
#include "control.h"
#include "peer.h"
#include "record_test.h"
#include "screen.h"

#define PAUSE_NS 100000000

struct values {
    unsigned count;
    const char *save;
};

static const struct arg_opt tap_opts[] = {
    { .kind = ARG_NUMBER,
      .short_name = 'n',
      .name = "count",
      .value = "N",
      .offset = offsetof(struct values, count),
      .help = "end after so many (default: when the pipeline ends; with --save 20)",
      .min = 1,
      .max = 1000000000 },
    { .kind = ARG_STRING,
      .name = "save",
      .value = "FILE.weir",
      .offset = offsetof(struct values, save),
      .help = "add them to that pipeline as a test that expects what it makes of them now" },
    { .name = NULL },
};

static const struct arg_section tap_sections[] = {
    { .title = "OUTPUT",
      .text = "A line of JSON for each record or file that the stage gives; of bytes the size and head of each chunk. "
              "Of a stage that ends the pipeline, or forks, it is what it gets. It is a sample: what passes faster "
              "than it is asked for is counted and said at the end. The run itself never waits for it." },
    { .title = "EXAMPLES",
      .verbatim = true,
      .text = "weir tap json                             # of the only weir that runs\n"
              "weir tap 4242 where -n 10\n"
              "weir tap lines -n 5 --save nginx.weir     # then: weir test nginx.weir" },
    { .title = NULL },
};

const struct args tap_args = {
    .command = "weir tap",
    .brief = "live records of a running pipeline",
    .usage = "[OPTION...] [PID] STAGE",
    .operands = ARGS_PEERS,
    .summary = "Prints samples of what a stage of a running weir gives, until it ends. STAGE is\n"
               "its name, or its number from 0 on.\n",
    .opts = tap_opts,
    .sections = tap_sections,
};

struct tapped {
    const char *stage, *form;
    uint64_t since, missed;
    size_t count, wanted;
    weir_text kept; /* with --save */
};

static volatile sig_atomic_t is_over;

static void end_soon(int signal)
{
    (void)signal;
    is_over = 1;
}

/* What the peer escaped is text of strangers all the same. */
static void put_sample(const char *line, size_t size)
{
    if (isatty(STDOUT_FILENO) == 1)
        screen_put(stdout, line, size);
    else
        (void)fwrite(line, 1, size, stdout);
}

/* One answer. 0: go on; 1: that was all; -1: it was told what is wrong. */
static int take(struct tapped *tapped, FILE *answer, bool save)
{
    char *line = NULL;
    size_t room = 0;
    unsigned long next, missed;
    ssize_t size = getline(&line, &room, answer);
    int result = size < 0 ? 1 : 0;
    if (size > 0 && sscanf(line, "next %lu missed %lu", &next, &missed) != 2) {
        fprintf(stderr, "weir tap: %s: %s", tapped->stage, strncmp(line, "error ", 6) == 0 ? line + 6 : line);
        result = -1;
    } else if (size > 0) {
        tapped->since = next;
        tapped->missed = missed;
    }
    while (result == 0 && tapped->count < tapped->wanted && (size = getline(&line, &room, answer)) > 0) {
        tapped->count++;
        if (save)
            result = weir_text_append(&tapped->kept, line, (size_t)size) < 0 ? -1 : 0;
        else
            put_sample(line, (size_t)size);
    }
    free(line);
    return result;
}

static int tap(struct tapped *tapped, pid_t pid, bool save)
{
    const struct timespec pause = { .tv_nsec = PAUSE_NS };
    int result = 0;
    for (bool first = true; result == 0 && !is_over && tapped->count < tapped->wanted; first = false) {
        char request[160];
        FILE *answer;
        snprintf(request, sizeof request, "tap %.64s %lu %s", tapped->stage, (unsigned long)tapped->since,
                 tapped->form);
        if (first && peer_ask("weir tap", pid, request, &answer) != 0)
            return -1;
        if (!first && control_ask(pid, request, &answer) < 0)
            return 1; /* it has ended */
        result = take(tapped, answer, save);
        (void)fclose(answer);
        if (fflush(stdout) != 0)
            return 1;
        if (result == 0 && tapped->count < tapped->wanted)
            (void)nanosleep(&pause, NULL);
    }
    return result;
}

int cmd_tap(int argc, char **argv)
{
    static struct values values;
    int operands;
    pid_t pid;
    const int parsed = args_parse(&tap_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    if (operands == 0) {
        fputs("weir tap: name a stage\nTry 'weir tap --help'.\n", stderr);
        return EXIT_USAGE;
    }
    int status = peer_choose("weir tap", operands - 1, argv, &pid);
    if (status != 0)
        return status;
    const bool save = values.save != NULL;
    struct tapped tapped = { .stage = argv[operands - 1], .form = save ? "input" : "fields" };
    tapped.wanted = values.count > 0 ? values.count : save ? 20 : SIZE_MAX;
    const struct sigaction action = { .sa_handler = end_soon };
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    const int result = tap(&tapped, pid, save);
    if (result < 0)
        status = EXIT_DATA;
    else if (save)
        status = record_test("weir tap", values.save, tapped.stage, &tapped.kept);
    if (result >= 0 && tapped.missed > 0)
        fprintf(stderr, "weir tap: a sample: %lu more went by\n", (unsigned long)tapped.missed);
    if (result >= 0 && tapped.count == 0)
        fprintf(stderr, "weir tap: nothing has passed there; 'weir explain' says which stages run as one\n");
    weir_text_fini(&tapped.kept);
    return status;
}
