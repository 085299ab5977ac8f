/* layout_comment.c - comments, where they were: in lines of their own, or behind what they are about. */
#include <string.h>

#include "format/layout.h"

bool wp_layout_has_comment(const struct layout *layout, uint32_t from, uint32_t to)
{
    const struct comment *comment = layout->comments;
    while (comment != NULL && comment->span.from < from)
        comment = comment->next;
    return comment != NULL && comment->span.from < to;
}

void wp_layout_skip_comments(struct layout *layout, uint32_t until)
{
    while (layout->comments != NULL && layout->comments->span.from < until)
        layout->comments = layout->comments->next;
}

void wp_layout_put_comment(struct layout *layout, const struct comment *comment)
{
    wp_layout_put(layout, layout->text + comment->span.from, comment->span.to - comment->span.from);
    layout->written = comment->span.to;
}

void wp_layout_own_comments(struct layout *layout, uint32_t until, unsigned indent)
{
    while (layout->comments != NULL && layout->comments->span.from < until) {
        wp_layout_line(layout, indent);
        wp_layout_put_comment(layout, layout->comments);
        layout->comments = layout->comments->next;
    }
}

void wp_layout_trailing_comment(struct layout *layout, uint32_t end, uint32_t until)
{
    const struct comment *comment = layout->comments;
    if (comment == NULL || comment->span.from < end || comment->span.from >= until ||
        memchr(layout->text + end, '\n', comment->span.from - end) != NULL)
        return;
    wp_layout_say(layout, "  ");
    wp_layout_put_comment(layout, comment);
    layout->comments = comment->next;
}
