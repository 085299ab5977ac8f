/* print.c - stage "print": a line of standard output for each file or record, which goes on behind it. */
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "nodes/node.h"
#include "run/record_time.h"
#include "run/row.h"
#include "run/rows.h"
#include "run/say.h"
#include "run/table.h"
#include "run/template.h"

static const weir_opt print_opts[] = {
    { "template", "what a line is, such as \"{.size} {.path}\"; without it, JSON", WEIR_OPT_TEMPLATE, 0,
      .positional = true },
    { "table", "on a terminal, or where COLUMNS says how wide it is, in columns", WEIR_OPT_BOOL, 0, .def = 0 },
    { 0 },
};

struct print {
    struct run_node *node;
    const struct setting *template; /* NULL: JSON */
    bool is_terminal;
    int64_t now_ns;
    bool in_columns;
    struct table table;
    weir_text text;
    struct saying *out; /* or NULL: it is always written on the lane */
    struct saying out_;
};

/* As wide as COLUMNS says, or the terminal; 0: it is none, and nobody says how wide something else would be. */
static size_t screen_width(bool is_terminal)
{
    const char *columns = getenv("COLUMNS");
    const int width = columns != NULL ? atoi(columns) : 0;
    struct winsize size;
    if (width > 0)
        return (size_t)width;
    if (!is_terminal)
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static int open_print(struct run_node *node, void **ret_state)
{
    struct print *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->template = wp_plan_setting(node->plan, "template");
    self->is_terminal = wp_say_to_terminal();
    wp_saying_init(&self->out_);
    self->out = node->plan->engine.timeout_ns == 0 ? &self->out_ : NULL; /* what takes too long is left on the lane */
    *ret_state = self;
    if (wp_plan_number(node->plan, "table") == 0)
        return 0;
    if (self->template != NULL)
        return wp_run_fail(node, -EINVAL, "a line is by the template, or a row of a table: not both");
    self->table.screen_width = screen_width(self->is_terminal);
    self->in_columns = self->table.screen_width > 0;
    return 0;
}

static int append_line(struct print *self, const struct row *row)
{
    const size_t from = self->text.size;
    int error;
    if (self->template != NULL) {
        error = wp_template_append(&self->text, self->template->pieces, row, self->now_ns);
    } else {
        struct arena arena = { 0 };
        error = wp_datum_append_json(&self->text, wp_row_view.all(row, &arena));
        wp_arena_fini(&arena);
    }
    if (error == 0 && self->is_terminal) /* names come from strangers */
        wp_say_tame(self->text.data + from, self->text.size - from);
    return error == 0 ? weir_text_append(&self->text, "\n", 1) : error;
}

static int print(void *state, struct batch **batch, const weir_job *job)
{
    struct print *self = state;
    int error = 0;
    self->now_ns = wp_wall_ns();
    if (self->in_columns)
        error = wp_table_append(&self->table, &self->text, *batch);
    for (uint32_t i = 0; !self->in_columns && error == 0 && i < (*batch)->count; i++)
        error = append_line(self, &(*batch)->rows[i]);
    if (error < 0)
        return wp_run_fail(self->node, error, "no memory");
    return job == NULL ? wp_say_now(self->node, &self->out_, &self->text) : wp_say(self->node, &self->text);
}

static bool print_blocks(const void *state)
{
    const struct print *self = state;
    return self->out == NULL || wp_saying_blocks(self->out);
}

static void close_print(void *state)
{
    struct print *self = state;
    wp_saying_fini(&self->out_);
    wp_table_fini(&self->table);
    weir_text_fini(&self->text);
    free(self);
}

/* On a lane, when whoever reads takes his time. */
static const struct rows_ops ops = {
    .open = open_print, .batch = print, .close = close_print, .blocks = print_blocks, .lane = WEIR_LANE_IO
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_print = {
    .stage = { .name = "print",
               .summary = "a line of standard output for each file or record; they go on behind it",
               .in = WEIR_FILES | WEIR_RECORDS,
               .out = WEIR_FILES | WEIR_RECORDS,
               .sink = true,
               .opts = print_opts },
    .runs = "writes the lines of each batch inline, or on a thread of the io lane where that would wait",
    .spawn = spawn,
    .touches = TOUCHES_NOTHING,
    .keeps = KEEPS_NO_OUTPUT,
    .times = NODE_FED_BY(WEIR_FILES) | NODE_FED_BY(WEIR_RECORDS),
};
