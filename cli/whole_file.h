/* whole_file.h - a file that appears whole or not at all; until then what is under its name stays. */
#ifndef WHOLE_FILE_H
#define WHOLE_FILE_H

#include <stdbool.h>

struct whole_file {
    int fd;
    const char *path;
    char *passing; /* the name it has until then; NULL: none yet */
    bool direct;   /* no plain file: a pipe, a terminal */
};

/* `path` lives as long as the file. 0, or a negative errno. */
int whole_file_open(struct whole_file *file, const char *path);
/* 0, or a negative errno: then it is gone. */
int whole_file_commit(struct whole_file *file);
/* Takes one that was committed, or is zero. */
void whole_file_discard(struct whole_file *file);

#endif
