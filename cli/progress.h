/* progress.h - how much is shown while a command works, and sizes and times for human eyes. */
#ifndef PROGRESS_H
#define PROGRESS_H

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER, PROGRESS_PLAIN };

/* "1.23 GB", "45.6 MB/s": three figures, decimal units. Returns buffer. */
const char *progress_bytes(char *buffer, unsigned size, double bytes);
/* "01:23", "2:03:04". */
const char *progress_time(char *buffer, unsigned size, double seconds);

#endif
