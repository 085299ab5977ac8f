/*
 * node.h - sources, sinks and blocks: stages that do io or run others, and so are async functions and no windows.
 *
 * One is a file pipelines/nodes/NAME.c with a table wp_node_NAME, and a line in
 * nodes.def. Its options are in the table like any stage's; what they were set to
 * it asks its plan node.
 */
#ifndef WP_NODE_H
#define WP_NODE_H

#include "run/run.h"

/* A port in a set that has WEIR_NONE in it, too: that feeds sources. */
#define NODE_FED_BY(port) (1u << (port))

struct rows_ops;

/* What of a node outlives the run where that has a journal: see run/checkpoint.h. */
enum node_keeps {
    KEEPS_UNKNOWN = 0, /* it has something and can't: no --state with it */
    KEEPS_NOTHING,     /* it works on each parcel for itself */
    KEEPS_STATE,       /* what it has seen so far */
    KEEPS_POSITION,    /* a source that goes on where it was */
    KEEPS_OUTPUT,      /* a sink that is cut to what it had */
    KEEPS_NO_POSITION, /* a source that can't: what was under way is lost */
    KEEPS_NO_OUTPUT,   /* a sink that can't: what came since the last checkpoint comes again */
};

/* What a node reaches beside what flows: a set of these. A source or a sink of which none is said isn't known. */
enum node_touches {
    TOUCHES_NOTHING = 1,        /* of a source or a sink: memory and the standard streams */
    TOUCHES_PATHS = 1 << 1,     /* it reads the files, trees and patterns of its `path`, or of its list, `from` */
    TOUCHES_BESIDE = 1 << 2,    /* and what lies beside those files */
    TOUCHES_LISTED = 1 << 3,    /* it gives files that the one in its `path` lists */
    TOUCHES_FILE = 1 << 4,      /* it reads its `file` */
    TOUCHES_OUTPUT = 1 << 5,    /* it makes its `path` */
    TOUCHES_NAMES = 1 << 6,     /* it removes the files that flow to it */
    TOUCHES_LINKS = 1 << 9,     /* if its `action` says so, they become links to each other, or go */
    TOUCHES_TEMPORARY = 1 << 7, /* it has files without names, in $TMPDIR or /tmp */
    TOUCHES_ADDRESS = 1 << 8,   /* it listens at its `address` */
    TOUCHES_PEER = 1 << 10,     /* it connects to its `address`, and keeps what it sends in its `spool` */
};

struct node_type {
    weir_stage stage; /* without open, step, close */
    const char *runs; /* half a sentence: what of it waits, runs inline or on a lane; for weir explain */
    /* Spawns what runs the node into `set`: a task that resolves to an int, 0 or a negative errno. NULL: its `rows`. */
    int (*spawn)(struct run_node *node, weir_join_set *set);
    /* May be NULL. Why an option can't be set to this, where its type allows it: a line; or NULL. */
    const char *(*refuses)(const struct setting *setting);
    /* May be NULL. Of several kinds that its stage gives: which, by its settings. */
    weir_port (*gives)(const struct plan_node *node);
    /*
     * May be NULL: it is these and no more, and works on each batch for itself, with a state of its own for each
     * thread, or is wide. Then it may be run together with its neighbours: bundle.h.
     */
    const struct rows_ops *rows;
    enum node_keeps keeps;
    enum node_keeps (*keeps_as)(const struct plan_node *node); /* May be NULL. What it keeps goes by its settings. */
    /* May be NULL. What is promised of each record, if there is more to say of it with these settings: a line; or NULL.
     */
    const char *(*promises)(const struct plan_node *node);
    /* May be NULL. Why it can't be in a run with a journal with these options, half a sentence behind its name; or
     * NULL. */
    const char *(*unkept)(const struct plan_node *node);
    bool parallel;    /* it knows @par and @order */
    bool wide;        /* that, and without a word about @par it runs on all cores: the order of its input is all one */
    bool holds;       /* it collects rows or what it makes of them: it has a share of the memory, wp_run_held_bytes() */
    bool drops;       /* it knows @onerror=fail|drop */
    bool rejects;     /* and dead(NAME), by wp_reject() */
    bool whole_files; /* it knows it of files, too: what fails is all that was to be done for one */
    uint8_t times;    /* it knows @timeout where it is fed by one of these: NODE_FED_BY(port)s */
    uint8_t retries;  /* it knows @retry, likewise */
    bool forks;       /* its blocks are branches, fed by it in the same run: node->branches */
    bool passes;      /* it hands on the chunks it gets */
    bool bare;        /* the records that it gives have a line and no fields */
    bool merges;      /* it is fed by the pipelines that its `from` names: node->feeds */
    bool orders;      /* it knows @order=in|any without @par */
    unsigned touches; /* node_touches */
};

/* Of a stage that is no node: KEEPS_NOTHING if it begins anew at each mark, else KEEPS_UNKNOWN. */
enum node_keeps wp_node_keeps(const struct plan_node *node);

/* For `refuses`: is the path a field of the record itself, .a and neither .a.b nor .? */
static inline bool wp_is_own_field(const struct expr *path)
{
    return path->steps != NULL && path->steps->name != NULL && path->steps->next == NULL;
}

/* NULL: it is a transform. What a stage of windows does with files is a node, too. */
const struct node_type *wp_node_type_of(const weir_stage *stage, weir_port in);

#endif
