/* rotation_words.c - who ends files, and when. */
#include "explain/rotation_words.h"

#include "nodes/node.h"

void wp_rotation_words(struct lines *lines, const struct plan_node *node)
{
    const struct plan_node *write = node->rotates;
    char size[LINES_SIZE_MAX];
    if (write == NULL)
        return;
    const uint64_t bytes = (uint64_t)wp_rotate_limit(write, false);
    const bool exact = node->next == write && wp_plan_number(write, "append") == 0;
    if (node == write) {
        wp_lines_put(lines, "begins a new file where the bytes say so; a name that is taken gets a number");
    } else if (wp_node_type_of(node->stage, node->in) == NULL) {
        wp_lines_put(lines, "makes a whole stream of each file");
    } else {
        const bool timed = wp_rotate_by_time(write);
        wp_lines_say(lines, "ends a file between two records:");
        if (timed)
            wp_lines_say(lines, "by the time%s", wp_plan_setting(write, "time") != NULL ? " in them" : "");
        if (bytes > 0)
            wp_lines_say(lines, "%s%s %s", timed ? "and " : "",
                         exact ? "before it is larger than" : "once the write has", wp_lines_size(size, bytes));
        wp_lines_end(lines);
    }
}
