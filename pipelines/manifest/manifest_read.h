/*
 * manifest_read.h - inside the reader of manifests: one line at a time.
 *
 * manifest_read.c cuts the stream into lines and asks the parsers below in
 * turn. A parser says whose the line is, and never looks outside of it.
 */
#ifndef MANIFEST_READ_H
#define MANIFEST_READ_H

#include <weir/manifest.h>

enum { CSV_COLUMNS_MAX = 64 };

enum csv_kind { CSV_IGNORED, CSV_PATH, CSV_SIZE, CSV_DIGEST };

enum csv_state { CSV_FIELD_BEGINS, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE_CLOSED };

struct csv_column {
    enum csv_kind kind;
    const weir_digest_algo *algo;
};

struct weir_manifest_reader {
    const weir_digest_algo *algo_hint; /* what the caller says, */
    const weir_digest_algo *name_hint; /* what the manifest's name says */
    size_t line_size_max;

    const char *at, *end; /* the window, what is left of it */
    bool last;

    weir_text carry;          /* the beginning of a line that lies across windows */
    bool carry_is_done;       /* it was given out with the last line */
    bool skipping;            /* the line is too long: its end is all we want of it */
    enum csv_state csv_state; /* csv: a line break in quotes is none */
    uint64_t line_next;       /* number of the line to come */
    uint64_t line_breaks;     /* csv: those within quotes so far in this line */

    /* What the manifest has shown itself to be. */
    bool zero, zero_known;
    bool started;          /* past blank lines and comments: too late for a header */
    bool is_sfv;           /* by its name or a ';' comment */
    bool has_sums;         /* a gnu, bsd or json line: no sfv then */
    bool separator_known;  /* gnu: "hex  name", or BSD's reversed "hex name" */
    bool separator_single; /* the latter */
    size_t csv_count;      /* columns; 0: not csv */
    struct csv_column csv[CSV_COLUMNS_MAX];

    size_t guess_digits; /* the last guess, which is nearly always the next one too */
    const weir_digest_algo *guess;
    bool guess_is_open;

    weir_text name;  /* of the entry */
    weir_text value; /* a field being decoded */
};

/* What a parser makes of a line, besides WEIR_MANIFEST_ENTRY, WEIR_MANIFEST_BAD (reason set) and a negative errno. */
enum { LINE_OTHER = 16 /* not of this format */ };

int wi_manifest_parse_sums(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry);
int wi_manifest_parse_sfv(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry);
int wi_manifest_parse_json(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry);
int wi_manifest_parse_csv(weir_manifest_reader *self, const char *line, size_t size, weir_manifest_entry *entry);

/* Takes a first line for csv's header if it is one. Returns true, or false, or -ENOMEM. */
int wi_manifest_take_csv_header(weir_manifest_reader *self, const char *line, size_t size);

/* The algorithm of `digits` hex digits, from the hints or the most likely; NULL: none has so many. */
const weir_digest_algo *wi_manifest_guess(weir_manifest_reader *self, size_t digits, bool *ret_guessed);

static inline int wi_manifest_bad(weir_manifest_entry *entry, const char *reason)
{
    entry->reason = reason;
    return WEIR_MANIFEST_BAD;
}

/* Adds a digest to the entry. */
int wi_manifest_add_digest(weir_manifest_entry *entry, const weir_digest_algo *algo, const char *hex, size_t digits);

static inline bool wi_is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

/* The size of a file in decimal digits and nothing else. Returns 0 or -EINVAL. */
int wi_manifest_parse_size(const char *text, size_t size, int64_t *ret_size);

#endif
