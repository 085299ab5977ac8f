/* fault_plan.c - reads the plan before main(). */
#include "fault_plan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fault_report nowhere;
struct fault_plan fault_plan = { .report = &nowhere };

void *__real_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);

static void map_report(const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *fault_plan.report) < 0) {
        perror(path);
        _exit(126);
    }
    void *memory = __real_mmap(NULL, sizeof *fault_plan.report, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory != MAP_FAILED)
        fault_plan.report = memory;
    (void)close(fd);
}

__attribute__((constructor)) static void read_plan(void)
{
    static const char *const kinds[] = { "none", "call", "ring", "alloc", "await", "clock" };
    const char *text = getenv("WEIR_FAULT"), *report = getenv("WEIR_FAULT_REPORT");
    char kind[8];
    unsigned long nth = 0;
    if (text == NULL)
        return;
    if (sscanf(text, "%7[a-z]:%d:%lu:%d", kind, &fault_plan.what, &nth, &fault_plan.how) != 4) {
        fprintf(stderr, "weir_faulty: WEIR_FAULT=%s: not KIND:WHAT:NTH:HOW\n", text);
        _exit(126);
    }
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kind, kinds[i]) == 0)
            fault_plan.kind = (enum fault_kind)i;
    fault_plan.nth = nth;
    if (report != NULL)
        map_report(report);
    if (fault_plan.kind == FAULT_CALL)
        fault_calls_begin();
    fault_plan.armed = true;
}

bool fault_is_due(void)
{
    const uint64_t number = fault_plan.report->seen++ + 1;
    const bool lasting = fault_plan.kind == FAULT_CLOCK || (fault_plan.kind == FAULT_ALLOC && fault_plan.how == 1);
    const bool due = fault_plan.nth > 0 && (lasting ? number >= fault_plan.nth : number == fault_plan.nth);
    fault_plan.report->hit += due;
    return due;
}
