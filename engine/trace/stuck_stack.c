/*
 * stuck_stack.c - a thread tells where it is, in a signal's handler.
 *
 * The handler reads the frames of the task that this thread polls, and its own
 * stack. Both stand still meanwhile, as they are this thread's. What a frame is
 * in the middle of writing may be half there: only `awaiting` and `type` are
 * followed, and a slot that is being filled has either no type or a good one.
 */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "sched/worker.h"
#include "watch_polls.h"

#if defined(__has_include)
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE 1
#endif
#endif

#define STUCK_SIGNAL SIGURG
#define ANSWER_WITHIN_NS 50000000

enum { NOBODY_ASKS, ASKED, ANSWERING, ANSWERED };

static struct {
    uint32_t state;
    const struct worker *worker;
    uint32_t tick;
    weir_stuck *answer;
    struct sigaction before;
    bool installed;
    bool has_backtrace; /* its library is loaded */
} question;

static void read_frames(const struct weir_task *task, weir_dump_task *found)
{
    found->task = task;
    found->id = task->id;
    found->name = wi_task_name(task);
    found->doing = WEIR_TASK_RUNS;
    const weir_future *future = &task->frame;
    for (; future != NULL && future->type != NULL; future = future->awaiting) {
        if (found->frame_count == WEIR_DUMP_FRAMES_MAX) {
            found->cut = true;
            return;
        }
        const bool is_site = future->line < WEIR_AT_FINALLY;
        found->frames[found->frame_count++] =
            (weir_dump_frame){ .type = future->type, .line = is_site ? future->line : 0, .wait = -1 };
    }
}

static void answer(weir_stuck *stuck)
{
    const struct worker *worker = wi_worker_current;
    read_frames(worker->current, &stuck->task);
    stuck->task.worker = (int)worker->index;
#ifdef HAS_BACKTRACE
    if (question.has_backtrace)
        stuck->stack_depth = backtrace(stuck->stack, WEIR_STUCK_STACK_MAX);
#endif
    stuck->seen = true;
}

static void on_signal(int signal_number, siginfo_t *info, void *context)
{
    const int saved = errno;
    const struct worker *worker = wi_worker_current;
    uint32_t asked = ASKED;
    if (worker != NULL && wi_load(&question.worker, ACQUIRE) == worker &&
        wi_cas(&question.state, &asked, ANSWERING, ACQ_REL)) {
        if (worker->polling && worker->tick == question.tick)
            answer(question.answer);
        wi_store(&question.state, ANSWERED, RELEASE);
    } else if ((question.before.sa_flags & SA_SIGINFO) != 0) {
        question.before.sa_sigaction(signal_number, info, context);
    } else if (question.before.sa_handler != SIG_DFL && question.before.sa_handler != SIG_IGN) {
        question.before.sa_handler(signal_number);
    }
    errno = saved;
}

/* At the first question: the handler stays, as who has replaced it since may call it. */
static bool install(void)
{
    if (question.installed)
        return true;
#ifdef HAS_BACKTRACE
    /*
     * It loads a library at its first call. A handler may not: it may have come in the middle of malloc(3). Where a
     * sandbox refuses the library each call would try again, so there is none then.
     */
    void *once[4];
    question.has_backtrace = backtrace(once, 4) > 0;
#endif
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO };
    (void)sigemptyset(&action.sa_mask);
    question.installed = sigaction(STUCK_SIGNAL, &action, &question.before) == 0;
    return question.installed;
}

/* True: it has. */
static bool await_answer(void)
{
    const struct timespec moment = { .tv_nsec = 200000 };
    for (int64_t waited_ns = 0; wi_load(&question.state, ACQUIRE) != ANSWERED; waited_ns += moment.tv_nsec) {
        uint32_t asked = ASKED;
        if (waited_ns >= ANSWER_WITHIN_NS && wi_cas(&question.state, &asked, NOBODY_ASKS, ACQ_REL))
            return false;
        (void)nanosleep(&moment, NULL);
    }
    return true;
}

bool wi_stuck_ask(const struct worker *worker, weir_stuck *ret_stuck)
{
    if (!install())
        return false;
    question.answer = ret_stuck;
    question.tick = wi_load(&worker->tick, RELAXED);
    wi_store(&question.worker, worker, RELEASE);
    wi_store(&question.state, ASKED, RELEASE);
    if (pthread_kill((pthread_t)wi_load(&worker->polls_on, RELAXED), STUCK_SIGNAL) != 0) {
        wi_store(&question.state, NOBODY_ASKS, RELEASE);
        return false;
    }
    return await_answer() && ret_stuck->seen;
}
