/* walk_rules.c - which entries of a directory are in. */
#include "walk_rules.h"

#include <weir/glob.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gitignore.h"

struct walk_rule {
    weir_glob *glob;
    bool base_only;
    bool dirs_only;
};

/* "src/" as a match: all that is below such a directory, as a pattern of its own. */
static int compile_below(const char *dir, size_t len, bool base_only, struct walk_rule *ret_rule)
{
    char *pattern;
    const int pattern_len = asprintf(&pattern, "%s%.*s/**", base_only ? "**/" : "", (int)len, dir);
    if (pattern_len < 0)
        return -ENOMEM;
    *ret_rule = (struct walk_rule){ 0 };
    const int rc = weir_glob_create(pattern, (size_t)pattern_len, 0, &ret_rule->glob);
    free(pattern);
    return rc;
}

static int compile_rule(const char *text, bool is_match, struct walk_rule *ret_rule)
{
    size_t len = strlen(text);
    struct walk_rule rule = { 0 };
    bool anchored = false;
    while (len >= 2 && text[0] == '.' && text[1] == '/') {
        text += 2;
        len -= 2;
        anchored = true;
    }
    while (len > 1 && text[0] == '/') {
        text++;
        len--;
        anchored = true;
    }
    while (len > 1 && text[len - 1] == '/') {
        len--;
        rule.dirs_only = true;
    }
    rule.base_only = !anchored && memchr(text, '/', len) == NULL;
    if (rule.dirs_only && is_match)
        return compile_below(text, len, rule.base_only, ret_rule);
    const int rc = weir_glob_create(text, len, 0, &rule.glob);
    if (rc == 0)
        *ret_rule = rule;
    return rc;
}

static void destroy_rules(struct walk_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weir_glob_destroy(rules[i].glob);
    free(rules);
}

static int compile_rules(struct walk_rules *self, const char *const *texts, size_t count, bool is_match,
                         struct walk_rule **ret_rules)
{
    if (count == 0)
        return 0;
    struct walk_rule *const rules = calloc(count, sizeof *rules);
    if (rules == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const int rc = compile_rule(texts[i], is_match, &rules[i]);
        if (rc < 0) {
            destroy_rules(rules, count);
            return rc;
        }
        self->needs_path |= !rules[i].base_only;
    }
    *ret_rules = rules;
    return 0;
}

int wi_rules_init(struct walk_rules *rules, const weir_walk_rules *given)
{
    *rules = (struct walk_rules){
        .given = *given,
        .match_count = given->match_count,
        .exclude_count = given->exclude_count,
        .needs_stat = given->meta || given->size_min > 0 || given->has_size_max || given->has_newer,
    };
    rules->given.match = NULL;
    rules->given.exclude = NULL;
    int rc = compile_rules(rules, given->match, given->match_count, true, &rules->match);
    if (rc == 0)
        rc = compile_rules(rules, given->exclude, given->exclude_count, false, &rules->exclude);
    if (rc < 0 && rules->match != NULL)
        destroy_rules(rules->match, rules->match_count);
    return rc;
}

void wi_rules_fini(struct walk_rules *rules)
{
    destroy_rules(rules->match, rules->match != NULL ? rules->match_count : 0);
    destroy_rules(rules->exclude, rules->exclude != NULL ? rules->exclude_count : 0);
}

/* A path relative to the root, and where its last component begins. */
struct subject {
    const char *path;
    size_t len;
    size_t base;
};

static bool is_matched_by(const struct walk_rule *rule, const struct subject *subject)
{
    const size_t from = rule->base_only ? subject->base : 0;
    return weir_glob_match(rule->glob, subject->path + from, subject->len - from);
}

static bool is_excluded(const struct walk_rules *rules, const struct subject *subject, bool is_dir)
{
    for (size_t i = 0; i < rules->exclude_count; i++)
        if ((is_dir || !rules->exclude[i].dirs_only) && is_matched_by(&rules->exclude[i], subject))
            return true;
    return false;
}

static bool is_wanted(const struct walk_rules *rules, const struct subject *subject)
{
    for (size_t i = 0; i < rules->match_count; i++)
        if (is_matched_by(&rules->match[i], subject))
            return true;
    return rules->match_count == 0;
}

/* `dir` ends in '/'. */
static bool is_on_the_way(const struct walk_rules *rules, const char *dir, size_t len)
{
    for (size_t i = 0; i < rules->match_count; i++)
        if (rules->match[i].base_only || weir_glob_may_match_below(rules->match[i].glob, dir, len))
            return true;
    return rules->match_count == 0;
}

bool wi_rules_admit(const struct walk_rules *rules, struct walk_place *place, const char *name, size_t len, bool is_dir)
{
    if (rules->given.skip_hidden && name[0] == '.')
        return false;
    if (rules->given.gitignore && len == 4 && memcmp(name, ".git", 4) == 0)
        return false;

    struct subject subject = { name, len, 0 };
    char *const path = place->path;
    if (path != NULL) {
        memcpy(path + place->name_at, name, len);
        subject = (struct subject){ path + place->root_at, place->name_at - place->root_at + len,
                                    place->name_at - place->root_at };
    }
    if (is_excluded(rules, &subject, is_dir))
        return false;
    if (place->ignore != NULL &&
        wi_gitignore_ignores(place->ignore, path, place->name_at + len, place->name_at, is_dir))
        return false;
    if (!is_dir)
        return is_wanted(rules, &subject);
    if (path == NULL)
        return true;
    path[place->name_at + len] = '/';
    return is_on_the_way(rules, subject.path, subject.len + 1);
}

bool wi_rules_admit_root(const struct walk_rules *rules, const char *name, size_t len)
{
    const struct subject subject = { name, len, 0 };
    return !is_excluded(rules, &subject, false) && is_wanted(rules, &subject);
}

bool wi_rules_admit_meta(const struct walk_rules *rules, const weir_file_meta *meta)
{
    const weir_walk_rules *const given = &rules->given;
    return meta->size >= given->size_min && (!given->has_size_max || meta->size <= given->size_max) &&
           (!given->has_newer || meta->mtime_ns > given->newer_ns);
}
