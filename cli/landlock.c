/* landlock.c - Landlock rules by system calls: the kernel's header may be older than the kernel, or not there. */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on every architecture. */
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE 445
#define CALL_RESTRICT_SELF 446

#define CREATE_VERSION 1u

enum rule_type { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

/* What <linux/landlock.h> calls LANDLOCK_ACCESS_FS_... */
#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_MAKE_SOCK (UINT64_C(1) << 9)
#define FS_REFER (UINT64_C(1) << 13)     /* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define FS_ALL_1 ((UINT64_C(1) << 13) - 1)
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

#define NET_BIND_TCP (UINT64_C(1) << 0) /* ABI 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)

#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

struct net_port {
    uint64_t allowed, port;
};

static int answer(long result)
{
    return result < 0 ? -errno : (int)result;
}

int landlock_abi(void)
{
    return answer(syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION));
}

/* All that the kernel knows is handled: what no rule allows is forbidden. */
static uint64_t handled_fs(int abi)
{
    return FS_ALL_1 | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
}

int landlock_create(bool abstract_sockets)
{
    const int abi = landlock_abi();
    if (abi < 0)
        return abi;
    const struct ruleset ruleset = {
        .fs = handled_fs(abi),
        .net = NET_BIND_TCP | NET_CONNECT_TCP,
        .scoped = SCOPE_SIGNAL | (abstract_sockets ? 0 : SCOPE_ABSTRACT_UNIX),
    };
    const size_t size = abi >= 6   ? sizeof ruleset
                        : abi >= 4 ? offsetof(struct ruleset, scoped)
                                   : offsetof(struct ruleset, net);
    return answer(syscall(CALL_CREATE_RULESET, &ruleset, size, 0));
}

static uint64_t fs_rights(unsigned rights)
{
    uint64_t fs = 0;
    if ((rights & LANDLOCK_READ) != 0)
        fs |= FS_READ_FILE | FS_READ_DIR;
    if ((rights & LANDLOCK_WRITE) != 0)
        fs |= FS_WRITE_FILE | FS_TRUNCATE;
    if ((rights & LANDLOCK_NAMES) != 0)
        fs |= FS_MAKE_REG | FS_MAKE_DIR | FS_MAKE_SOCK | FS_REMOVE_FILE | FS_REMOVE_DIR;
    if ((rights & LANDLOCK_MOVE) != 0)
        fs |= FS_REFER;
    if ((rights & LANDLOCK_RUN) != 0)
        fs |= FS_EXECUTE;
    if ((rights & LANDLOCK_DEVICE) != 0)
        fs |= FS_IOCTL_DEV;
    return fs;
}

int landlock_allow(int rules, const char *path, unsigned rights)
{
    struct stat meta = { 0 };
    struct path_beneath rule = { .fd = open(path, O_PATH | O_CLOEXEC) };
    int error = rule.fd < 0 || fstat(rule.fd, &meta) < 0 ? -errno : 0;
    if (error == 0) {
        rule.allowed =
            fs_rights(rights) & handled_fs(landlock_abi()) & (S_ISDIR(meta.st_mode) ? UINT64_MAX : FS_OF_FILES);
        error = answer(syscall(CALL_ADD_RULE, rules, RULE_PATH_BENEATH, &rule, 0));
    }
    if (rule.fd >= 0)
        (void)close(rule.fd);
    return error == -EBADFD ? 0 : error; /* a pipe, say: those are always allowed */
}

int landlock_allow_port(int rules, unsigned port, bool connects)
{
    const struct net_port rule = { .allowed = connects ? NET_CONNECT_TCP : NET_BIND_TCP, .port = port };
    return landlock_abi() < 4 ? 0 : answer(syscall(CALL_ADD_RULE, rules, RULE_NET_PORT, &rule, 0));
}

int landlock_enforce(int rules)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return answer(syscall(CALL_RESTRICT_SELF, rules, 0));
}
