/*
 * socket.h - the system calls around a socket that never wait.
 */
#ifndef WI_SOCKET_H
#define WI_SOCKET_H

#include <weir/net.h>

/* A socket of the address's family with CLOEXEC and NONBLOCK, or a negative errno. */
int wi_socket_create(const weir_addr *addr, int type);
int wi_socket_bind(int fd, const weir_addr *addr);
/* Sets an option that is an int to 1. */
int wi_socket_set(int fd, int level, int option);

#endif
