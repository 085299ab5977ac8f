/* volumes.c - a number for each file system. */
#include "cache/volumes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

void wp_volumes_init(struct volumes *volumes)
{
    *volumes = (struct volumes){ 0 };
    (void)pthread_mutex_init(&volumes->lock, NULL);
}

void wp_volumes_fini(struct volumes *volumes)
{
    (void)pthread_mutex_destroy(&volumes->lock);
}

/* f_fsid is made of the file system's own UUID where it has one; where it is 0 the device must do. */
static uint32_t ask(uint64_t dev, int dir_fd, const char *name)
{
    struct statfs meta;
    uint64_t id = 0;
    const int fd = openat(dir_fd, name, O_PATH | O_CLOEXEC);
    if (fd >= 0 && fstatfs(fd, &meta) == 0)
        memcpy(&id, &meta.f_fsid, sizeof id);
    if (fd >= 0)
        (void)close(fd);
    if (id == 0)
        id = dev;
    id *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(id >> 32) | 1;
}

uint32_t wp_volume_of(struct volumes *volumes, uint64_t dev, int dir_fd, const char *name)
{
    uint32_t volume = 0;
    (void)pthread_mutex_lock(&volumes->lock);
    for (unsigned i = 0; volume == 0 && i < volumes->count; i++)
        if (volumes->met[i].dev == dev)
            volume = volumes->met[i].volume;
    if (volume == 0) {
        volume = ask(dev, dir_fd, name);
        if (volumes->count < VOLUMES_MAX) {
            volumes->met[volumes->count].dev = dev;
            volumes->met[volumes->count++].volume = volume;
        } else {
            volumes->more = true;
        }
    }
    (void)pthread_mutex_unlock(&volumes->lock);
    return volume;
}

bool wp_volumes_met(struct volumes *volumes, uint32_t volume)
{
    bool met = false;
    (void)pthread_mutex_lock(&volumes->lock);
    for (unsigned i = 0; i < volumes->count; i++)
        met |= volumes->met[i].volume == volume;
    met &= !volumes->more;
    (void)pthread_mutex_unlock(&volumes->lock);
    return met;
}
