/* cmd_top.c - weir top: pipelines that run, live. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "args.h"
#include "cmd.h"
#include "control.h"
#include "live_block.h"
#include "peer.h"
#include "screen.h"

#define PEERS_MAX 32

struct values {
    unsigned interval_ms;
    unsigned count;
    bool json;
};

static struct values values = { .interval_ms = 500 };

static const struct arg_opt top_opts[] = {
    { .kind = ARG_NUMBER,
      .short_name = 'd',
      .name = "interval",
      .value = "MS",
      .offset = offsetof(struct values, interval_ms),
      .help = "milliseconds between two looks (default: 500)",
      .min = 50,
      .max = 3600000 },
    { .kind = ARG_NUMBER,
      .short_name = 'n',
      .name = "count",
      .value = "N",
      .offset = offsetof(struct values, count),
      .help = "end after so many (default: until q; where stdout is no terminal, 1)",
      .min = 1,
      .max = 1000000000 },
    { .kind = ARG_FLAG,
      .name = "json",
      .offset = offsetof(struct values, json),
      .help = "a line of JSON a look, for programs" },
    { .name = NULL },
};

const struct args top_args = {
    .command = "weir top",
    .brief = "running pipelines, live",
    .usage = "[OPTION...] [PID]",
    .operands = ARGS_PEERS,
    .summary = "Shows what each stage of a running weir does: rates, how full its queue is, the\n"
               "parts of the time in which it works, waits for room, waits for input; and which\n"
               "is the limit. Without PID: the one that runs, or a line for each. Only yours;\n"
               "root may name any. 'q' ends it.\n",
    .opts = top_opts,
};

/* --- the terminal -------------------------------------------------------------------------------------- */

static volatile sig_atomic_t is_over;

static void end_soon(int signal)
{
    (void)signal;
    is_over = 1;
}

static struct termios before;

static void enter_screen(void)
{
    struct termios raw;
    const struct sigaction action = { .sa_handler = end_soon };
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (tcgetattr(STDIN_FILENO, &before) == 0) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    fputs("\x1b[?1049h\x1b[?25l", stdout);
}

static void leave_screen(void)
{
    fputs("\x1b[?25h\x1b[?1049l", stdout);
    (void)fflush(stdout);
    if (isatty(STDIN_FILENO) == 1)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* Until the next look; false: it is over. */
static bool wait_interval(bool on_screen)
{
    struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
    const bool has_keys = on_screen && isatty(STDIN_FILENO) == 1;
    const int ready = poll(&keys, has_keys ? 1 : 0, (int)values.interval_ms);
    char key = 0;
    if (ready > 0 && read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q' || key == 3))
        return false;
    return !is_over;
}

/* --- looks ------------------------------------------------------------------------------------------------ */

struct peer {
    pid_t pid;
    bool gone;
    struct live_block block;
};

static struct peer peers[PEERS_MAX];

static bool look(struct peer *peer)
{
    static struct live live;
    FILE *answer;
    peer->gone = true;
    if (control_ask(peer->pid, "stats", &answer) == 0) {
        peer->gone = live_read(answer, &live) < 0;
        (void)fclose(answer);
    }
    if (!peer->gone)
        live_block_update(&peer->block, &live);
    return !peer->gone;
}

/* All that run, those that were known keep their rates. */
static size_t look_at_all(void)
{
    pid_t pids[PEERS_MAX];
    const size_t count = control_list(pids, PEERS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (peers[i].pid != pids[i])
            memset(&peers[i], 0, sizeof peers[i]);
        peers[i].pid = pids[i];
        (void)look(&peers[i]);
    }
    return count;
}

static void print_all(FILE *out, size_t count, unsigned width)
{
    for (size_t i = 0; i < count; i++) {
        char command[200];
        (void)control_command(peers[i].pid, command, sizeof command);
        fprintf(out, "%-7d %.*s\n        ", (int)peers[i].pid, (int)width - 8, command);
        live_block_line(out, &peers[i].block, width - 8);
        putc('\n', out);
    }
}

static void print_one(FILE *out, const struct peer *peer, unsigned width, unsigned height, bool colours)
{
    char command[200];
    fprintf(out, "%d  %.*s\n", (int)peer->pid, (int)width - 10, control_command(peer->pid, command, sizeof command));
    (void)live_block_print(out, &peer->block, width, height - 2, colours);
}

static void print(size_t count, bool on_screen)
{
    struct winsize size;
    const unsigned width = (unsigned)screen_width(stdout);
    const unsigned height = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 100;
    if (on_screen)
        fputs("\x1b[H\x1b[J", stdout);
    for (size_t i = 0; values.json && i < count; i++) {
        live_write_json(stdout, &peers[i].block.now);
        putchar('\n');
    }
    if (!values.json && count == 1)
        print_one(stdout, &peers[0], width, height, screen_colours(stdout));
    else if (!values.json)
        print_all(stdout, count, width);
    if (!values.json && count == 0)
        fputs("no weir of yours runs a pipeline\n", stdout);
    (void)fflush(stdout);
}

/* `pid` 0: all there are. */
static int watch(pid_t pid, bool on_screen)
{
    unsigned left = values.count > 0 ? values.count : on_screen ? 0 : 1;
    size_t count;
    for (bool first = true;; first = false) {
        peers[0].pid = pid > 0 ? pid : peers[0].pid;
        count = pid == 0 ? look_at_all() : look(&peers[0]) ? 1 : 0;
        if (count == 0 && (pid > 0 || !on_screen))
            break;
        if (on_screen || (!first && count > 0)) /* rates want two looks */
            print(count, on_screen);
        if (!first && left > 0 && --left == 0)
            return 0;
        if (!wait_interval(on_screen))
            return 0;
    }
    return peers[0].block.now.pid == 0 || pid == 0 ? EXIT_DATA : 0;
}

int cmd_top(int argc, char **argv)
{
    int operands;
    const int parsed = args_parse(&top_args, argc, argv, &values, &operands);
    if (parsed != 0)
        return parsed > 0 ? 0 : EXIT_USAGE;
    pid_t pid = 0;
    FILE *answer;
    int status = operands > 0 ? peer_choose("weir top", operands, argv, &pid) : 0;
    if (status == 0 && pid > 0 && (status = peer_ask("weir top", pid, "stats", &answer)) == 0)
        (void)fclose(answer);
    if (status != 0)
        return status;
    (void)signal(SIGPIPE, SIG_IGN);
    const bool on_screen = isatty(STDOUT_FILENO) == 1 && !values.json;
    if (on_screen)
        enter_screen();
    status = watch(pid, on_screen);
    if (on_screen)
        leave_screen();
    if (status == EXIT_DATA)
        fputs("weir top: no weir of yours runs a pipeline\n", stderr);
    else if (pid > 0 && peers[0].gone)
        fprintf(stderr, "weir top: process %d has ended\n", (int)pid);
    return status;
}
