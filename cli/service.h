/*
 * service.h - what a service manager is told, by sd_notify(3)'s protocol: ready, alive, ending. It does nothing where
 * NOTIFY_SOCKET isn't set.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdint.h>

#include <weir/time.h>

/* The manager's socket, if there is one: before anything is told. */
void service_open(void);
/* The program that this process becomes gets it. */
void service_hand_on(void);

/* "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=..."; lines of NAME=VALUE. */
void service_tell(const char *state);

/*
 * service_beat() - says again and again that the runtime lives, twice as often as the manager asks (WATCHDOG_USEC).
 *
 * Never resolves. A poll of it is a sign of life of the worker that polls. Cancel safe.
 */
WEIR_ASYNC_DECLARE(service_beat, weir_unit, int64_t pause_ns; weir_sleep nap;);

#endif
