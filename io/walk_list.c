/* walk_list.c - lists an open directory and chooses. */
#include "walk_list.h"

#include <dirent.h>
#include <string.h>
#include <sys/types.h>

#include "gitignore.h"
#include "walk_sort.h"

/* Of an entry that is left out: no d_type, and none of ours. */
#define KIND_OUT 0xff

/*
 * Names with a '/' come from a broken or hostile file system only (kernels since 5.5
 * stop them): "../x" in a listing would be the way out of the tree.
 */
static bool is_sound(const char *name, size_t len)
{
    return len > 0 && len <= UINT16_MAX && memchr(name, '/', len) == NULL;
}

static bool is_link_skipped(struct walk_list *self)
{
    if (self->rules->given.follow || self->rules->given.links)
        return false;
    self->links_skipped++;
    return true;
}

static int add_entry(struct walk_list *self, const struct dirent64 *dirent)
{
    const char *const name = dirent->d_name;
    if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)))
        return 0;
    const size_t len = strlen(name);
    if (!is_sound(name, len)) {
        weir_walk_tell(self->node, WEIR_NOTE_UNREADABLE, name, len, -EIO);
        return 0;
    }
    if (dirent->d_type == DT_LNK && is_link_skipped(self))
        return 0;
    if (len == 10 && memcmp(name, ".gitignore", 10) == 0)
        self->has_ignore_file = true;
    if (self->names_len + len + 1 > UINT32_MAX || self->count == UINT32_MAX / 2)
        return -EOVERFLOW;

    struct walk_scratch *const scratch = self->scratch;
    int rc = wi_scratch_reserve(&scratch->names, self->names_len + len + 1);
    if (rc == 0)
        rc = wi_scratch_reserve(&scratch->entries, (self->count + (size_t)1) * sizeof(weir_entry));
    if (rc < 0)
        return rc;
    ((weir_entry *)scratch->entries.data)[self->count++] = (weir_entry){
        .ino = dirent->d_ino, .name = (uint32_t)self->names_len, .name_len = (uint16_t)len, .kind = dirent->d_type
    };
    memcpy((char *)scratch->names.data + self->names_len, name, len + 1);
    self->names_len += len + 1;
    if (len > self->longest_name)
        self->longest_name = (uint32_t)len;
    return 0;
}

/* One buffer full. Returns 1, 0 at the end, or a negative errno. */
static int gather_some(struct walk_list *self)
{
    char *const buffer = self->scratch->dents.data;
    ssize_t got;
    do
        got = getdents64(self->fd, buffer, SCRATCH_DENTS_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    for (ssize_t at = 0; at < got;) {
        const struct dirent64 *const dirent = (const void *)(buffer + at);
        const int rc = add_entry(self, dirent);
        if (rc < 0)
            return rc;
        at += dirent->d_reclen;
    }
    return got > 0;
}

int wi_list_gather(struct walk_list *self)
{
    int rc;
    do
        rc = gather_some(self);
    while (rc > 0);
    if (rc == 0 || is_shortage(rc))
        return rc;
    weir_walk_tell_error(self->node, NULL, 0, rc);
    /* A bad block in the middle of a directory doesn't make the names before it worthless. */
    self->error = rc;
    return self->count > 0 ? 0 : rc;
}

static const char *name_of(const struct walk_list *self, const weir_entry *entry)
{
    return (const char *)self->scratch->names.data + entry->name;
}

static int look(const struct walk_list *self, const char *name, int flags, weir_file_meta *ret_meta)
{
    return weir_file_meta_at(self->fd, name, flags | AT_NO_AUTOMOUNT, ret_meta);
}

/* The entry can't be looked at: tell it, if it is one that is wanted. */
static int refuse(struct walk_list *self, const weir_entry *entry, int error)
{
    const char *const name = name_of(self, entry);
    const bool is_link = (entry->flags & WEIR_ENTRY_LINK) != 0;
    if (is_shortage(error))
        return error;
    if (!wi_rules_admit(self->rules, &self->place, name, entry->name_len, false))
        return 0;
    if (is_link && error == -ENOENT)
        weir_walk_tell(self->node, WEIR_NOTE_DANGLING, name, entry->name_len, error);
    else if (is_link && error == -ELOOP)
        weir_walk_tell(self->node, WEIR_NOTE_LOOP, name, entry->name_len, error);
    else
        weir_walk_tell_error(self->node, name, entry->name_len, error);
    return 0;
}

/*
 * Finds out what kind of thing an entry is, in the terms of st_mode. Returns 1,
 * 0 for one to leave out, or a shortage. Fills in `meta` if it had to look.
 */
static int resolve(struct walk_list *self, weir_entry *entry, weir_file_meta *meta, bool *looked)
{
    const char *const name = name_of(self, entry);
    unsigned char type = entry->kind;
    if (type == DT_UNKNOWN) {
        const int rc = look(self, name, AT_SYMLINK_NOFOLLOW, meta);
        if (rc < 0)
            return refuse(self, entry, rc);
        type = (unsigned char)IFTODT(meta->mode);
        *looked = true;
    }
    if (type == DT_LNK && is_link_skipped(self))
        return 0;
    if (type == DT_LNK && self->rules->given.follow) {
        entry->flags |= WEIR_ENTRY_LINK;
        const int rc = look(self, name, 0, meta);
        if (rc < 0)
            return refuse(self, entry, rc);
        entry->ino = meta->ino;
        type = (unsigned char)IFTODT(meta->mode);
        *looked = true;
    }
    entry->kind = type;
    return 1;
}

/* A regular file that its name lets in: is it one still, and do size and time let it in? */
static int choose_by_meta(struct walk_list *self, weir_entry *entry, bool looked, weir_file_meta *meta)
{
    const char *const name = name_of(self, entry);
    if (!looked) {
        const int rc = look(self, name, AT_SYMLINK_NOFOLLOW, meta);
        if (rc < 0)
            return refuse(self, entry, rc);
    }
    if (!S_ISREG(meta->mode)) {
        weir_walk_tell(self->node, WEIR_NOTE_SWAPPED, name, entry->name_len, 0);
        return 0;
    }
    return wi_rules_admit_meta(self->rules, meta);
}

/* Returns 1 for an entry that stays, 0 for one that goes, or a shortage. */
static int choose_one(struct walk_list *self, weir_entry *entry, weir_file_meta *ret_meta)
{
    bool looked = false;
    const int rc = resolve(self, entry, ret_meta, &looked);
    if (rc <= 0)
        return rc;
    const char *const name = name_of(self, entry);
    const bool is_dir = entry->kind == DT_DIR;
    const uint32_t depth_max = self->rules->given.depth_max;
    if (!wi_rules_admit(self->rules, &self->place, name, entry->name_len, is_dir))
        return 0;
    if (is_dir) {
        entry->kind = WEIR_ENTRY_DIR;
        return depth_max == 0 || self->node->depth + 1 < depth_max;
    }
    if (entry->kind == DT_LNK) {
        entry->kind = WEIR_ENTRY_SYMLINK;
        *ret_meta = (weir_file_meta){ 0 };
        return 1;
    }
    if (entry->kind != DT_REG) {
        weir_walk_tell(self->node, WEIR_NOTE_SPECIAL_SKIPPED, name, entry->name_len, 0);
        return 0;
    }
    entry->kind = WEIR_ENTRY_FILE;
    return self->rules->needs_stat ? choose_by_meta(self, entry, looked, ret_meta) : 1;
}

/* The .gitignore of this directory goes in front of those above it. */
static int load_ignore(struct walk_list *self)
{
    weir_walk_node *const node = self->node;
    struct gitignore *ignore = NULL;
    if (node->ignore_read || !self->has_ignore_file || !self->rules->given.gitignore)
        return 0;
    const int rc = wi_gitignore_load(self->fd, ".gitignore", node->ignore, &ignore);
    if (is_shortage(rc))
        return rc;
    if (rc < 0 && rc != -ENOENT)
        weir_walk_tell(node, WEIR_NOTE_IGNORE_FILE, ".gitignore", 10, rc);
    if (ignore != NULL) {
        ignore->outer = node->ignore;
        ignore->base = (uint32_t)(node->origin->outer_len + node->prefix_len - node->origin->root_len);
        node->ignore = ignore;
        node->owns_ignore = true;
    }
    node->ignore_read = true;
    return 0;
}

static int prepare_place(struct walk_list *self)
{
    const weir_walk_node *const node = self->node;
    const struct walk_origin *const origin = node->origin;
    struct scratch_buffer *const path = &self->scratch->path;
    if (!self->rules->needs_path && node->ignore == NULL)
        return 0;
    const size_t name_at = origin->outer_len + node->prefix_len - origin->root_len;
    const int rc = wi_scratch_reserve(path, name_at + self->longest_name + 2);
    if (rc < 0)
        return rc;
    self->place = (struct walk_place){
        .ignore = node->ignore, .path = path->data, .root_at = origin->outer_len, .name_at = name_at
    };
    if (origin->outer_len > 0)
        memcpy(self->place.path, origin->outer, origin->outer_len);
    wi_node_put_below(node, self->place.path + origin->outer_len);
    return 0;
}

static int choose_by_name(struct walk_list *self)
{
    weir_entry *const entries = self->scratch->entries.data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        weir_file_meta meta;
        weir_entry entry = entries[i];
        const int rc = choose_one(self, &entry, &meta);
        if (rc < 0)
            return rc;
        if (rc > 0)
            entries[kept++] = entry;
    }
    self->count = kept;
    return 0;
}

/* The entries that stay move together, and what was seen of them. */
static void close_ranks(struct walk_list *self)
{
    weir_entry *const entries = self->scratch->entries.data;
    weir_file_meta *const metas = self->scratch->meta.data;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (entries[i].kind == KIND_OUT)
            continue;
        entries[kept] = entries[i];
        metas[kept++] = metas[i];
    }
    self->count = kept;
}

/* Inodes are looked at in their order: neighbours lie together, on the disk and in the kernel's memory. */
static int choose_by_looking(struct walk_list *self)
{
    weir_entry *const entries = self->scratch->entries.data;
    int rc = wi_scratch_reserve(&self->scratch->items, 2 * (size_t)self->count * sizeof(struct sort_item));
    if (rc < 0)
        return rc;
    const struct sort_item *const items = self->scratch->items.data;
    weir_file_meta *const metas = self->scratch->meta.data;
    wi_sort_by_inode(entries, self->count, self->scratch->items.data);
    for (uint32_t k = 0; k < self->count; k++) {
        const uint32_t i = items[k].index;
        metas[i] = (weir_file_meta){ 0 };
        rc = choose_one(self, &entries[i], &metas[i]);
        if (rc < 0)
            return rc;
        if (rc == 0)
            entries[i].kind = KIND_OUT;
    }
    close_ranks(self);
    return 0;
}

int wi_list_choose(struct walk_list *self)
{
    int rc = load_ignore(self);
    if (rc == 0)
        rc = prepare_place(self);
    if (rc == 0 && self->rules->needs_stat)
        rc = wi_scratch_reserve(&self->scratch->meta, self->count * sizeof(weir_file_meta));
    if (rc < 0)
        return rc;

    return self->rules->needs_stat ? choose_by_looking(self) : choose_by_name(self);
}
