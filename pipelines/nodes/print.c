/* print.c - stage "print": a line of standard output for each file, which goes on behind it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nodes/node.h"
#include "run/rows.h"
#include "run/template.h"

static const weir_opt print_opts[] = {
    { "template", "what a line is, such as \"{.size} {.path}\"; without it, JSON", WEIR_OPT_TEMPLATE, 0,
      .positional = true },
    { 0 },
};

struct print {
    struct run_node *node;
    const struct setting *template; /* NULL: JSON */
    bool is_terminal;
    weir_text text;
};

static int open_print(struct run_node *node, void **ret_state)
{
    struct print *self = calloc(1, sizeof *self);
    if (self == NULL)
        return wp_run_fail(node, -ENOMEM, "no memory");
    self->node = node;
    self->template = wp_plan_setting(node->plan, "template");
    self->is_terminal = isatty(STDOUT_FILENO) == 1;
    *ret_state = self;
    return 0;
}

/* Names come from strangers: what would move a terminal's cursor, or worse, is shown as '?'. */
static void tame(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
}

static int append_line(struct print *self, const struct row *row)
{
    const size_t from = self->text.size;
    int error;
    if (self->template != NULL) {
        error = wp_template_append(&self->text, self->template->pieces, row);
    } else {
        struct arena arena = { 0 };
        error = wp_datum_append_json(&self->text, wp_row_view.all(row, &arena));
        wp_arena_fini(&arena);
    }
    if (error == 0 && self->is_terminal)
        tame(self->text.data + from, self->text.size - from);
    return error == 0 ? weir_text_append(&self->text, "\n", 1) : error;
}

static int write_out(struct print *self)
{
    for (size_t done = 0; done < self->text.size;) {
        const ssize_t wrote = write(STDOUT_FILENO, self->text.data + done, self->text.size - done);
        if (wrote < 0 && errno != EINTR)
            return wp_run_fail(self->node, -errno, "standard output: %s", strerror(errno));
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    self->text.size = 0;
    return 0;
}

static int print(void *state, struct batch **batch)
{
    struct print *self = state;
    int error = 0;
    for (uint32_t i = 0; error == 0 && i < (*batch)->count; i++)
        error = append_line(self, &(*batch)->rows[i]);
    return error < 0 ? wp_run_fail(self->node, error, "no memory") : write_out(self);
}

static void close_print(void *state)
{
    struct print *self = state;
    weir_text_fini(&self->text);
    free(self);
}

/* On a lane: whoever reads may take his time. */
static const struct rows_ops ops = {
    .open = open_print, .batch = print, .close = close_print, .offloads = true, .lane = WEIR_LANE_IO
};

static int spawn(struct run_node *node, weir_join_set *set)
{
    return wp_rows_spawn(node, &ops, set);
}

const struct node_type wp_node_print = {
    .stage = { .name = "print",
               .summary = "a line of standard output for each file; they go on behind it",
               .in = WEIR_FILES,
               .out = WEIR_FILES,
               .sink = true,
               .opts = print_opts },
    .spawn = spawn,
};
