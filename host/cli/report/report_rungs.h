/* The rungs of a study with successive halving, as its trials tell them. */
#ifndef WR_CLI_REPORT_RUNGS_H
#define WR_CLI_REPORT_RUNGS_H

#include <stddef.h>

#include "base/json.h"
#include "windrow/study.h"

/* A trial that was trained to an end. */
struct rung_trial {
    size_t epochs;
    double score; /* NaN if there is none */
    enum wr_trial_status status;
};

/* All zero: none. */
struct rungs {
    struct rung_trial *trials; /* (count) */
    size_t count, room;
};

/* Notes a trial, unless it is pending or failed. */
wr_status rungs_add(struct rungs *rungs, const struct wr_trial *trial, struct wr_error *error);
/* A list of arrays: epochs of a rung, trials that have trained so far or further, trials that were
 * pruned there, their best and their median score. The last is of those that are done, with null
 * for epochs, which may differ. NULL after an allocation failed. Sorts the trials. */
json_t *rungs_json(struct rungs *rungs);
void rungs_release(struct rungs *rungs);

#endif
