/* dup_report.c - groups of duplicates as text, JSON lines or CSV. */
#include "hash/dup_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hash/state_line.h"
#include "text/spelling.h"

static int append_word(weir_text *out, const char *word)
{
    return weir_text_append(out, word, strlen(word));
}

static int text_group(const struct dup_files *files, const struct dup_group *group, weir_text *out)
{
    int error = 0;
    for (uint32_t i = group->first; error == 0 && i != DUP_NONE; i = files->files[i].next) {
        if (files->files[i].link_of != DUP_NONE)
            continue;
        error = wp_state_name(out, wp_dup_path(files, i), strlen(wp_dup_path(files, i)));
        if (error == 0)
            error = append_word(out, "\n");
    }
    return error == 0 ? append_word(out, "\n") : error;
}

/* A path, in an object of its own: one that isn't UTF-8 needs a key that says so. */
static int json_file(const struct dup_files *files, uint32_t i, weir_text *out)
{
    const struct dup_file *file = &files->files[i];
    const char *path = wp_dup_path(files, i);
    const size_t size = strlen(path);
    const char *link = file->link_of != DUP_NONE ? wp_dup_path(files, file->link_of) : NULL;
    const size_t link_size = link != NULL ? strlen(link) : 0;
    if (weir_text_reserve(out, WI_JSON_NAME_ROOM("path", size) + WI_JSON_NAME_ROOM("link_of", link_size) + 8) < 0)
        return -ENOMEM;
    char *at = out->data + out->size;
    *at++ = '{';
    at = wi_json_put_name(at, "path", path, size);
    if (link != NULL) {
        *at++ = ',';
        at = wi_json_put_name(at, "link_of", link, link_size);
    }
    *at++ = '}';
    out->size = (size_t)(at - out->data);
    return 0;
}

static int json_group(const struct dup_files *files, const struct dup_group *group, const weir_digest_algo *algo,
                      weir_text *out)
{
    char head[128 + 2 * WEIR_DIGEST_SIZE_MAX];
    char hex[2 * WEIR_DIGEST_SIZE_MAX + 1] = "";
    weir_digest_hex(wp_dup_digest(files, group->first), algo->digest_size, hex);
    snprintf(head, sizeof head, "{\"size\":%" PRIu64 ",\"%s\":\"%s\",\"wasted\":%" PRIu64 ",\"files\":[",
             files->files[group->first].meta.size, algo->name, hex,
             files->files[group->first].meta.size * (group->files - 1));
    int error = append_word(out, head);
    for (uint32_t i = group->first; error == 0 && i != DUP_NONE; i = files->files[i].next) {
        error = i != group->first ? append_word(out, ",") : 0;
        if (error == 0)
            error = json_file(files, i, out);
    }
    return error == 0 ? append_word(out, "]}\n") : error;
}

static int csv_group(const struct dup_files *files, const struct dup_group *group, uint64_t number,
                     const weir_digest_algo *algo, weir_text *out)
{
    char hex[2 * WEIR_DIGEST_SIZE_MAX + 1] = "";
    weir_digest_hex(wp_dup_digest(files, group->first), algo->digest_size, hex);
    for (uint32_t i = group->first; i != DUP_NONE; i = files->files[i].next) {
        const char *path = wp_dup_path(files, i);
        const char *kind = files->files[i].link_of != DUP_NONE ? "link" : i == group->first ? "first" : "duplicate";
        if (weir_text_reserve(out, WI_CSV_NAME_ROOM(strlen(path)) + sizeof hex + 80) < 0)
            return -ENOMEM;
        char *at = out->data + out->size;
        at += snprintf(at, sizeof hex + 64, "%" PRIu64 ",%" PRIu64 ",%s,%s,", number, files->files[i].meta.size, hex,
                       kind);
        at = wi_csv_put_name(at, path, strlen(path));
        at = stpcpy(at, "\r\n");
        out->size = (size_t)(at - out->data);
    }
    return 0;
}

int wp_dup_report(const struct dup_files *files, const weir_digest_algo *algo, weir_manifest_format format,
                  weir_dups_counters *counters, weir_text *out)
{
    char head[64];
    snprintf(head, sizeof head, "group,size,%s,kind,path\r\n", algo->name);
    int error = format == WEIR_MANIFEST_CSV ? append_word(out, head) : 0;
    for (uint32_t g = 0; error == 0 && g < files->group_count; g++) {
        const struct dup_group *group = &files->groups[g];
        if (group->files < 2)
            continue;
        counters->groups++;
        counters->duplicates += group->files - 1;
        counters->links += group->names - group->files;
        counters->wasted_bytes += files->files[group->first].meta.size * (group->files - 1);
        if (format == WEIR_MANIFEST_JSON)
            error = json_group(files, group, algo, out);
        else if (format == WEIR_MANIFEST_CSV)
            error = csv_group(files, group, counters->groups, algo, out);
        else
            error = text_group(files, group, out);
    }
    return error;
}
