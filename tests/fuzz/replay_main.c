/* replay_main.c - runs a fuzz target over files and directories of files, with no fuzzer at hand. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static void fail(const char *path)
{
    perror(path);
    exit(1);
}

/* Memory of exactly its size, so that a look behind it is seen. */
static void replay_file(const char *path)
{
    struct stat stat_of;
    FILE *const file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &stat_of) < 0)
        fail(path);
    const size_t size = (size_t)stat_of.st_size;
    uint8_t *const data = malloc(size);
    if ((data == NULL && size > 0) || fread(data, 1, size, file) != size)
        fail(path);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void replay(const char *path)
{
    struct stat stat_of;
    if (stat(path, &stat_of) < 0)
        fail(path);
    if (!S_ISDIR(stat_of.st_mode)) {
        replay_file(path);
        return;
    }
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, by_name);
    if (count < 0)
        fail(path);
    for (int i = 0; i < count; i++) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            replay(below);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%u inputs\n", replayed);
    return replayed > 0 ? 0 : 1;
}
