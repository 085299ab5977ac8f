/*
 * check_rotate.c - a write that begins new files: with rotate=, or by the time in its path.
 *
 * A file ends where a record does, and what a codec makes of it is whole. So whoever
 * makes bytes of records, the codecs behind it and the write work together, and
 * know it from their plan.
 */
#include <string.h>

#include "nodes/node.h"
#include "plan/checker.h"

static bool is_write(const struct plan_node *node)
{
    return strcmp(node->stage->name, "write") == 0;
}

/* An item of rotate=, as it is spelled, becomes the setting's number. */
static bool read_limit(struct check *check, struct setting *setting)
{
    const struct source source = { .name = check->syntax->source.name,
                                   .text = setting->text,
                                   .size = strlen(setting->text) };
    struct diags unheard = { .source = &source };
    struct scan scan = { .source = &source, .diags = &unheard, .arena = check->arena };
    struct value value = { 0 };
    const bool read = wp_scan_is_value(&scan) && wp_scan_value(&scan, &value) && scan.at == source.size;
    wp_diag_fini(&unheard);
    setting->number = value.number;
    setting->is_time = value.kind == VALUE_DURATION;
    return read && value.number > 0 &&
           (value.kind == VALUE_DURATION || value.kind == VALUE_SIZE || value.kind == VALUE_INT);
}

/* At most one time and one size. */
static bool check_limits(struct check *check, const struct plan_node *write)
{
    const struct setting *before[2] = { NULL, NULL };
    for (struct setting *setting = write->settings; setting != NULL; setting = setting->next) {
        if (strcmp(setting->opt->name, "rotate") != 0)
            continue;
        if (!read_limit(check, setting)) {
            wp_diag(check->diags, setting->span, "write: rotate is a time, a size, or both, not %s", setting->text);
            wp_diag_hint(check->diags, "such as  rotate=1h  rotate=1GiB  rotate=1h,1GiB");
            return false;
        }
        if (before[setting->is_time] != NULL) {
            wp_diag(check->diags, setting->span, "write: rotate has two %s", setting->is_time ? "times" : "sizes");
            return false;
        }
        before[setting->is_time] = setting;
    }
    return true;
}

bool wp_rotate_by_time(const struct plan_node *write)
{
    if (wp_rotate_limit(write, true) > 0)
        return true;
    for (const struct piece *piece = wp_plan_setting(write, "path")->pieces; piece != NULL; piece = piece->next)
        if (piece->kind == PIECE_TIME)
            return true;
    return false;
}

/* The `to` whose bytes reach the last stage through nothing but codecs; NULL: there is none. */
static struct plan_node *find_to(const struct plan_chain *chain)
{
    struct plan_node *to = NULL;
    for (struct plan_node *node = chain->nodes; node->next != NULL; node = node->next)
        if (strcmp(node->stage->name, "to") == 0)
            to = node;
        else if (wp_node_type_of(node->stage, node->in) != NULL)
            to = NULL;
    return to;
}

/* A codec that can't make a stream of each file. `told`: somebody wants to know why. */
static bool check_codecs(struct check *check, const struct plan_node *to, bool told)
{
    for (const struct plan_node *node = to->next; node->next != NULL; node = node->next) {
        const char *reason = node->stage->reset == NULL        ? "can't begin a new stream"
                             : node->engine.order == ORDER_ANY ? "may give what is of one file behind what is of the "
                                                                 "next with @order=any"
                                                               : NULL;
        if (reason == NULL)
            continue;
        if (told)
            wp_diag(check->diags, node->span, "write begins a new file behind a record, and %s %s", node->name, reason);
        return false;
    }
    return true;
}

static bool refuse_lonely(struct check *check, const struct plan_node *write)
{
    static const char *const names[] = { "rotate", "time" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct setting *setting = wp_plan_setting(write, names[i]);
        if (setting == NULL)
            continue;
        if (write->in == WEIR_FILES) {
            wp_diag(check->diags, setting->span, "write: %s is for bytes, and this writes a manifest of files",
                    names[i]);
            return false;
        }
        wp_diag(check->diags, setting->span,
                "write: %s: a file ends behind a record, and nothing says where one ends in these bytes", names[i]);
        wp_diag_hint(check->diags, "make records of them, and put 'to' in the same row as this write: "
                                   "... | lines | to raw | write ... rotate=1h");
        return false;
    }
    return true;
}

bool wp_check_rotate(struct check *check, struct plan_chain *chain)
{
    const struct plan_node *write = wp_plan_last(chain);
    if (!is_write(write) || !check_limits(check, write))
        return !is_write(write);
    struct plan_node *to = write->in == WEIR_BYTES ? find_to(chain) : NULL;
    if (to == NULL)
        return refuse_lonely(check, write);
    const struct setting *rotate = wp_plan_setting(write, "rotate"), *time = wp_plan_setting(write, "time");
    const bool asked = rotate != NULL || time != NULL, timed = wp_rotate_by_time(write);
    /* A block's file has the name of when it was begun: it is one for one. */
    if (!asked && (!timed || check->in_block > 0))
        return true;
    if (time != NULL && !timed) {
        wp_diag(check->diags, time->span, "write: time= is for files that begin by the time, and nothing here does");
        wp_diag_hint(check->diags, "such as  \"err-{%%Y%%m%%d%%H}.json\" time=.ts  or  rotate=1h time=.ts");
        return false;
    }
    if (!check_codecs(check, to, asked))
        return !asked;
    for (struct plan_node *node = to; node != NULL; node = node->next)
        node->rotates = write;
    return true;
}
