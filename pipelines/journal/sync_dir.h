/* sync_dir.h - a name is on the disk once its directory is. */
#ifndef WP_SYNC_DIR_H
#define WP_SYNC_DIR_H

#include <weir/base.h>

/* The directory that `path` lies in. 0 or a negative errno. Blocks. */
WEIR_MUST_USE int wp_sync_dir_of(const char *path);
/* And those above it, up to the one that the first `prefix` bytes of `path` name. 0 or a negative errno. Blocks. */
WEIR_MUST_USE int wp_sync_dirs_of(const char *path, size_t prefix);

#endif
