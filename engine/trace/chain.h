/* chain.h - what a task that waits stands at, from its root frame inwards. */
#ifndef WI_CHAIN_H
#define WI_CHAIN_H

#include <weir/dump.h>

/* Fills in frames and waits. The caller owns the frame: nobody polls or drops it. */
void wi_chain_read(const weir_future *root, weir_dump_task *task);

/* The file of a type, without its folders. */
const char *wi_chain_file(const weir_future_type *type);

#endif
