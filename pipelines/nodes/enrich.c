/*
 * enrich.c - stage "lookup": each record gets the fields of a row of a file.
 *
 * The file is opened before the first record and read when that comes, on the io
 * lane; what a record gets is copied, since records outlive the stage.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/node.h"
#include "run/lookup_table.h"
#include "run/row.h"
#include "run/rows.h"

static const char *const formats[] = { "auto", "csv", "json", NULL };
static const char *const twices[] = { "fail", "first", "last", NULL };

static const weir_opt lookup_opts[] = {
    { "file", "CSV with a header, or lines of JSON", WEIR_OPT_STRING, 0, .positional = true, .required = true },
    { "on", "the field whose value is looked up, as text; a record without it, or that isn't there, goes on as it is",
      WEIR_OPT_FIELD, 0, .required = true, .intro = "on" },
    { "key", "the file's field where it is looked up, if that has another name", WEIR_OPT_FIELD, 0, .def_text = NULL },
    { "as", "what is found is this field, a map; else each of its fields is one of the record", WEIR_OPT_FIELD, 0,
      .intro = "as" },
    { "format", "auto: JSON if it begins with a {", WEIR_OPT_CHOICE, 0, .choices = formats },
    { "twice", "of rows with the same key: an error, or the one that is taken", WEIR_OPT_CHOICE, 0, .choices = twices },
    { 0 },
};

static const char *refuses(const struct setting *setting)
{
    const bool is_own = setting->expr == NULL || wp_is_own_field(setting->expr);
    if (!is_own && strcmp(setting->opt->name, "on") != 0)
        return "it is a field of the row itself: .a, but not .a.b";
    if (strcmp(setting->opt->name, "as") == 0 && strcmp(setting->text, "line") == 0)
        return "no field can be called .line, which is the raw line";
    return NULL;
}

struct enrich {
    struct run_node *node;
    const char *path;
    const struct expr *on;
    const char *as; /* NULL: every field one of the record */
    int fd;
    bool loaded;
    struct lookup_table table;
    struct arena scratch;
    weir_text key;
};

static int open_enrich(struct run_node *node, void **ret_state)
{
    struct enrich *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    *ret_state = self;
    self->node = node;
    self->path = wp_plan_text(node->plan, "file");
    self->on = wp_plan_setting(node->plan, "on")->expr;
    self->as = wp_plan_text(node->plan, "as");
    self->fd = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (self->fd < 0 || fcntl(self->fd, F_SETFL, 0) < 0) /* to open a FIFO must not block, to read it may */
        return wp_run_fail(node, -errno, "%s: %s", self->path, strerror(errno));
    return 0;
}

static const char *last_name(const struct expr *path)
{
    const char *name = NULL;
    for (const struct path_step *step = path->steps; step != NULL; step = step->next)
        name = step->name != NULL ? step->name : name;
    return name;
}

static int load(struct enrich *self)
{
    const struct plan_node *plan = self->node->plan;
    const char *key = wp_plan_text(plan, "key");
    const int error = wp_lookup_load(&self->table, self->fd, (enum lookup_format)wp_plan_number(plan, "format"),
                                     key != NULL ? key : last_name(self->on),
                                     (enum lookup_twice)wp_plan_number(plan, "twice"), wp_run_held_bytes(self->node));
    self->loaded = true;
    if (error == 0)
        return 0;
    const char *between = self->table.reason[0] >= '0' && self->table.reason[0] <= '9' ? ":" : ": ";
    return wp_run_fail(self->node, error, "%s%s%s", self->path, between, self->table.reason);
}

/* --- records --------------------------------------------------------------------------------------------------- */

static const struct lookup_entry *find_entry(struct enrich *self, const struct row *row, int *ret_error)
{
    struct eval eval = wp_row_eval(row, &self->scratch);
    const struct datum value = wp_eval_path(&eval, self->on->steps);
    if (value.kind == DATUM_NULL)
        return NULL;
    self->key.size = 0;
    *ret_error = wp_datum_append(&self->key, value);
    return *ret_error == 0 ? wp_lookup_find(&self->table, self->key.data, self->key.size) : NULL;
}

static int give_field(struct batch *batch, struct row *row, const char *name, struct datum value)
{
    const struct datum copy = wp_datum_copy(&batch->arena, value);
    if (strcmp(name, "line") == 0) /* it has one of its own */
        return 0;
    const char *kept = wp_arena_copy(&batch->arena, name, strlen(name));
    return kept == NULL || batch->arena.failed ? -ENOMEM : wp_row_set(batch, row, kept, NULL, copy);
}

static int enrich_row(struct enrich *self, struct batch *batch, struct row *row)
{
    int error = 0;
    const struct lookup_entry *entry = find_entry(self, row, &error);
    if (entry == NULL)
        return error;
    if (self->as != NULL)
        return give_field(batch, row, self->as,
                          (struct datum){ .kind = DATUM_MAP, .size = entry->count, .members = entry->members });
    for (uint32_t i = 0; error == 0 && i < entry->count; i++)
        error = give_field(batch, row, entry->members[i].name, entry->members[i].value);
    return error;
}

static int enrich(void *state, struct batch **batch, const weir_job *job)
{
    (void)job;
    struct enrich *self = state;
    int error = self->loaded ? 0 : load(self);
    if (error < 0)
        return error;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = enrich_row(self, *batch, &(*batch)->rows[i]);
    error = self->scratch.failed ? -ENOMEM : error;
    wp_arena_fini(&self->scratch);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : 0;
}

static bool blocks(const void *state)
{
    const struct enrich *self = state;
    return !self->loaded;
}

static void close_enrich(void *state)
{
    struct enrich *self = state;
    if (self->fd >= 0)
        (void)close(self->fd);
    wp_lookup_fini(&self->table);
    wp_arena_fini(&self->scratch);
    weir_text_fini(&self->key);
    free(self);
}

static const struct rows_ops ops = {
    .open = open_enrich, .batch = enrich, .close = close_enrich, .blocks = blocks, .lane = WEIR_LANE_IO
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_lookup = {
    .stage = { .name = "lookup",
               .summary = "each record gets the fields of the row of a file that has the same key",
               .in = WEIR_RECORDS,
               .out = WEIR_RECORDS,
               .opts = lookup_opts },
    .runs = "reads the file once on the io lane, then looks up inline",
    .spawn = spawn,
    .touches = TOUCHES_FILE,
    .keeps = KEEPS_NOTHING,
    .refuses = refuses,
    .holds = true,
};
