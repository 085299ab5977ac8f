/* system_calls.c - the filter as a program of classic BPF: the architecture, the table, then calls by their arguments.
 */
#include "system_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

bool system_calls_are_confined(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER;
}

#ifdef ARCHITECTURE

/* The last number that we know: listmount(2). Who asks for a later one knows how to go without. */
#define NEWEST_CALL 458

/* Not on purpose for others: characters put into a terminal's input. */
#define IOCTL_STI 0x5412
#define IOCTL_LINUX 0x541C

static const unsigned table[] = {
#define CALL(name) __NR_##name,
#include "system_calls.def"
#undef CALL
};

struct filter {
    struct sock_filter code[2 * sizeof table / sizeof table[0] + 128];
    unsigned short size;
};

static void put(struct filter *filter, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    filter->code[filter->size++] = (struct sock_filter){ code, if_true, if_false, k };
}

static void put_load(struct filter *filter, size_t offset)
{
    put(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_return(struct filter *filter, uint32_t action)
{
    put(filter, BPF_RET | BPF_K, action, 0, 0);
}

/* What was loaded is this: the action. */
static void put_case(struct filter *filter, uint32_t value, uint32_t action)
{
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    put_return(filter, action);
}

#define REFUSE (SECCOMP_RET_ERRNO | EPERM)
#define UNKNOWN (SECCOMP_RET_ERRNO | ENOSYS)

/* The low half of an argument; both architectures are little-endian here. */
static size_t argument(unsigned index)
{
    return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

/*
 * A call whose argument decides: if it has one of `count` values (after a mask) then `match`, else `other`. The jump
 * over them is a short one.
 */
struct by_argument {
    unsigned call, index;
    uint32_t mask;
    const uint32_t *values;
    unsigned count;
    uint32_t match, other;
};

static void put_by_argument(struct filter *filter, const struct by_argument *rule)
{
    put_load(filter, offsetof(struct seccomp_data, nr));
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, (uint8_t)(3 + 2 * rule->count));
    put_load(filter, argument(rule->index));
    put(filter, BPF_ALU | BPF_AND | BPF_K, rule->mask, 0, 0);
    for (unsigned i = 0; i < rule->count; i++)
        put_case(filter, rule->values[i], rule->match);
    put_return(filter, rule->other);
}

static void allow_by(struct filter *filter, unsigned call, unsigned index, uint32_t mask, uint32_t value)
{
    put_by_argument(filter, &(struct by_argument){ call, index, mask, &value, 1, SECCOMP_RET_ALLOW, REFUSE });
}

/* With an address it would be a way out; of the pointer both halves are looked at. */
static void put_sendto(struct filter *filter)
{
    put_load(filter, offsetof(struct seccomp_data, nr));
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, __NR_sendto, 0, 6);
    put_load(filter, argument(4));
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    put_load(filter, argument(4) + 4);
    put_case(filter, 0, SECCOMP_RET_ALLOW);
    put_return(filter, REFUSE);
}

/* Sockets that others connect to: no datagrams of the network, which need no connection. */
static void put_listening(struct filter *filter)
{
    static const uint32_t streams[] = { SOCK_STREAM };
    put_load(filter, offsetof(struct seccomp_data, nr));
    put_case(filter, __NR_execve, SECCOMP_RET_ALLOW);
    put_case(filter, __NR_bind, SECCOMP_RET_ALLOW);
    put_case(filter, __NR_listen, SECCOMP_RET_ALLOW);
    put_by_argument(filter, &(struct by_argument){ __NR_socket, 1, 0xf, streams, 1, SECCOMP_RET_ALLOW, REFUSE });
}

/* Sockets of the network that aren't streams: what can send without a connection. */
static void put_no_datagrams(struct filter *filter)
{
    put_load(filter, offsetof(struct seccomp_data, nr));
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 9);
    put_load(filter, argument(1));
    put(filter, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 6, 0); /* which ones is looked at behind this */
    put_load(filter, argument(0));
    put_case(filter, AF_UNIX, SECCOMP_RET_ALLOW);
    put_case(filter, AF_NETLINK, SECCOMP_RET_ALLOW);
    put_return(filter, REFUSE);
}

static void put_sockets(struct filter *filter, bool datagrams)
{
    static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
    static const unsigned calls[] = { __NR_bind,    __NR_connect,  __NR_listen, __NR_recvmmsg,
                                      __NR_sendmsg, __NR_sendmmsg, __NR_sendto, __NR_socketpair };
    put_load(filter, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        put_case(filter, calls[i], SECCOMP_RET_ALLOW);
    if (!datagrams)
        put_no_datagrams(filter);
    put_by_argument(filter,
                    &(struct by_argument){ __NR_socket, 0, UINT32_MAX, families, 4, SECCOMP_RET_ALLOW, REFUSE });
}

static void put_arguments(struct filter *filter)
{
    static const uint32_t typing[] = { IOCTL_STI, IOCTL_LINUX };
    static const uint32_t names[] = { PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS, 0x53564d41 };
    const uint32_t self[] = { 0, (uint32_t)getpid() };
    /* A thread and no process; clone3(2) hides its flags, and libraries go without it. */
    allow_by(filter, __NR_clone, 0, CLONE_THREAD, CLONE_THREAD);
    allow_by(filter, __NR_tgkill, 0, UINT32_MAX, self[1]);
    allow_by(filter, __NR_kill, 0, UINT32_MAX, self[1]);
    put_by_argument(filter, &(struct by_argument){ __NR_prlimit64, 0, UINT32_MAX, self, 2, SECCOMP_RET_ALLOW, REFUSE });
    put_by_argument(filter, &(struct by_argument){ __NR_prctl, 0, UINT32_MAX, names, 5, SECCOMP_RET_ALLOW, REFUSE });
    put_by_argument(filter, &(struct by_argument){ __NR_ioctl, 1, UINT32_MAX, typing, 2, REFUSE, SECCOMP_RET_ALLOW });
}

static void build(struct filter *filter, const struct system_calls *calls)
{
    put_load(filter, offsetof(struct seccomp_data, arch));
    put(filter, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    put_return(filter, SECCOMP_RET_KILL_PROCESS); /* nobody calls another architecture by mistake */
    put_load(filter, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        put_case(filter, table[i], SECCOMP_RET_ALLOW);
    put_case(filter, __NR_clone3, UNKNOWN);
    if (calls->serves)
        put_case(filter, __NR_sendmsg, SECCOMP_RET_ALLOW);
    put_arguments(filter);
    if (calls->sockets)
        put_sockets(filter, calls->datagrams);
    else
        put_sendto(filter);
    if (calls->anew)
        put_listening(filter);
    put_load(filter, offsetof(struct seccomp_data, nr));
    put(filter, BPF_JMP | BPF_JGT | BPF_K, NEWEST_CALL, 0, 1); /* those of x32, too */
    put_return(filter, UNKNOWN);
    put_return(filter, REFUSE);
}

int system_calls_confine(const struct system_calls *calls)
{
    struct filter filter = { .size = 0 };
    build(&filter, calls);
    const struct sock_fprog program = { .len = filter.size, .filter = filter.code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    const long result = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    return result < 0 ? -errno : result > 0 ? -EAGAIN : 0; /* > 0: a thread has a filter of its own */
}

#else

int system_calls_confine(const struct system_calls *calls)
{
    (void)calls;
    return -EOPNOTSUPP;
}

#endif
