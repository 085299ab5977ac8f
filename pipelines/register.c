/* register.c - stages that come from outside: of the program that links us, and of plugins. */
#include <weir/pipeline.h>

#include <ctype.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in the language: a letter, then letters, digits, '-' and '_'. */
static bool is_name(const char *name)
{
    if (name == NULL || !islower((unsigned char)name[0]))
        return false;
    for (const char *at = name; *at != '\0'; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_' && *at != '-')
            return false;
    return true;
}

/* What is wrong with an option's row; NULL: nothing. */
static const char *fault_of_option(const weir_stage *stage, const weir_opt *opt)
{
    if (!is_name(opt->name) || opt->help == NULL)
        return "an option wants a name in lower case, and a help";
    if (opt->type < WEIR_OPT_INT || opt->type > WEIR_OPT_RATE)
        return "an option is of a type that only the engine's own stages have";
    if (opt->type == WEIR_OPT_CHOICE && opt->choices == NULL)
        return "an option that is a choice wants choices";
    if (opt->offset >= stage->state_size)
        return "an option lies outside the state";
    return NULL;
}

static const char *fault_of(const weir_stage *stage)
{
    if (!is_name(stage->name))
        return "it wants a name: lower-case letters, digits, '-' and '_'";
    if (stage->summary == NULL)
        return "it wants a summary";
    if (stage->in != WEIR_BYTES || stage->out != WEIR_BYTES || stage->source || stage->sink)
        return "it must take bytes and give bytes";
    if (stage->step == NULL)
        return "it has no step";
    if (stage->cut != NULL && (stage->cut->find == NULL || stage->reset == NULL))
        return "it has a cut, which wants a find and a reset";
    const char *fault = NULL;
    for (const weir_opt *opt = stage->opts; fault == NULL && opt != NULL && opt->name != NULL; opt++)
        fault = fault_of_option(stage, opt);
    return fault;
}

int weir_stage_register(const weir_stage *stage, const char **ret_reason)
{
    const char *reason = fault_of(stage);
    int error = reason != NULL ? -EINVAL : 0;
    if (error == 0 && weir_catalogue_find(stage->name) != NULL)
        error = -EEXIST;
    if (error == 0)
        error = weir_stage_add(stage);
    if (error == -EEXIST)
        reason = "there is a stage of that name already";
    else if (error == -ENOSPC)
        reason = "there are too many stages from outside";
    if (ret_reason != NULL)
        *ret_reason = reason;
    return error;
}

/* --- plugins ---------------------------------------------------------------------------------------- */

static int say(weir_text *errors, int error, const char *format, ...) WEIR_PRINTF(3, 4);
static int say(weir_text *errors, int error, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    int kept = weir_text_append(errors, line, strlen(line));
    if (kept == 0)
        kept = weir_text_append(errors, "\n", 1);
    return kept < 0 ? kept : error;
}

/* What dlopen(3) is given has a '/', or it would look elsewhere. */
static void *open_object(const char *path)
{
    char *here = NULL;
    if (strchr(path, '/') == NULL && asprintf(&here, "./%s", path) < 0)
        return NULL;
    void *object = dlopen(here != NULL ? here : path, RTLD_NOW | RTLD_LOCAL);
    free(here);
    return object;
}

static int register_all(const char *path, const weir_plugin_table *table, weir_text *errors)
{
    for (const weir_stage *const *stage = table->stages; stage != NULL && *stage != NULL; stage++) {
        const char *reason;
        const int error = weir_stage_register(*stage, &reason);
        if (error < 0)
            return say(errors, error, "%s: stage '%s': %s", path, (*stage)->name != NULL ? (*stage)->name : "", reason);
    }
    return 0;
}

int weir_plugin_load(const char *path, weir_text *errors)
{
    void *object = open_object(path);
    if (object == NULL) {
        const char *why = dlerror();
        return say(errors, -ENOEXEC, "%s", why != NULL ? why : "no memory");
    }
    const weir_plugin_table *table = dlsym(object, "weir_plugin");
    int error;
    if (table == NULL)
        error = say(errors, -ENOEXEC, "%s: no plugin of weir: it lacks WEIR_PLUGIN(stages)", path);
    else if (table->version != WEIR_PLUGIN_VERSION || table->stage_size != sizeof(weir_stage))
        error =
            say(errors, -ENOEXEC, "%s: made for another weir (plugins version %u, this one has %u): compile it again",
                path, table->version, (unsigned)WEIR_PLUGIN_VERSION);
    else
        return register_all(path, table, errors); /* its tables are in use from now on: it stays loaded */
    (void)dlclose(object);
    return error;
}
