/*
 * node_peer.h - who is at the other end of a socket, while a pipeline runs that listens or sends: a thread, which asks
 * for no memory.
 */
#ifndef NODE_PEER_H
#define NODE_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <weir/pipeline.h>

#define NODE_PEER_SOCKET "in/sock"
#define NODE_PEER_OUTPUT "out/received"

enum node_peer_kind {
    PEER_NONE,
    PEER_WRITES, /* in/log over a connection; once that has ended the pipeline is asked to stop */
    PEER_POSTS,  /* likewise, a datagram a line */
    PEER_TAKES,  /* connections, and writes the lines of in/log down, each once */
};

struct node_peer {
    enum node_peer_kind kind;
    pthread_t thread;
    weir_pipeline *pipeline; /* borrowed */
    bool is_over;            /* the run */
    int listener, output;
    int next; /* line */
    char text[8192];
    size_t size;
};

void node_peer_begin(struct node_peer *peer, enum node_peer_kind kind, weir_pipeline *pipeline);
/* The run is over. What came is written down before this returns. */
void node_peer_end(struct node_peer *peer);

#endif
