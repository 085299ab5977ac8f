/* screen.c - what a terminal can show, and names that must not reach it as they are. */
#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <weir/shown.h>

int screen_width(FILE *stream)
{
    const char *columns = getenv("COLUMNS");
    const int width = columns != NULL ? atoi(columns) : 0;
    struct winsize size;
    if (width > 0)
        return width;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

bool screen_colours(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(stream)) && (no_color == NULL || *no_color == '\0') &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

const char *screen_name(char *buffer, size_t size, const char *name, size_t name_size)
{
    size_t used = 0;
    for (size_t i = 0; i < name_size;) {
        char one[4];
        size_t shown;
        const size_t bytes = weir_shown(name + i, name_size - i, one, &shown);
        if (used + shown + 4 > size) {
            memcpy(buffer + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(buffer + used, one, shown);
        used += shown;
        i += bytes;
    }
    buffer[used] = '\0';
    return buffer;
}

void screen_put(FILE *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        char one[4] = "\n";
        size_t shown = 1;
        i += text[i] == '\n' ? 1 : weir_shown(text + i, size - i, one, &shown);
        (void)fwrite(one, 1, shown, out);
    }
}
