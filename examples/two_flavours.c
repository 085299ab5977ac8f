/*
 * two_flavours.c - one program, on a thread of its own or on all cores.
 *
 * The current-thread runtime runs tasks inside weir_block_on(), on the thread
 * that calls it: for commands, tests, single connections. The multi-threaded one
 * has workers that steal from each other. The code is the same.
 */
#include <pthread.h>
#include <stdio.h>
#include <weir/join_set.h>
#include <weir/runtime.h>

#define TASKS 100

WEIR_ASYNC(square, int, int x; pthread_t home; _Atomic bool *moved; weir_yield turn;)
{
    WEIR_BEGIN
    AWAIT(self->turn, weir_yield_now());
    if (!pthread_equal(pthread_self(), self->home))
        *self->moved = true;
    RETURN(self->x * self->x);
    WEIR_FINALLY
    WEIR_END
}

WEIR_ASYNC(sum_of_squares, int, pthread_t home; _Atomic bool moved; int one; weir_join_set *set;
           weir_join_next_future next;)
{
    WEIR_BEGIN
    if (weir_join_set_create(TASKS, &self->set) < 0)
        RETURN(-1);
    for (int i = 1; i <= TASKS; i++)
        (void)weir_join_set_spawn(self->set, WEIR_CALL(square, .x = i, .home = self->home, .moved = &self->moved));
    for (;;) {
        AWAIT(self->next, weir_join_next(self->set, &self->one));
        if (self->next.output == 0)
            break;
        self->output += self->one;
    }
    printf("  on the caller's thread: %s\n", self->moved ? "no" : "yes");
    WEIR_FINALLY
    weir_join_set_destroy(self->set);
    WEIR_END
}

static int run(const char *flavour, weir_runtime_options options)
{
    weir_runtime *runtime;
    int sum = 0;
    printf("%s\n", flavour);
    if (weir_runtime_create(&options, &runtime) < 0)
        return -1;
    const int error = weir_block_on(runtime, WEIR_CALL(sum_of_squares, .home = pthread_self()), &sum);
    weir_runtime_destroy(runtime);
    printf("  1 + 4 + ... + %d = %d\n", TASKS * TASKS, sum);
    return error;
}

int main(void)
{
    return run("current-thread", weir_runtime_current_thread()) < 0 ||
           run("multi-threaded", weir_runtime_defaults()) < 0;
}

/* prints
current-thread
  on the caller's thread: yes
  1 + 4 + ... + 10000 = 338350
multi-threaded
  on the caller's thread: no
  1 + 4 + ... + 10000 = 338350
*/
