/* main.c - weir(1): the table of commands. */
#include <stdio.h>
#include <string.h>

#include <weir/base.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("weir %s\n", WEIR_VERSION);
        return 0;
    }
    fprintf(stderr, "usage: weir COMMAND [ARGUMENT...]\n");
    return 2;
}
