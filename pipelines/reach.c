/* reach.c - what a plan reaches, from the tables of its nodes and what their options are set to. */
#include <weir/reach.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <weir/digest.h>

#include "explain/plan_words.h"
#include "journal/journal.h"
#include "listen/address.h"
#include "nodes/node.h"
#include "pipeline_inside.h"

struct reaching {
    const struct plan *plan;
    int (*hook)(void *arg, const weir_reach *reach);
    void *arg;
    const struct plan_node *node;
    const struct setting *setting; /* that says so, or NULL */
    int error;
};

/* The option as in the text, if what it stands for isn't for everybody. The caller's. */
static char *shown_value(struct reaching *self)
{
    if (self->setting == NULL)
        return NULL;
    char *value = wp_explain_value(self->plan, self->setting);
    if (value == NULL)
        self->error = self->error == 0 ? -ENOMEM : self->error;
    if (value != NULL && strstr(value, "${") != NULL)
        return value;
    free(value);
    return NULL;
}

static void tell_reach(struct reaching *self, weir_reach reach)
{
    char *shown = shown_value(self);
    reach.shown = shown;
    reach.stage = self->node->name;
    if (self->error == 0)
        self->error = self->hook(self->arg, &reach);
    free(shown);
}

static void tell(struct reaching *self, weir_reach_kind kind, const char *path, const char *why)
{
    tell_reach(self, (weir_reach){ .kind = kind, .path = path, .why = why });
}

/* The first `size` bytes of a path; of none of them the directory that we are in. */
static void tell_part(struct reaching *self, weir_reach_kind kind, const char *path, size_t size, const char *why)
{
    char *part = size == 0 ? strdup(".") : strndup(path, size);
    if (part == NULL)
        self->error = self->error == 0 ? -ENOMEM : self->error;
    else
        tell(self, kind, part, why);
    free(part);
}

/* "/a/" of "/a/b", "" of "b". */
static size_t dir_size(const char *path, size_t size)
{
    while (size > 0 && path[size - 1] != '/')
        size--;
    return size;
}

/* --- every node of the plan ----------------------------------------------------------------------------- */

typedef void (*visit_fn)(struct reaching *self, const struct plan_node *node);

static void visit_chain(struct reaching *self, const struct plan_chain *chain, visit_fn visit)
{
    for (const struct plan_node *node = chain != NULL ? chain->nodes : NULL; node != NULL; node = node->next) {
        const struct plan_chain *block;
        self->node = node;
        visit(self, node);
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            visit_chain(self, block, visit);
    }
}

static void visit_all(struct reaching *self, visit_fn visit)
{
    for (const struct plan_chain *chain = self->plan->pipelines; chain != NULL; chain = chain->next)
        visit_chain(self, chain, visit);
    for (const struct plan_chain *dead = self->plan->deads; dead != NULL; dead = dead->next)
        visit_chain(self, dead, visit);
}

static unsigned touches(const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    return type != NULL ? type->touches : 0;
}

/* --- what is read ------------------------------------------------------------------------------------------ */

/* Of a pattern the directory in which it begins. */
static size_t root_size(const char *path)
{
    struct stat stat;
    const size_t size = strcspn(path, "*?[");
    return path[size] == '\0' || lstat(path, &stat) == 0 ? strlen(path) : dir_size(path, size);
}

static bool flag(const struct plan_node *node, const char *name)
{
    return wp_plan_setting(node, name) != NULL && wp_plan_number(node, name) != 0;
}

/* Paths that no text says: what a list or a link names. */
static const char *names_any(const struct plan_node *node)
{
    if ((touches(node) & TOUCHES_LISTED) != 0)
        return "the files that its list names";
    if ((touches(node) & TOUCHES_PATHS) == 0)
        return NULL;
    if (wp_plan_setting(node, "from") != NULL)
        return "the files that its list names";
    return flag(node, "follow") ? "what symbolic links point to" : NULL;
}

/* That an option names. */
static void tell_file(struct reaching *self, const struct plan_node *node, const char *option)
{
    self->setting = wp_plan_setting(node, option);
    if (self->setting != NULL && self->setting->text != NULL && strcmp(self->setting->text, "-") != 0)
        tell(self, WEIR_REACH_READ, self->setting->text, NULL);
    self->setting = NULL;
}

/* The .gitignore files of the directories above a tree. */
static void tell_outer_ignores(struct reaching *self, const char *root)
{
    char *dir = realpath(root, NULL);
    char probe[4096 + sizeof "/.gitignore"];
    for (size_t size = dir != NULL ? strlen(dir) : 0; size > 1 && size < 4096;) {
        struct stat stat;
        size = dir_size(dir, size - 1);
        memcpy(probe, dir, size);
        memcpy(probe + size, ".gitignore", sizeof ".gitignore");
        if (lstat(probe, &stat) == 0)
            tell(self, WEIR_REACH_READ, probe, "ignore files above a tree");
    }
    free(dir);
}

static void tell_paths(struct reaching *self, const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        const char *path = setting->text;
        if (strcmp(setting->opt->name, "path") != 0 || path == NULL)
            continue;
        self->setting = setting;
        const size_t size = root_size(path);
        if ((touches(node) & TOUCHES_BESIDE) != 0)
            tell_part(self, WEIR_REACH_READ, path, dir_size(path, size),
                      "beside a file lie those that were rotated away");
        else
            tell_part(self, WEIR_REACH_READ, path, size, NULL);
        if (flag(node, "gitignore"))
            tell_outer_ignores(self, path);
    }
    self->setting = NULL;
}

/* --- what is written ------------------------------------------------------------------------------------------ */

/* Where the files that flow lie, whoever gives them. */
static void tell_sources(struct reaching *self, weir_reach_kind kind, const struct plan_chain *chain)
{
    for (const struct plan_node *node = chain != NULL ? chain->nodes : NULL; node != NULL; node = node->next) {
        const struct plan_chain *block;
        const char *any = names_any(node);
        if (any != NULL)
            tell(self, kind, "/", any);
        for (const struct setting *setting = node->settings;
             any == NULL && (touches(node) & TOUCHES_PATHS) != 0 && setting != NULL; setting = setting->next) {
            struct stat stat;
            const char *path = setting->text;
            if (strcmp(setting->opt->name, "path") != 0 || path == NULL)
                continue;
            const size_t size = root_size(path);
            const bool is_file = path[size] == '\0' && lstat(path, &stat) == 0 && !S_ISDIR(stat.st_mode);
            self->setting = setting;
            tell_part(self, kind, path, is_file ? dir_size(path, size) : size, "where the files lie");
            self->setting = NULL;
        }
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            tell_sources(self, kind, block);
    }
}

static void tell_where_files_lie(struct reaching *self, weir_reach_kind kind)
{
    for (const struct plan_chain *chain = self->plan->pipelines; chain != NULL; chain = chain->next)
        tell_sources(self, kind, chain);
}

/* "{.stem}.zst": what has no '/' stays in the directory that we are in. */
static bool is_name(const struct expr *path)
{
    static const char *const names[] = { "name", "stem", "ext" };
    for (size_t i = 0; wp_is_own_field(path) && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(path->steps->name, names[i]) == 0)
            return true;
    return false;
}

/* A template that begins with a place to fill in. */
static void tell_filled_in(struct reaching *self, const struct piece *piece)
{
    static const char *const places[] = { "dir", "path" };
    if (piece->kind != PIECE_FIELD || is_name(piece->path)) {
        tell(self, WEIR_REACH_WRITE, ".", NULL);
        return;
    }
    for (size_t i = 0; wp_is_own_field(piece->path) && i < sizeof places / sizeof places[0]; i++)
        if (strcmp(piece->path->steps->name, places[i]) == 0) {
            tell_where_files_lie(self, WEIR_REACH_WRITE);
            return;
        }
    tell(self, WEIR_REACH_WRITE, "/", "its path begins with a field");
}

/* A path without a place to fill in. */
static void tell_fixed(struct reaching *self, const char *path)
{
    struct stat stat;
    if (strcmp(path, "-") == 0) /* standard output */
        return;
    const bool is_there = lstat(path, &stat) == 0;
    if (is_there && !S_ISREG(stat.st_mode)) /* a device, a FIFO; or what a link points to */
        tell(self, WEIR_REACH_WRITE, path, NULL);
    if (!is_there || S_ISREG(stat.st_mode) || S_ISLNK(stat.st_mode))
        tell_part(self, WEIR_REACH_WRITE, path, dir_size(path, strlen(path)), NULL);
}

static void tell_output(struct reaching *self, const struct plan_node *node)
{
    const struct piece *piece = wp_plan_setting(node, "path")->pieces;
    weir_text text = { 0 };
    if (piece == NULL)
        return;
    self->setting = wp_plan_setting(node, "path");
    if (piece->kind != PIECE_TEXT) {
        self->setting = NULL;
        tell_filled_in(self, piece);
        return;
    }
    for (; self->error == 0 && piece != NULL && piece->kind == PIECE_TEXT; piece = piece->next)
        self->error = weir_text_append(&text, piece->text, piece->size);
    if (self->error == 0)
        self->error = weir_text_append(&text, "", 1);
    if (self->error == 0 && piece == NULL)
        tell_fixed(self, text.data);
    else if (self->error == 0)
        tell_part(self, WEIR_REACH_WRITE, text.data, dir_size(text.data, text.size - 1), NULL);
    self->setting = NULL;
    weir_text_fini(&text);
}

static void tell_temporary(struct reaching *self)
{
    const char *dir = getenv("TMPDIR");
    tell(self, WEIR_REACH_TEMPORARY, dir != NULL && dir[0] != '\0' ? dir : "/tmp", "what doesn't fit the memory");
}

/* --- sockets ---------------------------------------------------------------------------------------------- */

static void tell_address(struct reaching *self, const struct plan_node *node)
{
    struct address address;
    weir_reach reach = { .kind = WEIR_REACH_LISTEN, .port = -1 };
    const char *text = wp_plan_text(node, "address");
    if (text == NULL || wp_address_parse(text, &address) != NULL)
        return;
    if (address.scheme == ADDRESS_TLS) { /* libraries, and certificates of the system's */
        tell(self, WEIR_REACH_UNKNOWN, NULL, NULL);
        return;
    }
    if (address.scheme == ADDRESS_TCP)
        reach.port = weir_addr_port(&address.addr);
    self->setting = wp_plan_setting(node, "address");
    tell_reach(self, reach);
    if (address.scheme == ADDRESS_UNIX || address.scheme == ADDRESS_UNIXGRAM) {
        const char *path = strchr(text, ':') + 1;
        tell_part(self, WEIR_REACH_WRITE, path, dir_size(path, strlen(path)), NULL);
    }
    self->setting = NULL;
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

static void tell_node(struct reaching *self, const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    const unsigned what = touches(node);
    const char *any = names_any(node);
    const bool is_end = node->in == WEIR_NONE || node->out == WEIR_NONE || (type != NULL && type->stage.sink);
    if (is_end && what == 0 && node->merges == NULL)
        tell(self, WEIR_REACH_UNKNOWN, NULL, NULL);
    if ((what & (TOUCHES_PATHS | TOUCHES_LISTED)) != 0)
        tell_paths(self, node);
    if (any != NULL)
        tell(self, WEIR_REACH_READ, "/", any);
    if ((what & TOUCHES_PATHS) != 0)
        tell_file(self, node, "from");
    if ((what & TOUCHES_FILE) != 0)
        tell_file(self, node, "file");
    if ((what & TOUCHES_OUTPUT) != 0)
        tell_output(self, node);
    if ((what & TOUCHES_NAMES) != 0)
        tell_where_files_lie(self, WEIR_REACH_WRITE);
    if ((what & TOUCHES_LINKS) != 0 && wp_plan_number(node, "action") != 0)
        tell_where_files_lie(self, WEIR_REACH_MOVE);
    if ((what & TOUCHES_TEMPORARY) != 0)
        tell_temporary(self);
    if ((what & TOUCHES_ADDRESS) != 0)
        tell_address(self, node);
}

int weir_pipeline_reach(const weir_pipeline *pipeline, int (*hook)(void *arg, const weir_reach *reach), void *arg)
{
    struct reaching self = { .plan = &pipeline->plan, .hook = hook, .arg = arg };
    visit_all(&self, tell_node);
    if (self.error == 0 && pipeline->journal != NULL) {
        const weir_reach reach = { .kind = WEIR_REACH_WRITE, .path = pipeline->journal->dir, .stage = "--state" };
        self.error = hook(arg, &reach);
    }
    return self.error;
}

/* --- what is loaded at its first use ------------------------------------------------------------------------- */

static void load_algo(const char *name)
{
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    const weir_digest_algo *algo = weir_digest_find(name);
    if (algo != NULL && strcmp(algo->backend, "libcrypto") == 0)
        (void)algo->oneshot("", 0, digest);
}

static void load_all_algos(void)
{
    for (size_t i = 0; weir_digest_at(i) != NULL; i++)
        load_algo(weir_digest_at(i)->name);
}

static void warm_node(struct reaching *self, const struct plan_node *node)
{
    (void)self;
    if ((touches(node) & TOUCHES_LISTED) != 0) /* whose lines say which they are */
        load_all_algos();
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        if (setting->opt->type == WEIR_OPT_LIST && strcmp(setting->opt->name, "algo") == 0)
            load_algo(setting->text);
    }
    if (strcmp(node->stage->name, "redact") == 0)
        load_algo("sha256");
}

void weir_pipeline_warm_up(const weir_pipeline *pipeline)
{
    struct reaching self = { .plan = &pipeline->plan };
    static const char call[] = "hash";
    tzset();
    visit_all(&self, warm_node);
    /* Of calls in expressions only the text is looked at: hash(.x, "sha256"), hash!(.x). */
    const char *text = pipeline->source.text, *end = text + pipeline->source.size;
    while ((text = memmem(text, (size_t)(end - text), call, sizeof call - 1)) != NULL) {
        text += sizeof call - 1;
        if (text < end && (*text == '(' || *text == '!'))
            load_all_algos();
    }
}
