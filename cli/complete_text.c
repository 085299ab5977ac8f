/*
 * complete_text.c - completion within the text of a pipeline.
 *
 * The text is incomplete by nature, so it is not parsed but skimmed: strings, comments and comparisons with a pattern
 * are stepped over, a stage begins behind a bar, a brace or an arrow, and what counts is the stage that the end is in
 * and the word that is begun there.
 */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include <weir/pipeline.h>

#include "complete.h"

struct place {
    size_t stage; /* where its name begins */
    size_t word;  /* where the word at the end begins */
    bool in_string;
    bool in_name; /* the word is the stage's name */
};

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '|' || c == '{' || c == '}' || c == ',' || c == '(' || c == ')';
}

/* A slash begins a pattern behind "=~", "!~", a bracket or a comma; else a path. */
static bool begins_pattern(const char *text, size_t i)
{
    if (text[i] != '/')
        return false;
    while (i > 0 && (text[i - 1] == ' ' || text[i - 1] == '\n'))
        i--;
    return i > 0 && (text[i - 1] == '~' || text[i - 1] == '(' || text[i - 1] == ',');
}

/* Behind the string, or the pattern, that begins at text[i]; its end, if it has none. */
static size_t skip_quoted(const char *text, size_t i, bool *ret_open)
{
    const char quote = text[i];
    for (i++; text[i] != '\0' && text[i] != quote; i++)
        i += text[i] == '\\' && text[i + 1] != '\0';
    *ret_open = text[i] == '\0';
    return i + (text[i] == quote);
}

static struct place find_place(const char *text)
{
    struct place at = { .in_name = true };
    for (size_t i = 0; text[i] != '\0';) {
        const char c = text[i];
        if (c == '"' || begins_pattern(text, i)) {
            bool open;
            at.word = i;
            i = skip_quoted(text, i, &open);
            if (open) {
                at.in_string = c == '"';
                at.in_name = false;
                return at;
            }
        } else if (c == '#') {
            i += strcspn(text + i, "\n");
        } else if (c == '|' && text[i + 1] == '|') {
            at.word = i += 2;
        } else if (c == '|' || c == '{' || c == '}' || (c == '-' && text[i + 1] == '>')) {
            i += c == '-' ? 2 : 1;
            at = (struct place){ .stage = i, .word = i, .in_name = true };
        } else if (ends_word(c)) {
            at.in_name = at.in_name && at.word == i; /* blanks before it, so far */
            at.word = ++i;
            if (at.in_name)
                at.stage = i;
        } else {
            i++;
        }
    }
    return at;
}

void complete_offer(FILE *out, const char *before, size_t before_size, const char *part, const char *candidate,
                    const char *after, const char *what)
{
    if (strncmp(candidate, part, strlen(part)) == 0)
        fprintf(out, "%.*s%s%s\t%s%s\t%s\n", (int)before_size, before, candidate, after, candidate, after,
                what != NULL ? what : "");
}

static void offer_stages(FILE *out, const char *text, size_t word, bool first)
{
    for (size_t i = 0; weir_catalogue_at(i) != NULL; i++) {
        const weir_stage *stage = weir_catalogue_at(i);
        const bool begins = stage->source || stage->in == WEIR_NONE;
        if (first ? begins : stage->in != WEIR_NONE)
            complete_offer(out, text, word, text + word, stage->name, "", stage->summary);
    }
}

static const weir_opt *find_option(const weir_stage *stage, const char *name, size_t size)
{
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++)
        if (strlen(opt->name) == size && memcmp(opt->name, name, size) == 0)
            return opt;
    return NULL;
}

static void offer_choices(FILE *out, const char *text, size_t word, const weir_opt *opt)
{
    for (size_t i = 0; opt->choices != NULL && opt->choices[i] != NULL; i++)
        complete_offer(out, text, word, text + word, opt->choices[i], "", opt->help);
}

static void offer_engine_options(FILE *out, const char *text, size_t word)
{
    static const char *const options[][2] = {
        { "@par=", "how many at once: a number, or cores" },
        { "@order=", "in, any or key(.FIELD)" },
        { "@queue=", "what may wait before it: 8MiB" },
        { "@pool=", "where it runs: auto, inline, cpu, io" },
        { "@timeout=", "how long it may take: 5s" },
        { "@retry=", "how often it is tried again" },
        { "@onerror=", "fail, drop or dead(NAME)" },
        { "@rate=", "how much a second: 10k/s, 50MiB/s" },
        { "@name=", "what reports call it" },
    };
    static const char *const values[][2] = {
        { "@par=", "cores" },    { "@order=", "in" },     { "@order=", "any" },     { "@order=", "key(." },
        { "@pool=", "auto" },    { "@pool=", "inline" },  { "@pool=", "cpu" },      { "@pool=", "io" },
        { "@onerror=", "fail" }, { "@onerror=", "drop" }, { "@onerror=", "dead(" },
    };
    const char *equals = strchr(text + word, '=');
    for (size_t i = 0; equals == NULL && i < sizeof options / sizeof options[0]; i++)
        complete_offer(out, text, word, text + word, options[i][0], "", options[i][1]);
    if (equals == NULL)
        return;
    const size_t name = (size_t)(equals + 1 - (text + word));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (strlen(values[i][0]) == name && memcmp(values[i][0], text + word, name) == 0)
            complete_offer(out, text, word + name, equals + 1, values[i][1], "", "");
}

static void offer_options(FILE *out, const char *text, size_t word, const weir_stage *stage)
{
    const char *equals = strchr(text + word, '=');
    if (equals != NULL) {
        const weir_opt *opt = find_option(stage, text + word, (size_t)(equals - (text + word)));
        if (opt != NULL)
            offer_choices(out, text, (size_t)(equals + 1 - text), opt);
        return;
    }
    for (const weir_opt *opt = stage->opts; opt != NULL && opt->name != NULL; opt++) {
        if (opt->positional)
            offer_choices(out, text, word, opt);
        if (opt->intro == NULL && (!opt->positional || opt->type < WEIR_OPT_TEMPLATE))
            complete_offer(out, text, word, text + word, opt->name, opt->type == WEIR_OPT_BOOL ? "" : "=", opt->help);
    }
}

/* A name that can stand between quotes as it is. */
static bool is_plain(const char *name)
{
    for (; *name != '\0'; name++)
        if ((unsigned char)*name < ' ' || *name == '"' || *name == '\\' || *name == '$' || *name == '\'')
            return false;
    return true;
}

/* `begun` is the path behind the quote at the end of the text. */
static void offer_files(FILE *out, const char *text, size_t begun)
{
    const char *slash = strrchr(text + begun, '/');
    const size_t name = slash != NULL ? (size_t)(slash + 1 - text) : begun;
    char dir[4096];
    if (name - begun >= sizeof dir)
        return;
    memcpy(dir, text + begun, name - begun);
    dir[name - begun] = '\0';
    DIR *open = opendir(name > begun ? dir : ".");
    for (const struct dirent *entry; open != NULL && (entry = readdir(open)) != NULL;) {
        struct stat st;
        if ((entry->d_name[0] == '.' && text[name] != '.') || !is_plain(entry->d_name) ||
            fstatat(dirfd(open), entry->d_name, &st, 0) < 0)
            continue;
        complete_offer(out, text, name, text + name, entry->d_name, S_ISDIR(st.st_mode) ? "/" : "\"", "");
    }
    if (open != NULL)
        closedir(open);
}

void complete_text(FILE *out, const char *text)
{
    const struct place at = find_place(text);
    if (at.in_string) {
        offer_files(out, text, at.word + 1);
        return;
    }
    if (at.in_name) {
        offer_stages(out, text, at.stage, strspn(text, " \t\n") == at.stage);
        return;
    }
    char name[64];
    const size_t size = strcspn(text + at.stage, " \t\n");
    snprintf(name, sizeof name, "%.*s", (int)size, text + at.stage);
    const weir_stage *stage = weir_catalogue_find(name);
    if (text[at.word] == '@')
        offer_engine_options(out, text, at.word);
    else if (stage != NULL)
        offer_options(out, text, at.word, stage);
}
