/*
 * verdict.c - which stage a pipeline waits for.
 *
 * The model: stages work at the same time, so a run takes at least as long as
 * the stage with the most work for each of its lanes, and at least the time of
 * all processors shared among the cores. The larger of the two is the bound; what
 * the run took beyond it (start, end, waits for each other) is taken to stay as it
 * is. A stage in half the time lowers its own work, and the processors' by as much
 * as it can be theirs; then the next stage, or the cores, are the bound. One lane
 * more divides the work of a stage anew and saves the cores nothing.
 *
 * What it doesn't know: that stages get faster or slower beside each other (caches,
 * memory, one disk), and that a busy stage may itself have waited for a core: on
 * busy cores the steps' times are longer than the work in them.
 */
#include <weir/verdict.h>

#define MOSTLY 0.5

static double work_of(const weir_pipeline_stage *stage)
{
    return (double)stage->busy_ns / (stage->lanes > 0 ? stage->lanes : 1);
}

/* The largest work of all but one. */
static double others(const weir_pipeline_stage *stages, size_t count, size_t but)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        if (i != but && !stages[i].has_block && work_of(&stages[i]) > most)
            most = work_of(&stages[i]);
    return most;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double gain_of(double took, double before, double after)
{
    const double then = took - before + after;
    return before > after && then > 0 ? took / then : 1;
}

static size_t busiest(const weir_pipeline_stage *stages, size_t count, bool of_all_lanes)
{
    size_t best = 0;
    double most = -1;
    for (size_t i = 0; i < count; i++) {
        const double work = of_all_lanes ? (double)stages[i].busy_ns : work_of(&stages[i]);
        if (!stages[i].has_block && work > most) {
            most = work;
            best = i;
        }
    }
    return best;
}

weir_verdict weir_verdict_of(const weir_pipeline_stage *stages, size_t count, uint64_t took_ns, uint64_t cpu_ns,
                             unsigned cores)
{
    weir_verdict verdict = { .gain = 1, .par_gain = 1 };
    if (count == 0 || took_ns == 0)
        return verdict;
    const double took = (double)took_ns, each = cores > 0 ? cores : 1;
    verdict.stage = busiest(stages, count, false);
    const double processors = (double)cpu_ns / each, work = work_of(&stages[verdict.stage]);
    /* Nearly all of the cores' time: then a stage may look busy only because it waited for one. */
    const bool by_cores = processors > 0.85 * took;
    if (by_cores)
        verdict.stage = busiest(stages, count, true);
    const weir_pipeline_stage *limit = &stages[verdict.stage];
    const unsigned lanes = limit->lanes > 0 ? limit->lanes : 1, outer = limit->outer_lanes > 0 ? limit->outer_lanes : 1;
    const double before = larger(work, processors);
    const double rest = others(stages, count, verdict.stage), saved = (double)limit->busy_ns / 2;
    const double cpu_after = larger((double)cpu_ns - saved, 0) / each;
    const double mine = work_of(limit);
    verdict.busy = (by_cores ? processors : work) / took;
    verdict.limit = verdict.busy < MOSTLY ? WEIR_LIMIT_NONE : by_cores ? WEIR_LIMIT_CORES : WEIR_LIMIT_STAGE;
    verdict.gain = gain_of(took, before < took ? before : took, larger(larger(mine / 2, rest), cpu_after));
    if (verdict.limit == WEIR_LIMIT_STAGE)
        verdict.par_gain = gain_of(took, before < took ? before : took,
                                   larger(larger(mine * lanes / (lanes + outer), rest), processors));
    return verdict;
}
