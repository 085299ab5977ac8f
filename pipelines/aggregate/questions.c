/* questions.c - out of the settings of a node: its questions, and the fields that they are about, each once. */
#include "aggregate/questions.h"

#include <stdlib.h>
#include <string.h>

static bool is_what(const struct setting *setting)
{
    return setting->opt->type == WEIR_OPT_CALLS;
}

static bool is_by(const struct setting *setting)
{
    return setting->opt->type == WEIR_OPT_FIELDS && strcmp(setting->opt->name, "by") == 0;
}

static bool same_path(const struct path_step *a, const struct path_step *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if ((a->name == NULL) != (b->name == NULL) || a->size != b->size || a->index != b->index ||
            (a->name != NULL && memcmp(a->name, b->name, a->size) != 0))
            return false;
    return a == b;
}

static uint32_t column_of(struct questions *self, const struct path_step *steps)
{
    uint32_t i = 0;
    while (i < self->column_count && !same_path(self->columns[i].steps, steps))
        i++;
    if (i == self->column_count)
        self->columns[self->column_count++] = (struct column){ .steps = steps };
    return i;
}

static void add_question(struct questions *self, const struct setting *setting, bool approx)
{
    struct question *question = &self->list[self->count++];
    *question = (struct question){ .name = setting->text };
    (void)wp_measure_named(setting->expr->name, &question->measure); /* the checker knows it */
    if (question->measure.kind == MEASURE_COUNT)
        return;
    question->column = column_of(self, setting->expr->args->steps);
    self->columns[question->column].parts |= wp_summary_part(&question->measure, approx);
}

int wp_questions_init(struct questions *questions, const struct plan_node *node, bool approx)
{
    size_t settings = 1;
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        settings++;
    *questions = (struct questions){
        .list = calloc(settings, sizeof *questions->list),
        .columns = calloc(settings, sizeof *questions->columns),
        .by = calloc(settings, sizeof *questions->by),
    };
    if (questions->list == NULL || questions->columns == NULL || questions->by == NULL)
        return -ENOMEM;
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        if (is_what(setting))
            add_question(questions, setting, approx);
        else if (is_by(setting))
            questions->by[questions->by_count++] =
                (struct by_field){ .steps = setting->expr->steps, .name = setting->text };
    }
    if (questions->count == 0)
        questions->list[questions->count++] = (struct question){ .name = "count" };
    for (uint32_t i = 0; i < questions->column_count; i++) {
        questions->columns[i].at = questions->summaries_size;
        questions->summaries_size += wp_summary_size(questions->columns[i].parts);
    }
    return 0;
}

void wp_questions_fini(struct questions *questions)
{
    free(questions->list);
    free(questions->columns);
    free(questions->by);
    *questions = (struct questions){ 0 };
}
