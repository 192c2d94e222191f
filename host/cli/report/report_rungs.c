#include "cli/report/report_rungs.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/base.h"
#include "cli/io/json_write.h"
#include "cli/report/report.h"

enum { RUNGS_MOST = 64 };

wr_status rungs_add(struct rungs *rungs, const struct wr_trial *trial, struct wr_error *error) {
    if (trial->status == WR_TRIAL_PENDING || trial->status == WR_TRIAL_FAILED)
        return WR_OK;
    if (rungs->count == rungs->room) {
        size_t room = rungs->room * 2 + 1024;
        struct rung_trial *grown = realloc(rungs->trials, room * sizeof *grown);
        if (grown == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "no memory for the rungs of %zu trials", room);
        rungs->trials = grown;
        rungs->room = room;
    }
    rungs->trials[rungs->count++] = (struct rung_trial){
        .epochs = trial->epochs, .score = trial->score, .status = trial->status};
    return WR_OK;
}

void rungs_release(struct rungs *rungs) {
    free(rungs->trials);
    *rungs = (struct rungs){0};
}

/* Those that were pruned, by epochs; then those that are done; then those that diverged. Within
 * them by score, and those without one last. */
static int compare_trials(const void *a, const void *b) {
    static const int places[] = {
        [WR_TRIAL_PRUNED] = 0, [WR_TRIAL_DONE] = 1, [WR_TRIAL_DIVERGED] = 2};
    const struct rung_trial *x = a, *y = b;
    if (x->status != y->status)
        return places[x->status] - places[y->status];
    if (x->status == WR_TRIAL_PRUNED && x->epochs != y->epochs)
        return x->epochs < y->epochs ? -1 : 1;
    if (isnan(x->score) || isnan(y->score))
        return isnan(x->score) - isnan(y->score);
    return (x->score > y->score) - (x->score < y->score);
}

/* The end of the trials that ended like the first. */
static size_t end_of(const struct rungs *rungs, size_t first) {
    const struct rung_trial *trials = rungs->trials;
    size_t end = first + 1;
    while (end < rungs->count && trials[end].status == trials[first].status &&
           (trials[first].status != WR_TRIAL_PRUNED || trials[end].epochs == trials[first].epochs))
        end++;
    return end;
}

/* trials (count): by score. */
static double median_of(const struct rung_trial *trials, size_t count) {
    while (count > 0 && isnan(trials[count - 1].score))
        count--;
    return count > 0 ? (trials[(count - 1) / 2].score + trials[count / 2].score) / 2 : (double)NAN;
}

static json_t *row_of(const struct rungs *rungs, size_t first, size_t end) {
    const struct rung_trial *trials = rungs->trials + first;
    bool done = trials->status == WR_TRIAL_DONE;
    size_t reached = 0;
    for (size_t i = 0; i < rungs->count && !done; i++)
        reached += rungs->trials[i].epochs >= trials->epochs;
    reached = done ? end - first : reached;
    return json_pack("[o, I, I, o, o]",
                     done ? json_null() : json_integer((json_int_t)trials->epochs),
                     (json_int_t)reached, (json_int_t)(end - first), json_number(trials->score),
                     json_number(median_of(trials, end - first)));
}

json_t *rungs_json(struct rungs *rungs) {
    json_t *list = json_array();
    if (rungs->count > 0)
        qsort(rungs->trials, rungs->count, sizeof *rungs->trials, compare_trials);
    for (size_t first = 0, end; first < rungs->count && json_array_size(list) < RUNGS_MOST;
         first = end) {
        end = end_of(rungs, first);
        if (rungs->trials[first].status != WR_TRIAL_DIVERGED)
            list = wr_json_push(list, row_of(rungs, first, end));
    }
    return list;
}
