/*
 * volumes.h - a number for each file system that stays the same when it is mounted again: a device's does not on btrfs,
 * on the network, or when disks come up in another order.
 */
#ifndef WP_VOLUMES_H
#define WP_VOLUMES_H

#include <pthread.h>
#include <weir/base.h>

#define VOLUMES_MAX 32

struct volumes {
    pthread_mutex_t lock;
    unsigned count;
    bool more; /* than are noted down here */
    struct {
        uint64_t dev;
        uint32_t volume;
    } met[VOLUMES_MAX];
};

void wp_volumes_init(struct volumes *volumes);
void wp_volumes_fini(struct volumes *volumes);
/* Of the file of this name, which is on device `dev`; never 0. Asks the file system once for each device. */
uint32_t wp_volume_of(struct volumes *volumes, uint64_t dev, int dir_fd, const char *name);
/* A file of it was asked for. */
bool wp_volumes_met(struct volumes *volumes, uint32_t volume);

#endif
