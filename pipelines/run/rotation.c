/* rotation.c - when a file ends and the next one begins. */
#include "run/rotation.h"

#include <string.h>

#include "journal/words.h"
#include "run/record_time.h"
#include "run/template.h"

#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS (60 * MINUTE_NS)
/* The clock may be set while somebody waits for it. */
#define WAIT_NS_MAX MINUTE_NS

void wp_rotation_init(struct rotation *rotation, const struct run_node *node)
{
    const struct plan_node *write = node->plan->rotates;
    if (write == NULL)
        return;
    const struct setting *time = wp_plan_setting(write, "time");
    rotation->write = &node->run->nodes[write->index - node->run->base];
    rotation->path = wp_plan_setting(write, "path")->pieces;
    rotation->time = time != NULL ? time->expr->steps : NULL;
    rotation->period_ns = wp_rotate_limit(write, true);
    if (node->plan->next == write && wp_plan_number(write, "append") == 0)
        rotation->bytes_max = (uint64_t)wp_rotate_limit(write, false);
    rotation->latest_ns = INT64_MIN;
}

void wp_rotation_fini(struct rotation *rotation)
{
    weir_text_fini(&rotation->name);
    weir_text_fini(&rotation->other);
}

int64_t wp_rotation_time(struct rotation *rotation, const struct row *row, int64_t now_ns, struct arena *arena)
{
    int64_t time_ns = now_ns;
    if (rotation->time != NULL && !wp_record_time(row, rotation->time, arena, &time_ns))
        time_ns = rotation->latest_ns;
    if (time_ns > now_ns)
        time_ns = now_ns;
    if (time_ns > rotation->latest_ns)
        rotation->latest_ns = time_ns;
    else if (rotation->latest_ns == INT64_MIN) /* the first one has no time: that of others is not known yet */
        return now_ns;
    return rotation->latest_ns;
}

/* The end of the span of this length that the time lies in, by UTC. */
static int64_t end_of(int64_t time_ns, int64_t length_ns)
{
    const int64_t rest = time_ns % length_ns;
    int64_t end_ns;
    return __builtin_add_overflow(time_ns - (rest < 0 ? rest + length_ns : rest), length_ns, &end_ns) ? INT64_MAX
                                                                                                      : end_ns;
}

static int render(const struct rotation *rotation, weir_text *out, int64_t time_ns)
{
    out->size = 0;
    return wp_template_append(out, rotation->path, rotation->write->file, time_ns);
}

static bool same_name(const struct rotation *rotation)
{
    return rotation->name.size == rotation->other.size &&
           memcmp(rotation->name.data, rotation->other.data, rotation->name.size) == 0;
}

/*
 * Up to when the file's name is sure to be that of this time. What strftime() says changes with the second, the minute
 * or an hour (%p at noon only), or not before midnight.
 */
static int set_until(struct rotation *rotation, int64_t time_ns)
{
    static const int64_t units[] = { SECOND_NS, MINUTE_NS, HOUR_NS };
    const int64_t day_ns = end_of(time_ns, 24 * HOUR_NS);
    const int64_t period_ns = rotation->period_ns > 0 ? end_of(rotation->time_ns, rotation->period_ns) : INT64_MAX;
    int64_t until_ns = end_of(time_ns, SECOND_NS);
    for (size_t unit = 0; until_ns < day_ns;) {
        const int error = render(rotation, &rotation->other, until_ns);
        if (error < 0)
            return error;
        if (!same_name(rotation))
            break;
        unit += unit + 1 < sizeof units / sizeof units[0];
        until_ns = end_of(until_ns, units[unit]);
    }
    rotation->until_ns = until_ns < period_ns ? until_ns : period_ns;
    return 0;
}

int wp_rotation_turns(struct rotation *rotation, int64_t time_ns)
{
    /* Before its beginning: that was a guess, since its first records had no time. */
    if (!rotation->is_open || (time_ns >= rotation->time_ns && time_ns < rotation->until_ns))
        return 0;
    if (rotation->period_ns > 0 &&
        end_of(time_ns, rotation->period_ns) != end_of(rotation->time_ns, rotation->period_ns))
        return 1;
    int error = render(rotation, &rotation->other, time_ns);
    if (error == 0 && !same_name(rotation))
        return 1;
    if (error == 0)
        error = set_until(rotation, time_ns);
    return error;
}

bool wp_rotation_is_full(const struct rotation *rotation)
{
    return rotation->is_open && __atomic_load_n(&rotation->write->full_file, __ATOMIC_RELAXED) == rotation->files;
}

int wp_rotation_begin(struct rotation *rotation, int64_t time_ns)
{
    rotation->is_open = true;
    rotation->files++;
    rotation->time_ns = time_ns;
    rotation->bytes = 0;
    const int error = render(rotation, &rotation->name, time_ns);
    return error < 0 ? error : set_until(rotation, time_ns);
}

void wp_rotation_end(struct rotation *rotation)
{
    rotation->is_open = false;
}

void wp_rotation_save(const struct rotation *rotation, char *ret_saved)
{
    *ret_saved = (char)rotation->is_open;
    char *at = wp_put_u32(ret_saved + 1, rotation->files);
    at = wp_put_u64(wp_put_u64(at, (uint64_t)rotation->time_ns), (uint64_t)rotation->latest_ns);
    (void)wp_put_u64(at, rotation->bytes);
}

int wp_rotation_load(struct rotation *rotation, const char *saved)
{
    const bool is_open = *saved != 0;
    int error = 0;
    rotation->files = wp_get_u32(saved + 1) - is_open;
    rotation->latest_ns = (int64_t)wp_get_u64(saved + 13);
    if (is_open)
        error = wp_rotation_begin(rotation, (int64_t)wp_get_u64(saved + 5));
    rotation->bytes = wp_get_u64(saved + 21);
    return error;
}

int64_t wp_rotation_wait_ns(const struct rotation *rotation)
{
    if (!rotation->is_open || rotation->time != NULL)
        return INT64_MAX;
    const int64_t left_ns = rotation->until_ns - wp_wall_ns();
    return left_ns < 0 ? 0 : left_ns < WAIT_NS_MAX ? left_ns : WAIT_NS_MAX;
}
