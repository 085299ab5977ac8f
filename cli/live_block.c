/* live_block.c - a running pipeline as a few lines of text. */
#include "live_block.h"

#include <stdlib.h>
#include <string.h>

#include "progress.h"

static double smooth(double old, double new, double seconds, bool first)
{
    return first ? new : old + (new - old) * seconds / (seconds + 1);
}

static double share(uint64_t now, uint64_t before, double seconds, unsigned lanes)
{
    const double part = (double)(now - before) / 1e9 / seconds / (lanes > 0 ? lanes : 1);
    return part < 1 ? part : 1;
}

static void update_stage(struct live_rates *rates, const weir_pipeline_stage *now, const weir_pipeline_stage *before,
                         double seconds, bool first)
{
    const uint64_t rows = now->in_rows > 0 ? now->in_rows - before->in_rows : now->out_rows - before->out_rows;
    const struct live_rates measured = {
        .in_bytes = (double)(now->in_bytes - before->in_bytes) / seconds,
        .out_bytes = (double)(now->out_bytes - before->out_bytes) / seconds,
        .rows = (double)rows / seconds,
        .busy = share(now->busy_ns, before->busy_ns, seconds, now->lanes),
        .blocked = share(now->blocked_ns, before->blocked_ns, seconds, now->outer_lanes),
        .starved = share(now->starved_ns, before->starved_ns, seconds, now->outer_lanes),
    };
    rates->in_bytes = smooth(rates->in_bytes, measured.in_bytes, seconds, first);
    rates->out_bytes = smooth(rates->out_bytes, measured.out_bytes, seconds, first);
    rates->rows = smooth(rates->rows, measured.rows, seconds, first);
    rates->busy = smooth(rates->busy, measured.busy, seconds, first);
    rates->blocked = smooth(rates->blocked, measured.blocked, seconds, first);
    rates->starved = smooth(rates->starved, measured.starved, seconds, first);
}

void live_block_update(struct live_block *block, const struct live *now)
{
    const struct live *before = &block->now;
    const double seconds = (double)(now->now_ns - before->now_ns) / 1e9;
    if (before->pid == now->pid && before->count == now->count && seconds > 0) {
        for (size_t i = 0; i < now->count; i++)
            update_stage(&block->rates[i], &now->stages[i], &before->stages[i], seconds, !block->has_rates);
        block->cpu =
            smooth(block->cpu, (double)(now->cpu_ns - before->cpu_ns) / 1e9 / seconds, seconds, !block->has_rates);
        block->files =
            smooth(block->files, (double)(now->files_done - before->files_done) / seconds, seconds, !block->has_rates);
        block->has_rates = true;
    }
    block->now = *now;
    for (size_t i = 0; i < now->count; i++)
        block->now.stages[i].name = block->now.names[i];
}

double live_block_seconds_left(const struct live_block *block)
{
    const struct live *now = &block->now;
    if (now->files_all && block->has_rates && now->files_found > now->files_done)
        return block->files > 0 ? (double)(now->files_found - now->files_done) / block->files : -1;
    if (now->input_bytes == 0 || now->count == 0 || !block->has_rates || block->rates[0].out_bytes < 1)
        return -1;
    const uint64_t done = now->stages[0].out_bytes;
    return done < now->input_bytes ? (double)(now->input_bytes - done) / block->rates[0].out_bytes : 0;
}

int live_block_limit(const struct live_block *block)
{
    int best = -1;
    for (size_t i = 0; block->has_rates && i < block->now.count; i++)
        if (!block->now.stages[i].has_block && block->rates[i].busy >= 0.5 &&
            (best < 0 || block->rates[i].busy > block->rates[best].busy))
            best = (int)i;
    return best;
}

/* --- text ------------------------------------------------------------------------------------------ */

/* Where bytes come in: the first stage that gives any. */
static size_t source_of(const struct live *now)
{
    size_t i = 0;
    while (i < now->count && now->stages[i].out_bytes == 0)
        i++;
    return i;
}

/* What matters most comes first: the end may be left out. */
static void put_head(FILE *out, const struct live_block *block, int limit)
{
    const struct live *now = &block->now;
    const size_t source = source_of(now);
    const double left = live_block_seconds_left(block);
    char text[24];
    fprintf(out, "%s ", progress_time(text, sizeof text, (double)(now->now_ns - now->began_ns) / 1e9));
    if (now->files_found > 0)
        fprintf(out, " %lu of %lu%s files,", (unsigned long)now->files_done, (unsigned long)now->files_found,
                now->files_all ? "" : "+");
    if (source < now->count)
        fprintf(out, " %s read,", progress_bytes(text, sizeof text, (double)now->stages[source].out_bytes));
    if (source < now->count && block->has_rates)
        fprintf(out, " %s/s,", progress_bytes(text, sizeof text, block->rates[source].out_bytes));
    if (left >= 0)
        fprintf(out, " %s left,", progress_time(text, sizeof text, left));
    if (now->troubles > 0)
        fprintf(out, " %lu troubles,", (unsigned long)now->troubles);
    if (limit >= 0)
        fprintf(out, " busiest is %s with %.0f %%,", now->stages[limit].name, 100 * block->rates[limit].busy);
    fprintf(out, " cpu %.0f %%, memory %s", 100 * block->cpu,
            progress_bytes(text, sizeof text, (double)now->rss_bytes));
}

/* Its figures are whole: those that don't fit into `width` are left out. Of the busiest stage if `limit` >= 0. */
static void print_head(FILE *out, const struct live_block *block, unsigned width, int limit)
{
    char text[400] = "";
    FILE *head = fmemopen(text, sizeof text, "w");
    if (head != NULL) {
        put_head(head, block, limit);
        (void)fclose(head);
    }
    while (strlen(text) > width) {
        char *comma = strrchr(text, ',');
        text[comma != NULL ? (size_t)(comma - text) : width] = '\0';
    }
    fputs(text, out);
}

static const char *rate_text(char *buffer, unsigned size, double rate)
{
    if (rate < 0.5)
        snprintf(buffer, size, " ");
    else
        progress_bytes(buffer, size, rate);
    return buffer;
}

static const char *count_text(char *buffer, unsigned size, double count)
{
    static const char *const units[] = { "", "k", "M", "G" };
    unsigned unit = 0;
    while (count >= 9999.5 && unit < 3) {
        count /= 1000;
        unit++;
    }
    if (count < 0.05)
        snprintf(buffer, size, " ");
    else
        snprintf(buffer, size, "%.*f%s", unit == 0 && count < 99.95 ? 1 : 0, count, units[unit]);
    return buffer;
}

/* "###.." */
static const char *queue_text(char buffer[8], const weir_pipeline_stage *stage)
{
    if (stage->queue_max == 0)
        return "";
    const unsigned full =
        stage->queued >= stage->queue_max ? 5 : (stage->queued * 5 + stage->queue_max - 1) / stage->queue_max;
    for (unsigned i = 0; i < 5; i++)
        buffer[i] = i < full ? '#' : '.';
    buffer[5] = '\0';
    return buffer;
}

static void print_stage(FILE *out, const struct live_block *block, size_t index, unsigned width, bool is_limit,
                        bool colours)
{
    const weir_pipeline_stage *stage = &block->now.stages[index];
    const struct live_rates *rates = &block->rates[index];
    char name[64], in[16], made[16], rows[16], queue[8], text[200];
    snprintf(name, sizeof name, "%*s%s", 2 * (int)(stage->depth < 4 ? stage->depth : 4), "", stage->name);
    snprintf(text, sizeof text, "%-14.14s %8s %8s %8s  %-5s  %5.0f%% %6.0f%% %6.0f%%%s", name,
             rate_text(in, sizeof in, rates->in_bytes), rate_text(made, sizeof made, rates->out_bytes),
             count_text(rows, sizeof rows, rates->rows), queue_text(queue, stage), 100 * rates->busy,
             100 * rates->blocked, 100 * rates->starved, is_limit ? " limit" : "");
    fprintf(out, "%s%.*s%s\n", is_limit && colours ? "\x1b[1m" : "", (int)width, text,
            is_limit && colours ? "\x1b[0m" : "");
}

/* Whether so many stages are busier than this one that it has no line. */
static bool is_left_out(const struct live_block *block, size_t index, size_t room)
{
    size_t busier = 0;
    for (size_t i = 0; i < block->now.count; i++)
        busier += block->rates[i].busy > block->rates[index].busy ||
                  (i < index && !(block->rates[i].busy < block->rates[index].busy));
    return busier >= room;
}

unsigned live_block_print(FILE *out, const struct live_block *block, unsigned width, unsigned height, bool colours)
{
    unsigned lines = 1;
    const size_t count = block->now.count;
    print_head(out, block, width, -1);
    putc('\n', out);
    if (height < 4 || count == 0)
        return lines;
    fprintf(out, "%.*s\n", (int)width, "stage              in/s    out/s   rows/s  queue    busy blocked starved");
    lines++;
    const bool all = count + 2 <= height;
    const size_t room = all ? count : height - 3;
    const int limit = live_block_limit(block);
    for (size_t i = 0; i < count; i++)
        if (all || !is_left_out(block, i, room)) {
            print_stage(out, block, i, width, (int)i == limit, colours);
            lines++;
        }
    if (!all) {
        fprintf(out, "and %lu more, less busy\n", (unsigned long)(count - room));
        lines++;
    }
    return lines;
}

void live_block_line(FILE *out, const struct live_block *block, unsigned width)
{
    print_head(out, block, width, live_block_limit(block));
}
