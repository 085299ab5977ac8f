/* say.c - lines on standard output. */
#include "run/say.h"

#include <string.h>
#include <unistd.h>

int wp_say(struct run_node *node, weir_text *text)
{
    for (size_t done = 0; done < text->size;) {
        const ssize_t wrote = write(STDOUT_FILENO, text->data + done, text->size - done);
        if (wrote < 0 && errno != EINTR)
            return wp_run_fail(node, -errno, "standard output: %s", strerror(errno));
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    text->size = 0;
    return 0;
}

bool wp_say_to_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void wp_say_tame(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            text[i] = '?';
}
