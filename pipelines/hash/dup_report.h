/* dup_report.h - groups of duplicates as text, JSON lines or CSV. */
#ifndef WP_DUP_REPORT_H
#define WP_DUP_REPORT_H

#include <weir/hash_job.h>

#include "hash/dup_files.h"

/*
 * text: a path a line, an empty line behind each group; other names of a file
 * that is in it (hard links) are left out. json: an object a group, with them.
 * csv: a row a path. Appends; counts what there is. 0 or -ENOMEM.
 */
WEIR_MUST_USE int wp_dup_report(const struct dup_files *files, const weir_digest_algo *algo,
                                weir_manifest_format format, weir_dups_counters *counters, weir_text *out);

#endif
