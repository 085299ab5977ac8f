/* dup_action.c - one file in place of several. */
#include "hash/dup_action.h"

#include <string.h>

#include "hash/state_line.h"
#include "run/same_file.h"

struct dup_act {
    const struct dup_files *files;
    const weir_dups_options *options;
    weir_text *out;
};

static struct seen_file seen(const struct dup_files *files, uint32_t i)
{
    return (struct seen_file){ wp_dup_path(files, i), files->files[i].meta };
}

/* Of those on the device of `from`, the one that stays. */
static uint32_t choose(const struct dup_act *self, uint32_t from)
{
    const struct dup_file *files = self->files->files;
    uint32_t best = from;
    for (uint32_t i = from; i != DUP_NONE && self->options->keep != WEIR_DUPS_FIRST; i = files[i].next) {
        if (files[i].meta.dev != files[from].meta.dev || files[i].link_of != DUP_NONE)
            continue;
        const int64_t time = files[i].meta.mtime_ns, other = files[best].meta.mtime_ns;
        if (self->options->keep == WEIR_DUPS_OLDEST ? time < other : time > other)
            best = i;
    }
    return best;
}

static int make_one(weir_dups_action action, const struct seen_file *kept, const struct seen_file *other)
{
    const int error = wp_same_content(kept, other);
    if (error < 0)
        return error;
    switch (action) {
    case WEIR_DUPS_HARDLINK:
        return wp_same_hardlink(kept, other);
    case WEIR_DUPS_REFLINK:
        return wp_same_reflink(kept, other);
    case WEIR_DUPS_DELETE:
        return wp_same_delete(other);
    case WEIR_DUPS_REPORT:
        break;
    }
    return 0;
}

static int deal_with(const struct dup_act *self, uint32_t kept, uint32_t other)
{
    static const struct state_words words[] = { [WEIR_DUPS_HARDLINK] = { ": LINKED to ", "hardlinked" },
                                                [WEIR_DUPS_REFLINK] = { ": SHARED with ", "reflinked" },
                                                [WEIR_DUPS_DELETE] = { ": DELETED, as is ", "deleted" } };
    const weir_hash_options *hash = &self->options->hash;
    weir_dups_counters *counters = self->options->counters;
    const struct seen_file a = seen(self->files, kept), b = seen(self->files, other);
    const int error = make_one(self->options->action, &a, &b);
    if (error < 0) {
        hash->counters->errors++;
        if (hash->on_error != NULL)
            hash->on_error(hash->hook_arg, b.path, strlen(b.path), error == -EILSEQ ? -EUCLEAN : error);
        return 0;
    }
    counters->done++;
    counters->done_bytes += b.meta.nlink > 1 ? 0 : b.meta.size; /* its other names keep it */
    return wp_state_line(self->out, wp_state_format(hash->format), b.path, strlen(b.path),
                         &words[self->options->action], a.path, strlen(a.path));
}

/* Those of the group on the device of `from`, which is the first there. */
static int act_on_device(const struct dup_act *self, uint32_t from)
{
    const struct dup_file *files = self->files->files;
    const uint32_t kept = choose(self, from);
    int error = 0;
    for (uint32_t i = from; error == 0 && i != DUP_NONE; i = files[i].next)
        if (i != kept && files[i].meta.dev == files[from].meta.dev && files[i].meta.ino != files[kept].meta.ino)
            error = deal_with(self, kept, i);
    return error;
}

static bool is_first_on_device(const struct dup_files *files, const struct dup_group *group, uint32_t i)
{
    for (uint32_t k = group->first; k != i; k = files->files[k].next)
        if (files->files[k].meta.dev == files->files[i].meta.dev)
            return false;
    return true;
}

int wp_dup_act(const struct dup_files *files, const weir_dups_options *options, const weir_job *cancel, weir_text *out)
{
    const struct dup_act self = { files, options, out };
    const weir_manifest_format format = options->hash.format;
    int error = wp_state_head(out, wp_state_format(format));
    for (uint32_t g = 0; error == 0 && g < files->group_count; g++) {
        const struct dup_group *group = &files->groups[g];
        if (weir_job_cancelled(cancel))
            return -ECANCELED;
        for (uint32_t i = group->first; error == 0 && group->files > 1 && i != DUP_NONE; i = files->files[i].next)
            if (is_first_on_device(files, group, i))
                error = act_on_device(&self, i);
    }
    return error;
}
