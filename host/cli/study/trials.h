/* Prints trials of a study in a table. */
#ifndef WR_CLI_TRIALS_H
#define WR_CLI_TRIALS_H

#include "windrow/study.h"

/* Prints the `most` best trials that are done, best first; nothing if there is none. */
wr_status trials_print_best(struct wr_study *study, size_t most, struct wr_error *error);

#endif
