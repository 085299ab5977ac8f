/*
 * record.h - what stands in a journal: checkpoints, and files that were opened since.
 *
 * The file begins with the 16 bytes "weir journal 1\n\0". A record is
 *
 *     16   bytes XXH3-128 of all that follows, big-endian as xxhsum prints it
 *     u32  0x43455257, which reads "WREC"
 *     u32  kind: 1 checkpoint, 2 opening
 *     u64  size of its body
 *     u64  its number in the journal, each one above the one before
 *     ...  body
 *
 *     checkpoint  u64 number of the checkpoint, u64 ns since 1970, u8 flags (1: the pipeline has ended), 16 bytes
 * digest of the plan, u32 entries, and for each entry u8 what it keeps (enum record_keeps), 16 bytes digest of the
 * stage's options, u32 n, n bytes name, u32 n, n bytes stage, u32 n, n bytes items (items.h) opening     u64 number of
 * the checkpoint that it comes behind, u8 flags (1: the file is new), u64 its size then, u32 n, n bytes path, u32 n, n
 * bytes name of who writes to it
 *
 * All numbers but digests are little-endian.
 */
#ifndef WP_RECORD_H
#define WP_RECORD_H

#include "journal/items.h"

#define JOURNAL_MAGIC "weir journal 1\n" /* with its NUL */
#define JOURNAL_HEAD_BYTES 16
#define RECORD_HEAD_BYTES 40
#define RECORD_DIGEST_BYTES 16

enum record_kind { RECORD_CHECKPOINT = 1, RECORD_OPENING = 2 };
enum record_keeps { RECORD_STATE = 1, RECORD_POSITION = 2, RECORD_OUTPUT = 3 };

struct record_digest {
    unsigned char bytes[RECORD_DIGEST_BYTES];
};

struct record_entry {
    enum record_keeps keeps;
    struct record_digest options;
    struct item_name name, stage;
    struct item_reader items; /* they are whole */
};

/* A record that was read; what it points to is the file's text. */
struct record {
    enum record_kind kind;
    uint64_t number; /* in the journal */
    uint64_t offset; /* of the record in the file */
    struct item_name body;
    uint64_t checkpoint;
    /* of a checkpoint */
    uint64_t time_ns;
    bool ended;
    struct record_digest plan;
    uint32_t entries;
    struct item_reader rest; /* for wp_record_entry(), copied by who reads them */
    /* of an opening */
    bool is_new;
    uint64_t size;
    struct item_name path, name;
};

/*
 * The record at `offset` of a journal's text. 1, and the offset behind it; 0: the text ends there; -EBADMSG: there is
 * none, or it isn't whole in all its parts.
 */
int wp_record_read(const struct item_name *text, uint64_t offset, struct record *ret_record, uint64_t *ret_behind);
/* The next entry of a checkpoint: 1; or 0, there is none; -EBADMSG: it isn't whole, which wp_record_read() has found.
 */
int wp_record_entry(struct item_reader *rest, struct record_entry *ret_entry);

/* --- making one: a head, the body, and the end, which fills in size and digest -------------------------------------
 */

/* All return 0 or -ENOMEM. `text` begins with the record. */
WEIR_MUST_USE int wp_record_begin(weir_text *text, enum record_kind kind);
struct record_head {
    uint64_t checkpoint, time_ns;
    bool ended;
    struct record_digest plan;
    uint32_t entries;
};
WEIR_MUST_USE int wp_record_put_head(weir_text *text, const struct record_head *head);
WEIR_MUST_USE int wp_record_put_entry(weir_text *text, const struct record_entry *entry);
WEIR_MUST_USE int wp_record_put_opening(weir_text *text, const struct record *opening);
void wp_record_end(weir_text *text, uint64_t number);

/* XXH3-128. */
struct record_digest wp_record_digest(const void *data, size_t size);

#endif
