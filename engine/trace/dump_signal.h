/* dump_signal.h - the end of a runtime that may have asked for dumps on a signal. */
#ifndef WI_DUMP_SIGNAL_H
#define WI_DUMP_SIGNAL_H

#include <weir/dump.h>

/* From here on no dump looks at it. */
void wi_dump_signal_forget(const struct weir_runtime *runtime);

#endif
