/* limit_words.c - @timeout, @retry, @rate, @onerror, and @pool of stages of rows, in words. */
#include "explain/limit_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nodes/node.h"

static bool is_stage(const struct plan_node *node, const char *name)
{
    return strcmp(node->stage->name, name) == 0;
}

/* In the largest unit that leaves no rest. */
static const char *duration(char buffer[static 32], int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = { { INT64_C(3600000000000), "h" },
                  { INT64_C(60000000000), "min" },
                  { 1000000000, "s" },
                  { 1000000, "ms" },
                  { 1000, "us" },
                  { 1, "ns" } };
    unsigned unit = 0;
    while (ns % units[unit].ns != 0)
        unit++;
    (void)snprintf(buffer, 32, "%" PRId64 " %s", ns / units[unit].ns, units[unit].name);
    return buffer;
}

static void say_timeout(struct lines *lines, const struct plan_node *node)
{
    char text[32];
    duration(text, node->engine.timeout_ns);
    if (is_stage(node, "each"))
        wp_lines_put(lines, "a file whose block takes longer than %s is told and left out (@timeout)", text);
    else if (is_stage(node, "stdin"))
        wp_lines_put(lines, "%s without input are an error (@timeout)", text);
    else if (is_stage(node, "read") || (is_stage(node, "write") && node->in == WEIR_BYTES))
        wp_lines_put(lines, "a %s that takes longer than %s is an error (@timeout)", node->stage->name, text);
    else
        wp_lines_put(lines, "a batch that takes longer than %s is an error (@timeout)", text);
}

static void say_retry(struct lines *lines, const struct plan_node *node)
{
    wp_lines_put(lines,
                 "%s is tried again, up to %u time%s, after 100 ms and then twice as long each time, up to 10 s "
                 "(@retry)",
                 is_stage(node, "each") ? "a file whose block failed, and gave nothing on yet," : "what failed",
                 node->engine.retries, node->engine.retries == 1 ? "" : "s");
}

static void say_rate(struct lines *lines, const struct plan_node *node)
{
    char text[LINES_SIZE_MAX];
    const char *what = node->in == WEIR_NONE ? "gives" : "takes";
    if (node->engine.rate_is_bytes)
        wp_lines_put(lines, "%s at most %s a second (@rate)", what, wp_lines_size(text, (uint64_t)node->engine.rate));
    else
        wp_lines_put(lines, "%s at most %" PRId64 " rows a second (@rate)", what, node->engine.rate);
}

static void say_onerror(struct lines *lines, const struct plan_node *node)
{
    const char *what = node->in == WEIR_FILES ? "a file whose block fails" : "a record that it can't take";
    if (node->engine.onerror == ONERROR_DEAD)
        wp_lines_put(lines, "%s goes to the dead-letter stream %s (@onerror)", what, node->engine.dead);
    else if (node->engine.onerror == ONERROR_DROP)
        wp_lines_put(lines, "%s is left out, and counted (@onerror)", what);
    else
        wp_lines_put(lines, "%s ends the run (@onerror)", what);
}

/* Of stages of windows plan_words.c says it. */
static void say_pool(struct lines *lines, const struct plan_node *node)
{
    if (node->engine.pool == POOL_CPU || node->engine.pool == POOL_IO)
        wp_lines_put(lines, "each batch goes to the %s lane all the same (@pool)",
                     node->engine.pool == POOL_IO ? "io" : "cpu");
}

void wp_limit_words(struct lines *lines, const struct plan_node *node)
{
    if (wp_node_type_of(node->stage, node->in) != NULL)
        say_pool(lines, node);
    if (node->engine.timeout_ns != 0)
        say_timeout(lines, node);
    if (node->engine.retries != 0)
        say_retry(lines, node);
    if (node->engine.rate != 0)
        say_rate(lines, node);
    if (node->engine.onerror_said)
        say_onerror(lines, node);
}
