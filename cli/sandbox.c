/* sandbox.c - from what a pipeline reaches to rules of the kernel's. */
#include "sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/net.h>

#include "cmd.h"
#include "landlock.h"
#include "sandbox_rules.h"
#include "screen.h"
#include "system_calls.h"

/* Set for a program that begins anew in the sandbox of the one before. */
#define HELD "WEIR_SANDBOX_HELD"

/* Those look at their process from outside, and stop it, with calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* --- the plan ------------------------------------------------------------------------------------------------ */

static int no_memory(void)
{
    fputs("weir run: no memory\n", stderr);
    return EXIT_DATA;
}

/* The first stage whose reach is one of these kinds. */
static const struct sandbox_rule *find_kind(const struct sandbox *sandbox, weir_reach_kind kind)
{
    for (size_t i = 0; i < sandbox->count; i++)
        if (sandbox->rules[i].kind == kind)
            return &sandbox->rules[i];
    return NULL;
}

static int say_unconfined(struct sandbox *sandbox, const char *stage, const char *why)
{
    free(sandbox->unconfined);
    return asprintf(&sandbox->unconfined, "%s %s", stage, why) < 0 ? -ENOMEM : 0;
}

/* Whether it is confined at all. What --sandbox=on can't do for it is a mistake. */
static int decide(struct sandbox *sandbox)
{
    const struct sandbox_rule *unknown = find_kind(sandbox, WEIR_REACH_UNKNOWN);
    const struct sandbox_rule *listens = find_kind(sandbox, WEIR_REACH_LISTEN);
    const struct sandbox_rule *connects = find_kind(sandbox, WEIR_REACH_CONNECT);
    const struct sandbox_rule *moves = find_kind(sandbox, WEIR_REACH_MOVE);
    const struct sandbox_rule *opens = listens != NULL ? listens : connects;
    sandbox->sockets = opens != NULL;
    for (size_t i = 0; i < sandbox->count; i++)
        sandbox->datagrams |= sandbox->rules[i].datagrams;
    if (sandbox->mode == SANDBOX_OFF)
        return say_unconfined(sandbox, "--sandbox=off", "was asked for");
    if (SANITIZED && sandbox->mode == SANDBOX_AUTO)
        return say_unconfined(sandbox, "a sanitizer", "looks from outside (--sandbox=on all the same)");
    if (unknown != NULL)
        return say_unconfined(sandbox, unknown->stage, "doesn't say what it reaches");
    if (opens != NULL && sandbox->mode == SANDBOX_AUTO)
        return say_unconfined(sandbox, opens->stage, "opens sockets (--sandbox=on confines that, too)");
    if (moves != NULL && sandbox->abi == 1)
        return say_unconfined(sandbox, moves->stage,
                              "links files between directories, which this kernel's Landlock forbids to all");
    return 0;
}

static int plan(struct sandbox *sandbox, const weir_pipeline *pipeline)
{
    sandbox->abi = landlock_abi();
    sandbox->calls_error = 1;
    sandbox->anew = weir_pipeline_is_kept(pipeline);
    const int error = sandbox_rules_of(sandbox, pipeline);
    return error < 0 ? error : decide(sandbox);
}

int sandbox_plan(struct sandbox *sandbox, const weir_pipeline *pipeline, const struct sandbox_options *options)
{
    sandbox->serves = options->metrics != NULL || options->ui != NULL;
    sandbox->held = getenv(HELD) != NULL && system_calls_are_confined();
    (void)unsetenv(HELD);
    int error = plan(sandbox, pipeline);
    for (size_t i = 0; error == 0 && i < options->reads->count; i++)
        error = sandbox_rules_add(sandbox, WEIR_REACH_READ, options->reads->items[i], "--sandbox-read");
    if (error == 0 && sandbox->unconfined == NULL)
        error = sandbox_rules_of_process(sandbox, options);
    if (error < 0)
        return no_memory();
    if (sandbox->mode == SANDBOX_ON && sandbox->unconfined != NULL) {
        fprintf(stderr, "weir run: --sandbox=on: it can't be confined: %s\n", sandbox->unconfined);
        return EXIT_USAGE;
    }
    return 0;
}

void sandbox_fini(struct sandbox *sandbox)
{
    for (size_t i = 0; i < sandbox->count; i++) {
        free(sandbox->rules[i].path);
        free(sandbox->rules[i].shown);
        free(sandbox->rules[i].stage);
        free(sandbox->rules[i].why);
    }
    free(sandbox->rules);
    free(sandbox->unconfined);
    sandbox->rules = NULL;
    sandbox->unconfined = NULL;
    sandbox->count = 0;
}

/* --- in force -------------------------------------------------------------------------------------------------- */

static unsigned rights_of(const struct sandbox_rule *rule)
{
    switch (rule->kind) {
    case WEIR_REACH_MOVE:
        return LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_NAMES | LANDLOCK_MOVE | LANDLOCK_DEVICE;
    case WEIR_REACH_WRITE:
    case WEIR_REACH_TEMPORARY:
        return LANDLOCK_READ | LANDLOCK_WRITE | LANDLOCK_NAMES | LANDLOCK_DEVICE;
    default:
        return LANDLOCK_READ | (rule->runs ? LANDLOCK_RUN : 0);
    }
}

static int enforce(const struct sandbox *sandbox)
{
    const char *notify = getenv("NOTIFY_SOCKET");
    const int rules = landlock_create(sandbox->sockets || (notify != NULL && notify[0] == '@'));
    int error = rules < 0 ? rules : 0;
    for (size_t i = 0; error == 0 && i < sandbox->count; i++) {
        const struct sandbox_rule *rule = &sandbox->rules[i];
        if (rule->path != NULL)
            error = landlock_allow(rules, rule->path, rights_of(rule));
        else if (rule->port >= 0)
            error = landlock_allow_port(rules, (unsigned)rule->port, rule->kind == WEIR_REACH_CONNECT);
        if (error == -ENOENT || error == -EACCES || error == -ENOTDIR) /* it can't be opened later either */
            error = 0;
    }
    if (error == 0)
        error = landlock_enforce(rules);
    if (rules >= 0)
        (void)close(rules);
    return error;
}

int sandbox_close_files(struct sandbox *sandbox, const weir_pipeline *pipeline)
{
    if (sandbox->unconfined != NULL || sandbox->held)
        return 0;
    weir_pipeline_warm_up(pipeline);
    sandbox_rules_make_temporary(sandbox);
    if (sandbox->abi >= 0) {
        const int error = enforce(sandbox);
        sandbox->abi = error < 0 ? error : sandbox->abi;
    }
    if (sandbox->abi >= 0 || sandbox->mode == SANDBOX_AUTO)
        return 0;
    fprintf(stderr, "weir run: --sandbox=on: this kernel has no Landlock (%s); --sandbox=auto does what there is\n",
            strerror(-sandbox->abi));
    return EXIT_DATA;
}

int sandbox_close_calls(struct sandbox *sandbox)
{
    if (sandbox->unconfined != NULL || sandbox->held)
        return 0;
    const struct system_calls calls = {
        .sockets = sandbox->sockets, .datagrams = sandbox->datagrams, .serves = sandbox->serves, .anew = sandbox->anew
    };
    sandbox->calls_error = system_calls_confine(&calls);
    if (sandbox->calls_error == 0 || sandbox->mode == SANDBOX_AUTO)
        return 0;
    fprintf(stderr, "weir run: --sandbox=on: no filter of system calls: %s\n", strerror(-sandbox->calls_error));
    return EXIT_DATA;
}

void sandbox_hand_on(const struct sandbox *sandbox)
{
    if (sandbox->held || sandbox->calls_error == 0)
        (void)setenv(HELD, "1", 1);
}

static const char *verb_of(const struct sandbox_rule *rule)
{
    static const char *const verbs[] = {
        [WEIR_REACH_READ] = "reads",       [WEIR_REACH_WRITE] = "writes",   [WEIR_REACH_MOVE] = "links",
        [WEIR_REACH_TEMPORARY] = "spills", [WEIR_REACH_LISTEN] = "listens", [WEIR_REACH_CONNECT] = "connects",
    };
    return verbs[rule->kind];
}

static const char *name_of(const struct sandbox_rule *rule, char *buffer, size_t size)
{
    if (rule->path != NULL && rule->shown == NULL && strcmp(rule->path, "/") == 0)
        return "any file";
    if (rule->path == NULL && rule->port >= 0)
        snprintf(buffer, size, "%s TCP port %d", rule->kind == WEIR_REACH_CONNECT ? "to" : "on", rule->port);
    const char *name = rule->shown != NULL                ? rule->shown
                       : rule->path != NULL               ? rule->path
                       : rule->kind == WEIR_REACH_CONNECT ? "to a socket"
                                                          : "on a socket";
    return rule->path == NULL && rule->port >= 0 ? buffer : screen_name(buffer, size, name, strlen(name));
}

/* --- reload ---------------------------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *dir)
{
    const size_t size = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
    return strncmp(path, dir, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static bool has_rule(const struct sandbox *sandbox, const struct sandbox_rule *wanted)
{
    for (size_t i = 0; i < sandbox->count; i++) {
        const struct sandbox_rule *rule = &sandbox->rules[i];
        const bool is_file = rule->path != NULL && wanted->path != NULL;
        if (is_file && (rights_of(wanted) & ~rights_of(rule)) == 0 && is_below(wanted->path, rule->path))
            return true;
        if (!is_file && rule->kind == wanted->kind && rule->port == wanted->port &&
            rule->datagrams >= wanted->datagrams)
            return true;
    }
    return false;
}

bool sandbox_covers(const struct sandbox *sandbox, const weir_pipeline *pipeline)
{
    if (sandbox->unconfined != NULL)
        return true;
    struct sandbox wanted = { .mode = sandbox->mode, .abi = sandbox->abi };
    bool covers = sandbox_rules_of(&wanted, pipeline) == 0;
    for (size_t i = 0; covers && i < wanted.count; i++) {
        char shown[1024];
        const struct sandbox_rule *rule = &wanted.rules[i];
        covers = has_rule(sandbox, rule);
        if (!covers)
            fprintf(stderr,
                    "weir: SIGHUP: %s now %s %s, which its sandbox doesn't let it, and a sandbox can't be widened: "
                    "start weir anew, or with --sandbox=off\n",
                    rule->stage, rule->kind == WEIR_REACH_UNKNOWN ? "reaches" : verb_of(rule),
                    rule->kind == WEIR_REACH_UNKNOWN ? "what it doesn't say" : name_of(rule, shown, sizeof shown));
    }
    sandbox_fini(&wanted);
    return covers;
}

/* --- in words -------------------------------------------------------------------------------------------------- */

static void put_kernel(FILE *out, const struct sandbox *sandbox)
{
    if (sandbox->abi >= 0)
        fprintf(out, "files by Landlock (ABI %d)", sandbox->abi);
    else
        fprintf(out, "no files: this kernel has no Landlock (%s)", strerror(-sandbox->abi));
    if (sandbox->abi >= 0 && sandbox->abi < 4)
        fputs(", which knows no sockets yet", out);
}

void sandbox_report(FILE *out, const struct sandbox *sandbox)
{
    fputs("sandbox: ", out);
    if (sandbox->unconfined != NULL) {
        fprintf(out, "none: %s\n", sandbox->unconfined);
        return;
    }
    if (sandbox->held) {
        fputs("that in which the process began\n", out);
        return;
    }
    put_kernel(out, sandbox);
    if (sandbox->calls_error == 0)
        fputs(", system calls by seccomp\n", out);
    else
        fprintf(out, ", no system calls: %s\n", strerror(-sandbox->calls_error));
}

#define COLUMNS 80

/* A line, or two. */
static void put_rule(FILE *out, const struct sandbox_rule *rule)
{
    char shown[4096], who[256];
    const char *name = name_of(rule, shown, sizeof shown);
    snprintf(who, sizeof who, "(%.60s%s%s)", rule->stage, rule->why != NULL ? ": " : "",
             rule->why != NULL ? rule->why : "");
    const bool fits = 12 + strlen(name) + 2 + strlen(who) <= COLUMNS;
    fprintf(out, "  %-8s  %s%s%s\n", verb_of(rule), name, fits ? "  " : "\n            ", who);
}

static void put_words(FILE *out, const struct sandbox *sandbox)
{
    if (sandbox->unconfined != NULL) {
        fprintf(out, "\nSandbox (--sandbox): none, for\n  %s.\n", sandbox->unconfined);
        return;
    }
    fputs("\nSandbox (--sandbox): the kernel lets it open this and no more; of a directory,\n"
          "  all that is below it.\n",
          out);
    for (size_t i = 0; i < sandbox->count; i++)
        put_rule(out, &sandbox->rules[i]);
    fputs("  Nothing else; no program, no socket, no other process. Here:\n  ", out);
    put_kernel(out, sandbox);
    fputs(", system calls by seccomp.\n", out);
}

int sandbox_explain(FILE *out, const weir_pipeline *pipeline)
{
    struct sandbox sandbox = { .mode = SANDBOX_AUTO };
    const int error = plan(&sandbox, pipeline);
    if (error == 0)
        put_words(out, &sandbox);
    sandbox_fini(&sandbox);
    return error;
}

void sandbox_hint(FILE *out, const struct sandbox *sandbox)
{
    if (sandbox->unconfined == NULL && (sandbox->abi >= 0 || sandbox->calls_error == 0))
        fputs("weir: it may reach only what its pipeline names: 'weir explain' says what that is, --sandbox-read PATH "
              "adds to it, --sandbox=off lifts it\n",
              out);
}
