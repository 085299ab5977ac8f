/* walk_rules.h - the rules of a walk, compiled, and the question they answer. */
#ifndef WI_WALK_RULES_H
#define WI_WALK_RULES_H

#include <weir/walk.h>

struct gitignore;
struct walk_rule;

struct walk_rules {
    weir_walk_rules given; /* match and exclude are NULL in it */
    struct walk_rule *match;
    struct walk_rule *exclude;
    size_t match_count;
    size_t exclude_count;
    bool needs_path; /* some pattern looks at more than a name */
    bool needs_stat;
};

/*
 * Where entries are judged: a buffer that holds "<outer><dir>", to which each
 * name is added in turn. `outer` names the root relative to the repository that
 * it lies in (empty without gitignore), `dir` the directory relative to the root.
 */
struct walk_place {
    const struct gitignore *ignore;
    char *path; /* room for the longest name and two bytes more; NULL when neither rules nor ignore files need it */
    size_t root_at;
    size_t name_at;
};

int wi_rules_init(struct walk_rules *rules, const weir_walk_rules *given);
void wi_rules_fini(struct walk_rules *rules);

/* By its name and path alone. A directory that nothing below `match` can be in is out too. */
bool wi_rules_admit(const struct walk_rules *rules, struct walk_place *place, const char *name, size_t len,
                    bool is_dir);

/* The same for a file that the user named: hidden and ignored ones are in. */
bool wi_rules_admit_root(const struct walk_rules *rules, const char *name, size_t len);

/* By what stat(2) says of a file. */
bool wi_rules_admit_meta(const struct walk_rules *rules, const weir_file_meta *meta);

#endif
