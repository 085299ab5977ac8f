/*
 * hash.c - stage "hash": the digests of the stream, as one line of JSON.
 *
 *     {"size":1048576,"xxh128":"9d8c…"}
 *
 * The line is the record that `hash` gives for a stream of bytes, spelled as
 * `to json` spells it. Where the stage behind takes no bytes the plan has
 * `lines | json` between them, which make it one.
 */
#include <weir/digest.h>
#include <weir/stage.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    FIELD_NAME_MAX = 64,
    /* ,"name":"hex" for each algorithm, and the size in front */
    LINE_MAX_SIZE = 64 + WEIR_HASHER_ALGOS_MAX * (FIELD_NAME_MAX + 6 + 2 * WEIR_DIGEST_SIZE_MAX),
};

struct hash {
    weir_opt_list algos;
    const char *as;
    int64_t head;

    weir_hasher hasher;
    uint64_t size; /* of what was digested */
    size_t line_size, line_pos;
    char line[LINE_MAX_SIZE];
};

static const weir_opt hash_opts[] = {
    { "algo", "the digests to compute, all in one read", WEIR_OPT_LIST, offsetof(struct hash, algos),
      .def_text = "xxh128", .choices = weir_digest_names, .positional = true },
    { "as", "the field a single digest goes to, instead of its algorithm's name", WEIR_OPT_FIELD,
      offsetof(struct hash, as), .def_text = NULL, .intro = "as" },
    { "head", "only the first bytes of the stream; 0 is all of it", WEIR_OPT_SIZE, offsetof(struct hash, head),
      .min = 0, .max = INT64_MAX },
    { 0 },
};

/* A name that needs no escape in JSON, so that the line can be written as it is. */
static bool is_plain_name(const char *name)
{
    const size_t size = strlen(name);
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == '"' || name[i] == '\\' || (unsigned char)name[i] >= 0x7f)
            return false;
    return size > 0 && size <= FIELD_NAME_MAX;
}

static int hash_open(void *state, weir_flow *flow)
{
    struct hash *self = state;
    const weir_digest_algo *algos[WEIR_HASHER_ALGOS_MAX];
    const size_t count = self->algos.count;

    if (count == 0 || count > WEIR_HASHER_ALGOS_MAX)
        return weir_flow_fail(flow, -EINVAL, "takes 1 to %d algorithms, not %zu", WEIR_HASHER_ALGOS_MAX, count);
    if (self->as != NULL && count != 1)
        return weir_flow_fail(flow, -EINVAL, "'as' names one digest, but there are %zu algorithms", count);
    if (self->as != NULL && !is_plain_name(self->as))
        return weir_flow_fail(flow, -EINVAL, "'as' takes a plain field name of at most %d bytes", FIELD_NAME_MAX);
    for (size_t i = 0; i < count; i++) {
        algos[i] = weir_digest_find(self->algos.items[i]);
        for (size_t j = 0; j < i; j++)
            if (algos[j] == algos[i])
                return weir_flow_fail(flow, -EINVAL, "%s is given twice", algos[i]->name);
    }

    const int error = weir_hasher_init(&self->hasher, algos, count);
    if (error == -ENOTSUP)
        return weir_flow_fail(flow, error, "this system's libcrypto lacks one of the algorithms");
    if (error != 0)
        return weir_flow_fail(flow, error, "no memory for the digests");
    flow->ns_per_kib = weir_hasher_ns_per_kib(&self->hasher);
    return 0;
}

static int write_line(struct hash *self, weir_flow *flow)
{
    weir_digest digests[WEIR_HASHER_ALGOS_MAX];
    const int error = weir_hasher_final(&self->hasher, digests);
    if (error != 0)
        return weir_flow_fail(flow, error, "libcrypto failed");

    char *at = self->line;
    const char *const end = self->line + sizeof self->line;
    at += snprintf(at, (size_t)(end - at), "{\"size\":%" PRIu64, self->size);
    for (size_t i = 0; i < self->hasher.count; i++) {
        const weir_digest_algo *algo = self->hasher.algos[i];
        at += snprintf(at, (size_t)(end - at), ",\"%s\":\"", self->as != NULL ? self->as : algo->name);
        weir_digest_hex(digests[i].bytes, algo->digest_size, at);
        at += 2 * algo->digest_size;
        *at++ = '"';
    }
    *at++ = '}';
    *at++ = '\n';
    self->line_size = (size_t)(at - self->line);
    return 0;
}

static int hash_step(void *state, weir_flow *flow)
{
    struct hash *self = state;

    if (self->line_size == 0) {
        size_t count = flow->in_size - flow->in_pos;
        bool ends = flow->in_last;
        if (self->head > 0 && (uint64_t)self->head - self->size <= count) {
            count = (size_t)((uint64_t)self->head - self->size);
            ends = true;
        }
        weir_hasher_update(&self->hasher, flow->in + flow->in_pos, count);
        flow->in_pos += count;
        self->size += count;
        if (!ends)
            return WEIR_WANT_INPUT;

        const int error = write_line(self, flow);
        if (error != 0)
            return error;
    }
    self->line_pos += weir_flow_put(flow, self->line + self->line_pos, self->line_size - self->line_pos);
    return self->line_pos < self->line_size ? WEIR_WANT_OUTPUT : WEIR_WANT_NOTHING;
}

static int hash_reset(void *state, weir_flow *flow)
{
    struct hash *self = state;
    (void)flow;
    weir_hasher_reset(&self->hasher);
    self->size = 0;
    self->line_size = self->line_pos = 0;
    return 0;
}

static void hash_close(void *state)
{
    struct hash *self = state;
    weir_hasher_fini(&self->hasher);
}

const weir_stage weir_stage_hash = {
    .name = "hash",
    .summary = "the digests of the stream, as a record or a line of JSON; of each file, as fields",
    .in = WEIR_BYTES | WEIR_FILES,
    .out = WEIR_BYTES | WEIR_FILES,
    .cost = WEIR_CPU_LIGHT,
    .state_size = sizeof(struct hash),
    .opts = hash_opts,
    .open = hash_open,
    .step = hash_step,
    .reset = hash_reset,
    .close = hash_close,
};
