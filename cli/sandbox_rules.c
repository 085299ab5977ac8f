/* sandbox_rules.c - rules out of what is reached: real names, each once. */
#include "sandbox_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/net.h>

#include "web.h"

/* The real name of what is there; of what isn't yet (`nearest`) that of the deepest directory above which is. */
static char *real_name(const char *path, bool nearest)
{
    char *real = realpath(path, NULL), *part = nearest && real == NULL ? strdup(path) : NULL;
    while (real == NULL && part != NULL) {
        char *slash = strrchr(part, '/');
        if (slash == NULL || (slash == part && part[1] == '\0')) {
            real = realpath(slash == NULL ? "." : "/", NULL);
            break;
        }
        slash[slash == part] = '\0';
        real = realpath(part, NULL);
    }
    free(part);
    return real;
}

/*
 * Files without names are made in a directory of the user's own below $TMPDIR, for that itself is full of others'
 * things. It stays: an empty one, for all of the user's runs.
 */
static char *temporary_name(const char *dir)
{
    char own[32], *path = NULL;
    const size_t size = strlen(dir), tail = (size_t)snprintf(own, sizeof own, "/weir-%u", (unsigned)geteuid());
    if (size >= tail && strcmp(dir + size - tail, own) == 0) /* one that began anew */
        return strdup(dir);
    return asprintf(&path, "%s%s", dir, own) < 0 ? NULL : path;
}

/* While it is locked, systemd-tmpfiles(8) leaves it alone. */
static bool make_temporary(const char *path)
{
    struct stat meta;
    if ((mkdir(path, 0700) < 0 && errno != EEXIST) || lstat(path, &meta) < 0 || !S_ISDIR(meta.st_mode) ||
        meta.st_uid != geteuid() || (meta.st_mode & 077) != 0)
        return false;
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0 && setenv("TMPDIR", path, 1) == 0;
}

void sandbox_rules_make_temporary(struct sandbox *sandbox)
{
    for (size_t i = 0; i < sandbox->count; i++) {
        struct sandbox_rule *rule = &sandbox->rules[i];
        if (rule->kind == WEIR_REACH_TEMPORARY && !make_temporary(rule->path))
            *strrchr(rule->path, '/') = '\0'; /* all of $TMPDIR, then */
    }
}

static bool is_there(const struct sandbox *sandbox, const struct sandbox_rule *rule)
{
    for (size_t i = 0; i < sandbox->count; i++) {
        const struct sandbox_rule *other = &sandbox->rules[i];
        if (other->kind == rule->kind && other->port == rule->port && other->runs == rule->runs &&
            other->datagrams == rule->datagrams && (other->path == NULL) == (rule->path == NULL) &&
            (rule->path == NULL || strcmp(other->path, rule->path) == 0))
            return true;
    }
    return false;
}

static int add(struct sandbox *sandbox, const weir_reach *reach, bool runs, bool nearest)
{
    struct sandbox_rule rule = {
        .kind = reach->kind, .port = reach->port, .datagrams = reach->datagrams, .runs = runs
    };
    if (reach->path != NULL) {
        rule.path = reach->kind == WEIR_REACH_TEMPORARY
                        ? temporary_name(reach->path)
                        : real_name(reach->path, nearest && reach->kind == WEIR_REACH_READ);
        if (rule.path == NULL)
            return errno == ENOMEM ? -ENOMEM : 0; /* it can't be opened later either */
    }
    if (is_there(sandbox, &rule)) {
        free(rule.path);
        return 0;
    }
    if (sandbox->count == sandbox->room) {
        const size_t room = sandbox->room * 2 + 16;
        struct sandbox_rule *rules = realloc(sandbox->rules, room * sizeof *rules);
        if (rules == NULL) {
            free(rule.path);
            return -ENOMEM;
        }
        sandbox->rules = rules;
        sandbox->room = room;
    }
    rule.stage = strdup(reach->stage);
    rule.shown = reach->shown != NULL ? strdup(reach->shown) : NULL;
    rule.why = reach->why != NULL ? strdup(reach->why) : NULL;
    sandbox->rules[sandbox->count++] = rule;
    return rule.stage == NULL || (reach->shown != NULL && rule.shown == NULL) ||
                   (reach->why != NULL && rule.why == NULL)
               ? -ENOMEM
               : 0;
}

static int add_reach(void *arg, const weir_reach *reach)
{
    return add(arg, reach, false, true);
}

int sandbox_rules_of(struct sandbox *sandbox, const weir_pipeline *pipeline)
{
    return weir_pipeline_reach(pipeline, add_reach, sandbox);
}

int sandbox_rules_add(struct sandbox *sandbox, weir_reach_kind kind, const char *path, const char *stage)
{
    return add(sandbox, &(weir_reach){ .kind = kind, .path = path, .stage = stage }, false, false);
}

/* --- the process ------------------------------------------------------------------------------------------------ */

/* The directory of a file. */
static int add_dir_of(struct sandbox *sandbox, weir_reach_kind kind, const char *path)
{
    char *dir = strdup(path), *slash = dir != NULL ? strrchr(dir, '/') : NULL;
    if (dir == NULL)
        return -ENOMEM;
    if (slash != NULL)
        slash[slash == dir] = '\0';
    const int error = sandbox_rules_add(sandbox, kind, slash != NULL ? dir : ".", "weir");
    free(dir);
    return error;
}

/* What is loaded into this process is loaded into the next one. */
static int add_library(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct sandbox *sandbox = arg;
    (void)size;
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash == NULL)
        return 0;
    if (strncmp(slash, "/ld-", 4) == 0 || strncmp(slash, "/ld.", 4) == 0) { /* the loader, which is started as it is */
        const weir_reach loader = { .kind = WEIR_REACH_READ, .path = info->dlpi_name, .stage = "weir" };
        const int error = add(sandbox, &loader, true, false);
        if (error < 0)
            return error;
    }
    return add_dir_of(sandbox, WEIR_REACH_READ, info->dlpi_name);
}

/* The pipeline's file, which is read again; and all that a program needs to begin with. */
static int add_reload(struct sandbox *sandbox, const struct sandbox_options *options)
{
    const weir_reach self = { .kind = WEIR_REACH_READ, .path = "/proc/self/exe", .stage = "weir" };
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    const char *file = options->choice->file != NULL ? options->choice->file : options->operand;
    int error = add(sandbox, &self, true, false);
    if (error == 0)
        error = dl_iterate_phdr(add_library, sandbox);
    if (error == 0)
        error = sandbox_rules_add(sandbox, WEIR_REACH_READ, "/etc/ld.so.cache", "weir");
    if (error == 0)
        error = sandbox_rules_add(sandbox, WEIR_REACH_READ, "/etc/ssl/openssl.cnf", "weir");
    if (error == 0 && file != NULL && access(file, F_OK) == 0)
        error = add_dir_of(sandbox, WEIR_REACH_READ, file);
    if (error == 0 && credentials != NULL)
        error = sandbox_rules_add(sandbox, WEIR_REACH_READ, credentials, "weir");
    for (size_t i = 0; error == 0 && i < options->choice->plugins.count; i++)
        error = add_dir_of(sandbox, WEIR_REACH_READ, options->choice->plugins.items[i]);
    return error;
}

static int add_port(struct sandbox *sandbox, const char *address)
{
    weir_addr addr;
    if (address == NULL || web_parse_address(address, &addr) < 0)
        return 0;
    const weir_reach reach = { .kind = WEIR_REACH_LISTEN, .stage = "weir", .port = (int)weir_addr_port(&addr) };
    return add(sandbox, &reach, false, false);
}

int sandbox_rules_of_process(struct sandbox *sandbox, const struct sandbox_options *options)
{
    /* Standard streams are opened anew where they could block; the number of processors is looked up at any time. */
    static const struct {
        weir_reach_kind kind;
        const char *path;
    } own[] = {
        { WEIR_REACH_READ, "/proc/self/fd/0" },         { WEIR_REACH_WRITE, "/proc/self/fd/1" },
        { WEIR_REACH_WRITE, "/proc/self/fd/2" },        { WEIR_REACH_READ, "/etc/localtime" },
        { WEIR_REACH_READ, "/sys/devices/system/cpu" },
    };
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof own / sizeof own[0]; i++)
        if (access(own[i].path, F_OK) == 0)
            error = sandbox_rules_add(sandbox, own[i].kind, own[i].path, "weir");
    if (error == 0 && options->trace != NULL)
        error = add_dir_of(sandbox, WEIR_REACH_WRITE, options->trace);
    if (error == 0)
        error = add_port(sandbox, options->metrics);
    if (error == 0)
        error = add_port(sandbox, options->ui);
    return error == 0 && sandbox->anew ? add_reload(sandbox, options) : error;
}
