/*
 * bench_json.c - lines of JSON on one thread, in memory: bench_json FILE [runs].
 *
 *     index    each line is checked whole and indexed, as the first of its shape is (json_index.h)
 *     shape    as stage `json` has them: by the shape of one before, else by its index
 *     + four   and then the values of ts, path, status and request_time are made
 *
 * Prints MB/s of the best run, and what was found, which must be what yardstick/simdjson_lines.cpp finds in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json/json_shape.h"

enum { LINES_AN_ARENA = 256, FIELDS = 4 };

static const char *const names[FIELDS] = { "ts", "path", "status", "request_time" };

/* What is known of the lines. */
struct found {
    uint64_t objects, status, path_bytes, ts_bytes;
    double request_time;
};

struct bench {
    char *text;
    size_t size;
    struct json_index index;
    struct json_shapes *shapes; /* NULL: without */
    struct json_cursor cursors[FIELDS];
    bool fields;
    struct arena arena;
    struct found found;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The value of a field of the line, by whichever of the two knows it. */
static struct datum find(struct bench *bench, const char *line, const struct json_shaped *shaped, unsigned field)
{
    const size_t size = strlen(names[field]);
    struct json_span span;
    if (shaped == NULL)
        return wp_json_find(&bench->index, names[field], size, &bench->arena);
    if (!wp_json_cursor_field(&bench->cursors[field], shaped, names[field], size, &span))
        return datum_null();
    return wp_json_shaped_value(shaped, line, span, &bench->arena);
}

static void take_fields(struct bench *bench, const char *line, const struct json_shaped *shaped)
{
    const struct datum ts = find(bench, line, shaped, 0), path = find(bench, line, shaped, 1),
                       status = find(bench, line, shaped, 2), took = find(bench, line, shaped, 3);
    bench->found.ts_bytes += ts.kind == DATUM_STRING ? ts.size : 0;
    bench->found.path_bytes += path.kind == DATUM_STRING ? path.size : 0;
    bench->found.status += status.kind == DATUM_INT ? (uint64_t)status.number : 0;
    bench->found.request_time += took.kind == DATUM_DOUBLE ? took.real : 0;
}

static void take_line(struct bench *bench, const char *line, size_t size)
{
    const struct json_shaped *shaped =
        bench->shapes != NULL ? wp_json_shapes_match(bench->shapes, line, size, &bench->arena) : NULL;
    if (shaped == NULL) {
        if (wp_json_index(&bench->index, line, size) < 0 || !wp_json_is_object(&bench->index))
            return;
        if (bench->shapes != NULL)
            wp_json_shapes_learn(bench->shapes, &bench->index, size);
    }
    bench->found.objects++;
    if (bench->fields)
        take_fields(bench, line, shaped);
}

static void renew_arena(struct bench *bench)
{
    wp_arena_fini(&bench->arena);
    if (bench->shapes != NULL && wp_json_shapes_keep(bench->shapes, &bench->arena) < 0)
        exit(1);
}

static double run(struct bench *bench)
{
    const double began = now();
    const char *at = bench->text, *end = bench->text + bench->size, *newline;
    bench->found = (struct found){ 0 };
    for (unsigned line = 0; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; line++) {
        if (line % LINES_AN_ARENA == 0)
            renew_arena(bench);
        take_line(bench, at, (size_t)(newline - at));
        at = newline + 1;
    }
    const double took = now() - began;
    wp_arena_fini(&bench->arena);
    return took;
}

static void measure(struct bench *bench, const char *name, unsigned runs)
{
    double best = run(bench);
    for (unsigned i = 0; i < runs; i++) {
        const double took = run(bench);
        best = took < best ? took : best;
    }
    printf("%-18s %6.0f MB/s  %lu objects", name, (double)bench->size / best / 1e6, bench->found.objects);
    if (bench->fields)
        printf(", status %lu, path %lu, ts %lu, request_time %.3f", bench->found.status, bench->found.path_bytes,
               bench->found.ts_bytes, bench->found.request_time);
    printf("\n");
}

/* The file, and behind it what may be read over its end. */
static bool load(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) < 0)
        return false;
    const long size = ftell(file);
    rewind(file);
    bench->text = size >= 0 ? calloc(1, (size_t)size + SHAPE_SLACK) : NULL;
    bench->size = bench->text != NULL ? fread(bench->text, 1, (size_t)size, file) : 0;
    (void)fclose(file);
    return bench->text != NULL && bench->size == (size_t)size;
}

int main(int argc, char **argv)
{
    struct bench bench = { 0 };
    const unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 7;
    if (argc < 2 || !load(&bench, argv[1])) {
        fprintf(stderr, "usage: bench_json FILE [runs]: a file of lines of JSON\n");
        return 2;
    }
    measure(&bench, "index", runs);
    bench.fields = true;
    measure(&bench, "index + four", runs);
    bench.shapes = wp_json_shapes_create(0);
    if (bench.shapes == NULL)
        return 1;
    measure(&bench, "shape + four", runs);
    bench.fields = false;
    measure(&bench, "shape", runs);
    wp_json_shapes_destroy(bench.shapes);
    wp_json_index_fini(&bench.index);
    free(bench.text);
    return 0;
}
