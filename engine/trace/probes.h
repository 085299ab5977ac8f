/*
 * probes.h - static probes of the scheduler, for bpftrace, perf and SystemTap.
 *
 * A probe is a nop and a note in the file: it costs nothing until somebody
 * attaches. They are built in where sys/sdt.h is there (WEIR_USDT). Arguments are
 * what lies in registers anyway: a task is its address (docs/observability.md
 * says where its number and its name are), a worker its index.
 *
 *     bpftrace -e 'usdt:./server:weir:poll_begin { @polls[arg1] = count(); }'
 */
#ifndef WI_PROBES_H
#define WI_PROBES_H

#ifdef WEIR_USDT
#include <sys/sdt.h>
#define WI_PROBE(name, task, worker) DTRACE_PROBE2(weir, name, task, worker)
#else
#define WI_PROBE(name, task, worker) ((void)(task), (void)(worker))
#endif

#endif
