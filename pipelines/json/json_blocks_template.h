/*
 * json_blocks_template.h - the first pass, compiled once for each instruction set.
 *
 * Who includes it has defined BLOCKS_CALL, the name of the function, and
 * `static struct bitmaps classify(const char *block)` and
 * `static uint64_t xor_of_all_below(uint64_t bits)`, the bit itself included.
 */
/* Those that follow a backslash that isn't itself escaped: runs of odd length end with one that counts. */
static inline uint64_t find_escaped(struct json_blocks *self, uint64_t backslash)
{
    const uint64_t even = UINT64_C(0x5555555555555555);
    if (backslash == 0) {
        const uint64_t escaped = self->escaped;
        self->escaped = 0;
        return escaped;
    }
    self->has_backslash = true;
    backslash &= ~self->escaped;
    const uint64_t follows = backslash << 1 | self->escaped;
    const uint64_t odd_starts = backslash & ~even & ~follows;
    unsigned long long on_even;
    self->escaped = __builtin_uaddll_overflow(odd_starts, backslash, &on_even) ? 1 : 0;
    return (even ^ (uint64_t)on_even << 1) & follows;
}

static inline size_t put_places(uint64_t bits, uint32_t base, uint32_t *places)
{
    const size_t count = (size_t)__builtin_popcountll(bits);
    for (; bits != 0; bits &= bits - 1)
        *places++ = base + (uint32_t)__builtin_ctzll(bits);
    return count;
}

static inline void look_at_block(struct json_blocks *self, const char *block, size_t base, uint32_t *places)
{
    const struct bitmaps maps = classify(block);
    const uint64_t quote = maps.quote & ~find_escaped(self, maps.backslash);
    const uint64_t in_string = xor_of_all_below(quote) ^ self->in_string; /* with the opening quote */
    self->in_string = 0 - (in_string >> 63);
    self->has_high |= maps.high != 0;

    const uint64_t control = maps.control & in_string;
    if (control != 0 && !self->has_control) {
        self->has_control = true;
        self->control_at = base + (size_t)__builtin_ctzll(control);
    }
    const uint64_t scalar = ~(maps.mark | maps.blank | quote | in_string);
    const uint64_t begins = scalar & ~(scalar << 1 | self->in_scalar);
    self->in_scalar = scalar >> 63;
    self->count += put_places((maps.mark & ~in_string) | quote | begins, (uint32_t)base, places + self->count);
}

void BLOCKS_CALL(struct json_blocks *self, const char *text, size_t size, size_t base, uint32_t *places)
{
    struct json_blocks state = *self;
    for (size_t at = 0; at < size; at += JSON_BLOCK)
        look_at_block(&state, text + at, base + at, places);
    *self = state;
}
