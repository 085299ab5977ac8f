/*
 * fanout.c - a hundred pieces of work, at most eight at once, results as they come.
 *
 * A JoinSet owns its tasks: dropping it aborts them all. It has a bound, and a
 * full one takes no more: that is what keeps a fan-out from being a flood.
 */
#include <stdio.h>
#include <weir/join_set.h>
#include <weir/runtime.h>
#include <weir/time.h>

static int at_once, at_once_max;

WEIR_ASYNC(work, int, int n; weir_sleep nap;)
{
    WEIR_BEGIN
    if (++at_once > at_once_max)
        at_once_max = at_once;
    AWAIT(self->nap, weir_sleep_for(WEIR_MS(self->n * 37 % 100)));
    at_once--;
    if (self->n == 13)
        weir_panic("a fault in number %d", self->n); /* fails this task, and no other */
    RETURN(self->n);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(program, weir_unit, int n, one, sum, joined, failed; weir_join_set *set; weir_join_next_future next;)
{
    WEIR_BEGIN
    if (weir_join_set_create(8, &self->set) < 0)
        RETURN();
    for (self->n = 1;;) {
        while (self->n <= 100 && weir_join_set_len(self->set) < 8)
            (void)weir_join_set_spawn(self->set, WEIR_CALL(work, .n = self->n++));
        AWAIT(self->next, weir_join_next(self->set, &self->one));
        if (self->next.output == 0)
            break;
        self->joined++;
        self->failed += self->next.status < 0;
        self->sum += self->next.status < 0 ? 0 : self->one;
    }
    printf("%d joined, %d of them failed, %d at once at the most, sum %d\n", self->joined, self->failed, at_once_max,
           self->sum);
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static void on_panic(void *arg, const char *task, const char *file, int line, const char *message)
{
    (void)arg, (void)file, (void)line;
    printf("%s: %s\n", task, message);
}

int main(void)
{
    weir_runtime_options options = weir_runtime_current_thread();
    options.paused_clock = true;
    options.on_panic = on_panic;
    weir_runtime *runtime;
    if (weir_runtime_create(&options, &runtime) < 0)
        return 1;
    const int error = weir_block_on(runtime, WEIR_CALL(program), NULL);
    weir_runtime_destroy(runtime);
    return error < 0;
}

/* prints
work: a fault in number 13
100 joined, 1 of them failed, 8 at once at the most, sum 5037
*/
