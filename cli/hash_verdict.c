/* hash_verdict.c - what a run of weir hash comes to. */
#include "hash_verdict.h"

#include <stdio.h>

#include "cmd.h"
#include "progress.h"

/* The verdict on a check, in coreutils' words, and the exit code. */
static int conclude_check(const struct hash_values *values, const weir_hash_counters *counters)
{
    const unsigned long bad = (unsigned long)counters->malformed, differ = (unsigned long)counters->mismatched;
    const unsigned long added = (unsigned long)counters->added;
    const unsigned long unread = (unsigned long)(counters->missing + counters->unreadable);
    if (values->says != SAYS_STATUS) {
        if (bad > 0)
            fprintf(stderr, "weir: WARNING: %lu line%s improperly formatted\n", bad, bad == 1 ? " is" : "s are");
        if (unread > 0)
            fprintf(stderr, "weir: WARNING: %lu listed file%s could not be read\n", unread, unread == 1 ? "" : "s");
        if (differ > 0)
            fprintf(stderr, "weir: WARNING: %lu computed checksum%s did NOT match\n", differ, differ == 1 ? "" : "s");
        if (added > 0)
            fprintf(stderr, "weir: WARNING: %lu %s not listed\n", added, added == 1 ? "is" : "are");
    }
    if (values->ignore_missing && counters->ok == 0) {
        if (values->says != SAYS_STATUS)
            fprintf(stderr, "weir: %s: no file was verified\n", values->check);
        return EXIT_DATA;
    }
    return differ > 0 || unread > 0 || added > 0 || counters->errors > 0 || (values->strict && bad > 0) ? EXIT_DATA : 0;
}

/* As hashdeep -a counts, but for changed files, which it takes for one that is new and one that is missing. */
static int conclude_audit(const struct hash_values *values, const weir_hash_counters *counters)
{
    const bool differs = counters->mismatched + counters->moved + counters->added + counters->missing > 0;
    const unsigned long bad = (unsigned long)counters->malformed;
    if (values->says != SAYS_STATUS) {
        if (bad > 0)
            fprintf(stderr, "weir: WARNING: %lu line%s improperly formatted\n", bad, bad == 1 ? " is" : "s are");
        fprintf(stderr, "weir: %lu ok, %lu changed, %lu moved, %lu new", (unsigned long)counters->ok,
                (unsigned long)counters->mismatched, (unsigned long)counters->moved, (unsigned long)counters->added);
        if (counters->copied > 0)
            fprintf(stderr, " (%lu of them a copy)", (unsigned long)counters->copied);
        fprintf(stderr, ", %lu missing", (unsigned long)counters->missing);
        if (counters->unreadable > 0)
            fprintf(stderr, ", %lu unreadable", (unsigned long)counters->unreadable);
        fputc('\n', stderr);
    }
    return differs || counters->errors > 0 || (values->strict && bad > 0) ? EXIT_DATA : 0;
}

void hash_verdict_dups(const struct hash_values *values, const weir_dups_counters *found)
{
    char wasted[16], freed[16];
    if (values->says == SAYS_QUIET)
        return;
    fprintf(stderr, "weir: %lu groups, %lu duplicates: %s", (unsigned long)found->groups,
            (unsigned long)found->duplicates, progress_bytes(wasted, sizeof wasted, (double)found->wasted_bytes));
    if (found->links > 0)
        fprintf(stderr, "; %lu hard links", (unsigned long)found->links);
    if (values->duplicates > 1 + WEIR_DUPS_REPORT)
        fprintf(stderr, "; %lu dealt with, which frees %s", (unsigned long)found->done,
                progress_bytes(freed, sizeof freed, (double)found->done_bytes));
    fputc('\n', stderr);
}

void hash_failures_count(struct hash_failures *failures, int error)
{
    uint64_t *count = &failures->other;
    if (error == -EACCES || error == -EPERM)
        count = &failures->denied;
    else if (error == -ENOENT || error == -ENOTDIR)
        count = &failures->vanished;
    else if (error == -ESTALE)
        count = &failures->changed;
    else if (error == -EBADE)
        count = &failures->rotten;
    else if (error == -ENODATA) /* a directory, for what was counted already */
        return;
    (void)__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

/* "weir: 5 left out: 3 not permitted, 2 not there": among a million lines single ones get lost. */
static void say_failures(const struct hash_failures *failures)
{
    const struct {
        uint64_t count;
        const char *what;
    } kinds[] = { { failures->denied, "not permitted" },
                  { failures->vanished, "not there" },
                  { failures->changed, "changed meanwhile" },
                  { failures->rotten, "other than the cache knows" },
                  { failures->other, "unreadable" } };
    const char *between = ": ";
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        all += kinds[i].count;
    if (all < 2)
        return;
    fprintf(stderr, "weir: %lu failed", (unsigned long)all);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].count > 0) {
            fprintf(stderr, "%s%lu %s", between, (unsigned long)kinds[i].count, kinds[i].what);
            between = ", ";
        }
    fputc('\n', stderr);
}

int hash_verdict(const struct hash_values *values, const weir_hash_counters *counters,
                 const struct hash_failures *failures)
{
    const char *manifest = values->check != NULL ? values->check : values->audit;
    if (manifest == NULL) {
        say_failures(failures);
        return counters->errors > 0 ? EXIT_DATA : 0;
    }
    if (counters->listed == 0) {
        fprintf(stderr, "weir: %s: no properly formatted checksum lines found\n", manifest);
        return EXIT_DATA;
    }
    return values->check != NULL ? conclude_check(values, counters) : conclude_audit(values, counters);
}
