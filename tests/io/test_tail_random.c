/*
 * test_tail_random.c - a writer that appends, rotates, cuts, deletes, compresses; a follower that looks, restarts, and
 * is told that events were lost; each in turn, by chance. Each line that was written comes once, in its order.
 *
 * TAIL_SEED=N replays one run, TAIL_RUNS=N makes so many, TAIL_TRACE=1 tells what is done.
 */
#include "tail_rig.h"

#include <sys/inotify.h>

#include "tail/tail_inside.h"

#define STEPS 120
#define KEPT 6u /* rotated files */

struct play {
    struct tail_rig rig;
    uint64_t random;
    unsigned next;      /* line to be written */
    unsigned wanted;    /* line to be read */
    int64_t clock;      /* seconds from now that files change at: the kernel's clock has steps */
    bool partial;       /* the last line has no newline yet */
    bool seen;          /* the file was looked at since it was made */
    bool deleted;       /* a file since a look */
    unsigned rotations; /* since a look: rotated files older than that are gone, if they were not read */
};

static unsigned chance(struct play *play, unsigned of)
{
    play->random = play->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(play->random >> 33) % of;
}

static void changed(struct play *play)
{
    tail_changed("x.log", ++play->clock);
}

static void end_line(struct play *play)
{
    if (play->partial) {
        tail_append("x.log", " end\n");
        changed(play);
    }
    play->partial = false;
}

static void write_lines(struct play *play)
{
    char line[64];
    for (unsigned left = chance(play, 40) + 1; left > 0; left--) {
        end_line(play);
        snprintf(line, sizeof line, "line %u%s", play->next++, chance(play, 5) == 0 ? "" : " end\n");
        play->partial = strchr(line, '\n') == NULL;
        tail_append("x.log", line);
    }
    changed(play);
}

static void shift(void)
{
    char from[32], to[32];
    for (unsigned i = KEPT; i > 0; i--)
        for (unsigned packed = 0; packed < 2; packed++) {
            snprintf(from, sizeof from, "x.log.%u%s", i, packed ? ".gz" : "");
            snprintf(to, sizeof to, "x.log.%u%s", i + 1, packed ? ".gz" : "");
            if (access(from, F_OK) == 0)
                tail_move(from, to);
        }
    snprintf(from, sizeof from, "x.log.%u", KEPT + 1);
    (void)unlink(from);
    snprintf(from, sizeof from, "x.log.%u.gz", KEPT + 1);
    (void)unlink(from);
}

/* What is rotated away before anybody looked is lost, and nobody's fault. */
static bool may_rotate(struct play *play)
{
    return access("x.log", F_OK) == 0 && play->rotations < KEPT - 1;
}

static void rotate(struct play *play)
{
    if (!may_rotate(play))
        return;
    if (chance(play, 2) == 0)
        end_line(play);
    shift();
    tail_move("x.log", "x.log.1");
    if (play->partial) { /* whoever writes to it finishes his line */
        tail_append("x.log.1", " end\n");
        tail_changed("x.log.1", ++play->clock);
        play->partial = false;
    }
    play->seen = false;
    play->rotations++;
    write_lines(play);
}

static void copytruncate(struct play *play)
{
    if (!may_rotate(play))
        return;
    end_line(play);
    shift();
    tail_copy("x.log", "x.log.1");
    tail_changed("x.log.1", ++play->clock);
    CHECK_EQ(truncate("x.log", 0), 0);
    changed(play);
    play->rotations++;
    if (chance(play, 2) == 0)
        write_lines(play);
}

static void replace(struct play *play)
{
    if (!play->seen || play->partial)
        return;
    CHECK_EQ(unlink("x.log"), 0);
    play->deleted = true;
    play->seen = false;
    write_lines(play);
}

static void look(struct play *play)
{
    const char *at = tail_drain(&play->rig);
    for (unsigned line; *at != '\0'; play->wanted++) {
        int size = 0;
        CHECK_EQ(sscanf(at, "line %u end\n%n", &line, &size), 1);
        CHECK_EQ(line, play->wanted);
        CHECK(size > 0 && at[size - 1] == '\n');
        at += size;
    }
    CHECK_EQ(play->wanted, play->next - play->partial);
    play->seen = true;
    play->deleted = false;
    play->rotations = 0;
}

static void restart(struct play *play)
{
    if (play->deleted)
        return; /* what wasn't read of it yet only this one can read */
    tail_rig_restart(&play->rig, "x.log");
    play->seen = false; /* it has no descriptor of it any more */
}

/* The queue of events is thrown away. */
static void lose_events(struct play *play)
{
    char bytes[4096];
    const struct inotify_event event = { .wd = -1, .mask = IN_Q_OVERFLOW };
    while (read(play->rig.tail->notify_fd, bytes, sizeof bytes) > 0)
        ;
    wi_tail_event(play->rig.tail, &event);
}

/* A magic number and the content. */
static int unpack(void *arg, int fd, uint64_t skip, int to_fd, weir_tail_unpacked *ret_unpacked)
{
    (void)arg;
    static char bytes[1 << 20];
    const ssize_t got = pread(fd, bytes, sizeof bytes, 3);
    CHECK(got >= 0 && got < (ssize_t)sizeof bytes);
    ret_unpacked->head_size = (size_t)got < WEIR_TAIL_HEAD_BYTES ? (size_t)got : WEIR_TAIL_HEAD_BYTES;
    memcpy(ret_unpacked->head, bytes, ret_unpacked->head_size);
    ret_unpacked->size = (uint64_t)got;
    if (to_fd >= 0 && (size_t)got > skip)
        CHECK_EQ(write(to_fd, bytes + skip, (size_t)got - skip), (ssize_t)((size_t)got - skip));
    return 0;
}

/* A rotated file, some time later. */
static void compress_one(struct play *play)
{
    static const char magic[] = { 0x1f, (char)0x8b, 0x08 };
    char path[32], packed[40];
    struct stat meta;
    snprintf(path, sizeof path, "x.log.%u", chance(play, KEPT) + 1);
    if (stat(path, &meta) < 0)
        return;
    snprintf(packed, sizeof packed, "%s.gz", path);
    char *text = calloc(1, (size_t)meta.st_size + 4);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && text != NULL);
    memcpy(text, magic, sizeof magic);
    CHECK_EQ(read(fd, text + 3, (size_t)meta.st_size), meta.st_size);
    CHECK_EQ(close(fd), 0);
    tail_append(packed, text);
    free(text);
    const struct timespec times[2] = { meta.st_mtim, meta.st_mtim };
    CHECK_EQ(utimensat(AT_FDCWD, packed, times, 0), 0);
    CHECK_EQ(unlink(path), 0);
}

static void act(struct play *play)
{
    static const char *const names[] = { "rotate", "copytruncate", "replace", "restart", "lose", "compress" };
    const unsigned what = chance(play, 12);
    if (getenv("TAIL_TRACE") != NULL)
        fprintf(stderr, "%s, next %u\n", what < 6 ? names[what] : what < 9 ? "look" : "write", play->next);
    switch (what) {
    case 0:
        rotate(play);
        break;
    case 1:
        copytruncate(play);
        break;
    case 2:
        replace(play);
        break;
    case 3:
        restart(play);
        break;
    case 4:
        lose_events(play);
        break;
    case 5:
        if (play->rotations == 0) /* a running follower looks only into those that it has open */
            compress_one(play);
        break;
    case 6:
    case 7:
    case 8:
        look(play);
        break;
    default:
        write_lines(play);
    }
}

static void run_play(uint64_t seed)
{
    static struct play play;
    play = (struct play){ .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };
    tail_rig_init(&play.rig);
    play.rig.options.unpack = unpack;
    play.rig.buffer_size = 64 + chance(&play, 1000);
    write_lines(&play);
    tail_rig_start(&play.rig, "x.log");
    look(&play);
    for (unsigned step = 0; step < STEPS; step++)
        act(&play);
    end_line(&play);
    look(&play);
    tail_rig_fini(&play.rig);
}

static void test_each_line_comes_once_and_in_order(void)
{
    const char *seed = getenv("TAIL_SEED"), *runs = getenv("TAIL_RUNS");
    const uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    const uint64_t count = seed != NULL ? 1 : runs != NULL ? strtoull(runs, NULL, 10) : 12;
    for (uint64_t i = 0; i < count; i++) {
        fprintf(stderr, "TAIL_SEED=%lu\n", (unsigned long)(first + i));
        run_play(first + i);
    }
}

int main(void)
{
    RUN(test_each_line_comes_once_and_in_order);
    return check_done();
}
