/* seal.h - what is done to a file that was written, before it gets its name: mode, times, a second look at its bytes.
 */
#ifndef WP_SEAL_H
#define WP_SEAL_H

#include <sys/types.h>
#include <weir/digest.h>

struct seal {
    bool has_mode, has_mtime;
    mode_t mode;
    int64_t mtime_ns;
    bool sync;
    bool verify;
    weir_hasher hasher; /* of what was written, to verify */
};

/* "0640". 0, or -EINVAL: it isn't octal. */
WEIR_MUST_USE int wp_seal_set_mode(struct seal *seal, const char *text);
/* From now on wp_seal_add() is told what is written. 0 or -ENOMEM. */
WEIR_MUST_USE int wp_seal_verify(struct seal *seal);
void wp_seal_add(struct seal *seal, const void *data, size_t size);
void wp_seal_fini(struct seal *seal);

/* Blocks. 0; -EBADMSG: what is read back is not what was written; or another negative errno. */
int wp_seal_close(struct seal *seal, int fd);

#endif
