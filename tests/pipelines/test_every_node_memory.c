/*
 * test_every_node_memory.c - memory that a node can't have: of small pipelines, which together have each source, sink
 * and stage without a step() in them, each request fails in turn, and all from there on. It is told, or done without;
 * no output is half of what it is to be, and nothing stays behind. Stages with a step(): test_every_stage_memory.
 *
 * WRAPS: fsync fdatasync malloc calloc realloc aligned_alloc posix_memalign free mmap munmap pthread_create
 * WRAPS: strdup strndup realpath asprintf
 * WITH: node_peer.c
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>
#include <weir/pipeline.h>

#include "fail_alloc.h"
#include "io_runtime.h"
#include "node_peer.h"
#include "temp_tree.h"

/* A commit waits for the disk: thousands of them need not. */
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}
int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}

enum { LINES = 24, OUTPUTS_MAX = 8, OUTPUT_MAX = 16 << 10, NODES_MAX = 128 };

/* What it writes lies in out/, and so does what it prints. */
struct node_case {
    const char *name;
    const char *text;
    const char *state; /* its directory, or NULL */
    enum node_peer_kind peer;
    unsigned workers; /* 0: current-thread, which what blocks in place can't have */
    bool takes_inputs;
    bool grows;       /* outputs are as they come: on failure they have a beginning of all */
    bool any_trouble; /* it may go on without one of its files, and say so */
};

static const struct node_case cases[] = {
    { .name = "json",
      .text =
          "read \"in/log\" | lines | json | where upper(.s) =~ /3/ | set .m = upper(.s) | rename .key = .k | drop .n | "
          "keep .m,.key,.s | to json | write \"out/got\" atomic verify" },
    { .name = "rows",
      .text = "read \"in/log\" | lines | json | dedupe .k | sort .k desc | head 5 | last 3 | sample 1/1 | "
              "redact email | fail-if upper(.s) == \"X\" | to csv header | write \"out/got\" sparse mode=0640" },
    { .name = "groups",
      .text = "read \"in/log\" | lines | json | tee { count by .k | to json | write \"out/count\" } { stats sum(.n), "
              "p50(.n) by .k | to tsv | write \"out/stats\" } { top 3 .k | to logfmt | write \"out/top\" } | null" },
    { .name = "windows",
      .text = "read \"in/log\" | lines | json | tee { count by .s every 5s time=.t late=1s | sort .s | to json | write "
              "\"out/count\" } { dedupe .s | sort .s | lookup \"in/keys.csv\" on .s key=.word | to json | write "
              "\"out/got\" } { where true @par=2 @order=key(.s) | sort .n | to raw | write \"out/keyed\" }" },
    { .name = "parsers",
      .text =
          "read \"in/log\" | lines | multiline start=/^[{]/ | regex /\"k\": \"(?<key>.)\"/ | lookup \"in/keys.csv\" on "
          ".key | to json | write \"out/got\"" },
    { .name = "other parsers",
      .text = "a: read \"in/csv\" | lines | csv | to json | write \"out/csv\" "
              "b: read \"in/kv\" | lines | kv | to json | write \"out/kv\" "
              "c: read \"in/kv\" | lines | logfmt | to msgpack | write \"out/logfmt\" "
              "d: read \"in/combined\" | lines | combined | to json | write \"out/combined\" "
              "e: read \"in/syslog\" | lines | syslog | to json | write \"out/syslog\"" },
    { .name = "route",
      .text = "read \"in/log\" | lines | json | route { upper(.s) =~ /3/ -> { to raw | write \"out/small\" } else -> { "
              "to raw | "
              "write \"out/large\" } }" },
    { .name = "merge",
      .text = "a: generate kind=json size=2KiB | lines b: stdin | lines c: merge a, b | to raw | write \"out/got\"" },
    { .name = "dead",
      .text = "read \"in/log\" | lines | json | where int!(.s) > 0 @onerror=dead(bad) | to raw | write \"out/got\" "
              "dead bad -> to json | write \"out/bad\"" },
    { .name = "par",
      .text = "read \"in/log\" block=1KiB | lines | json @par=2 | where .n > 1 @par=2 @order=any | count | to json | "
              "write \"out/got\"" },
    { .name = "pieces",
      .text = "read \"in/log\" block=1KiB | zstd level=1 frames @par=2 | unzstd @par=2 | write \"out/got\"" },
    { .name = "rotate",
      .text = "read \"in/log\" block=1KiB | lines | to raw | write \"out/got\" rotate=1KiB",
      .any_trouble = true },
    { .name = "append", .text = "read \"in/log\" | lines | to raw | write \"out/got\" append", .grows = true },
    { .name = "print", .text = "read \"in/log\" | lines | json | print \"{.n} {.k}\" | null", .grows = true },
    { .name = "manifest", .text = "files \"in\" | hash xxh3 | write \"out/manifest\"", .any_trouble = true },
    { .name = "check",
      .text = "manifest \"in/tree.xxh64\" | check | where .state != \"ok\" | print \"{.path} {.state}\"",
      .grows = true,
      .any_trouble = true },
    { .name = "dups",
      .text = "files \"in/tree\" | group .size > 1 | hash xxh3 as .h | group .size,.h > 1 | dups | null",
      .grows = true,
      .any_trouble = true },
    { .name = "each",
      .text = "files \"in/tree\" | each { read | tee { hash xxh64 | null } | gzip | gunzip | write \"out/{.stem}\" "
              "keep=mtime,mode } @par=2 | remove source",
      .takes_inputs = true,
      .any_trouble = true },
    { .name = "tail",
      .text = "tail \"in/log\" start=begin poll=1ms | head 24 | to raw | write \"out/got\"",
      .any_trouble = true },
    { .name = "state",
      .text = "read \"in/log\" block=1KiB | lines | json | dedupe .n | to raw | write \"out/got\"",
      .state = "out/st",
      .grows = true },
    { .name = "listen",
      .text = "listen \"unix:in/sock\" peer=.from | to raw | write \"out/got\"",
      .peer = PEER_WRITES,
      .any_trouble = true },
    { .name = "datagrams",
      .text = "listen \"unixgram:in/sock\" | to raw | write \"out/got\"",
      .peer = PEER_POSTS,
      .any_trouble = true },
    { .name = "send",
      .text = "read \"in/log\" block=1KiB | lines | send \"unix:in/sock\"",
      .peer = PEER_TAKES,
      .grows = true,
      .any_trouble = true },
    { .name = "spool",
      .text = "read \"in/log\" block=1KiB | lines | json | send \"unix:in/sock\" format=raw spool=\"out/spool\"",
      .peer = PEER_TAKES,
      .workers = 2,
      .grows = true,
      .any_trouble = true },
};
#define CASES (sizeof cases / sizeof cases[0])

static struct temp_tree tree;
static char covered[NODES_MAX];

/* --- the directory -------------------------------------------------------------------------------------- */

static void make_inputs(void)
{
    char log[4096];
    size_t size = 0;
    temp_tree_clear(&tree);
    for (int i = 0; i < LINES; i++)
        size += (size_t)snprintf(
            log + size, sizeof log - size,
            "{\"n\": %d, \"k\": \"%c\", \"s\": \"caf\\u00e9 %d@example.org\", \"t\": \"2026-03-01T12:00:%02dZ\"}\n", i,
            "abcdefg"[i % 7], i * 7, i);
    temp_tree_file(&tree, "in/log", log);
    temp_tree_file(&tree, "in/keys.csv", "key,word\na,one\nb,two\n");
    temp_tree_file(&tree, "in/csv", "a,b\n1,\"x, y\"\n2,z\n");
    temp_tree_file(&tree, "in/kv", "a=1 b=\"x y\"\na=2 b=z\n");
    temp_tree_file(&tree, "in/combined",
                   "192.0.2.7 - - [01/Mar/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 10 \"-\" \"c\"\n");
    temp_tree_file(&tree, "in/syslog", "<34>1 2026-03-01T12:00:00Z host app 1 id - words\n");
    temp_tree_file(&tree, "in/tree/one", "the same");
    temp_tree_file(&tree, "in/tree/two", "the same");
    temp_tree_file(&tree, "in/tree/three", "another");
    temp_tree_file(&tree, "in/tree.xxh64", "0000000000000000  in/tree/one\n0000000000000000  in/tree/two\n");
    temp_tree_dir(&tree, "out");
}

static int remove_one(const char *path, const struct stat *meta, int kind, struct FTW *at)
{
    (void)meta, (void)kind;
    return at->level == 0 ? 0 : remove(path);
}

/* As it was before any run. Inputs are made anew only if one may have taken them away. */
static void begin_anew(const struct node_case *one)
{
    if (one->takes_inputs)
        make_inputs();
    CHECK_EQ(nftw("out", remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

struct output {
    char name[64];
    size_t size;
    char data[OUTPUT_MAX];
};

static struct output wanted[OUTPUTS_MAX], got[OUTPUTS_MAX];
static unsigned wanted_count, got_count;

/* What is in out/, but files that hold nothing: one without a name yet isn't there, and printed may be empty. */
static unsigned read_outputs(struct output outputs[OUTPUTS_MAX])
{
    unsigned count = 0;
    DIR *dir = opendir("out");
    CHECK(dir != NULL);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_type == DT_DIR) /* the state, too */
            continue;
        CHECK(count < OUTPUTS_MAX);
        struct output *output = &outputs[count];
        snprintf(output->name, sizeof output->name, "%.63s", entry->d_name);
        const int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
        const ssize_t size = read(fd, output->data, sizeof output->data);
        CHECK(fd >= 0 && size >= 0 && size < OUTPUT_MAX && close(fd) == 0);
        output->size = (size_t)size;
        count += size > 0;
    }
    CHECK_EQ(closedir(dir), 0);
    return count;
}

static void print_outputs(const char *what, const struct output *outputs, unsigned count)
{
    for (const struct output *output = outputs; output < outputs + count; output++)
        fprintf(stderr, "%s: %s, %zu bytes:\n%.*s\n", what, output->name, output->size, (int)output->size,
                output->data);
}

static const struct output *find_output(const struct output *outputs, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(outputs[i].name, name) == 0)
            return &outputs[i];
    return NULL;
}

/* --- a run ---------------------------------------------------------------------------------------------- */

struct result {
    int error;
    uint64_t troubles;
    char *why; /* the caller's, or NULL */
    long requests;
};

static void note_nodes(const weir_pipeline *pipeline)
{
    const weir_stage *stage;
    weir_pipeline_stage done;
    for (size_t i = 0; (stage = weir_catalogue_at(i)) != NULL; i++)
        for (size_t at = 0; weir_pipeline_stage_at(pipeline, at, &done) == 0; at++)
            covered[i] |= strcmp(done.name, stage->name) == 0;
}

/* Standard input is in/log, standard output out/printed. */
static void open_standard(int kept[2])
{
    fflush(NULL);
    for (int fd = 0; fd < 2; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        const int file = open(fd == 0 ? "in/log" : "out/printed", fd == 0 ? O_RDONLY : O_WRONLY | O_CREAT, 0600);
        CHECK(kept[fd] >= 0 && file >= 0 && dup2(file, fd) == fd && close(file) == 0);
    }
}

static void close_standard(const int kept[2])
{
    for (int fd = 0; fd < 2; fd++)
        CHECK(dup2(kept[fd], fd) == fd && close(kept[fd]) == 0);
}

static int run_pipeline(const struct node_case *one, weir_pipeline *pipeline, weir_runtime *runtime)
{
    const weir_pipeline_state state = { .dir = one->state, .every_ns = 1, .every_bytes = 1024 };
    weir_text errors = { 0 }, notes = { 0 };
    int output = 0;
    int error = one->state != NULL ? weir_pipeline_keep(pipeline, &state, &errors, &notes) : 0;
    if (error == 0)
        error = weir_block_on(runtime, WEIR_CALL(weir_pipeline_run, .pipeline = pipeline), &output);
    weir_text_fini(&errors);
    weir_text_fini(&notes);
    return error != 0 ? error : output;
}

/* With the nth request refused (0: none), of those that the run makes: its text is known by then, and its runtime is.
 */
static struct result run_it(const struct node_case *one, long nth, bool lasting)
{
    const weir_pipeline_text text = { .name = "test", .data = one->text, .size = strlen(one->text) };
    weir_text errors = { 0 };
    weir_pipeline *pipeline;
    struct io_runtime io;
    struct node_peer peer;
    struct result result;
    int kept[2];
    begin_anew(one);
    const int error = weir_pipeline_create(&text, NULL, 0, &errors, &pipeline);
    if (error != 0)
        fprintf(stderr, "%.*s", (int)errors.size, errors.data);
    CHECK_EQ(error, 0);
    note_nodes(pipeline);
    open_standard(kept);
    node_peer_begin(&peer, one->peer, pipeline);
    CHECK(io_runtime_init(&io, WEIR_IO_EPOLL, one->workers));
    fail_alloc_arm(nth, lasting);
    result.error = run_pipeline(one, pipeline, io.runtime);
    result.requests = fail_alloc_disarm();
    io_runtime_fini(&io);
    node_peer_end(&peer);
    close_standard(kept);
    result.troubles = weir_pipeline_troubles(pipeline);
    result.why = weir_pipeline_error(pipeline) == NULL ? NULL : strdup(weir_pipeline_error(pipeline));
    weir_pipeline_destroy(pipeline);
    return result;
}

/* --- what must hold of it ------------------------------------------------------------------------------- */

/* Each of its lines is one of the whole, in that order. */
static bool has_lines_of(const struct output *output, const struct output *whole)
{
    size_t at = 0;
    for (size_t begin = 0, end; begin < output->size; begin = end) {
        const char *newline = memchr(output->data + begin, '\n', output->size - begin);
        end = newline != NULL ? (size_t)(newline - output->data) + 1 : output->size;
        const char *found = memmem(whole->data + at, whole->size - at, output->data + begin, end - begin);
        if (found == NULL)
            return false;
        at = (size_t)(found - whole->data) + end - begin;
    }
    return true;
}

/* An output is whole or not there; if it grows a beginning of it is; and what a file is missing for was told. */
static bool is_sound(const struct node_case *one, const struct output *output, const struct result *result)
{
    const struct output *whole = find_output(wanted, wanted_count, output->name);
    if (whole == NULL)
        return false;
    if (result->troubles > 0)
        return has_lines_of(output, whole);
    return output->size <= whole->size && memcmp(output->data, whole->data, output->size) == 0 &&
           (output->size == whole->size || one->grows);
}

static bool holds(const struct node_case *one, const struct result *result)
{
    got_count = read_outputs(got);
    bool sound = result->error == 0 || result->error == -ENOMEM || result->error == -EAGAIN;
    for (unsigned i = 0; i < got_count; i++)
        sound &= is_sound(one, &got[i], result);
    if (result->error == 0 && result->troubles == 0)
        for (unsigned i = 0; i < wanted_count; i++) {
            const struct output *output = find_output(got, got_count, wanted[i].name);
            sound &= output != NULL && output->size == wanted[i].size;
        }
    return sound && (result->troubles == 0 || one->any_trouble);
}

static long refuse_each(const struct node_case *one, bool lasting)
{
    const size_t before = fail_alloc_outstanding();
    struct result result;
    long nth = 1;
    for (;; nth += lasting ? 4 : 1) { /* what follows the first is the same for most */
        result = run_it(one, nth, lasting);
        const bool is_right = holds(one, &result);
        if (!is_right || fail_alloc_outstanding() > before + (result.why != NULL))
            fprintf(stderr, "%s: request %ld of %ld refused%s: error %d, %" PRIu64 " troubles, %s\n", one->name, nth,
                    result.requests, lasting ? ", and all that follow" : "", result.error, result.troubles,
                    result.why != NULL ? result.why : "nothing said");
        if (!is_right)
            print_outputs("wanted", wanted, wanted_count);
        if (!is_right)
            print_outputs("there is", got, got_count);
        CHECK(is_right);
        free(result.why);
        if (fail_alloc_outstanding() > before)
            fail_alloc_print();
        CHECK(fail_alloc_outstanding() <= before);
        if (result.requests < nth)
            return result.requests;
    }
}

static void check_case(const struct node_case *one)
{
    struct result result;
    make_inputs();
    for (int i = 0; i < 2; i++) { /* what is made once and kept is there after the first */
        result = run_it(one, 0, false);
        if (result.error != 0)
            fprintf(stderr, "%s: %s\n", one->name, result.why);
        CHECK(result.error == 0 && result.troubles == 0);
    }
    wanted_count = read_outputs(wanted);
    CHECK(wanted_count > 0);
    const long once = refuse_each(one, false);
    (void)refuse_each(one, true);
    printf("   %s: %ld requests\n", one->name, once);
    CHECK(once > 10);
}

static void test_each_request_for_memory_fails_in_turn(void)
{
    const char *only = getenv("CASE");
    for (size_t i = 0; i < CASES; i++)
        if (only == NULL || strcmp(only, cases[i].name) == 0)
            check_case(&cases[i]);
}

/* A new source, sink or stage without a step() wants a place in one of the cases. */
static void test_every_node_is_in_a_case(void)
{
    const weir_stage *stage;
    for (size_t i = 0; (stage = weir_catalogue_at(i)) != NULL; i++) {
        const bool is_here = covered[i] || stage->step != NULL;
        if (!is_here)
            fprintf(stderr, "%s is in no case\n", stage->name);
        CHECK(is_here);
    }
}

int main(void)
{
    temp_tree_init(&tree);
    CHECK_EQ(chdir(tree.path), 0);
    RUN(test_each_request_for_memory_fails_in_turn);
    if (getenv("CASE") == NULL)
        RUN(test_every_node_is_in_a_case);
    CHECK_EQ(chdir("/"), 0);
    temp_tree_fini(&tree);
    return check_done();
}
