/* Prints trials of a study in a table. */
#ifndef WR_CLI_TRIALS_H
#define WR_CLI_TRIALS_H

#include "base/number.h"
#include "windrow/study.h"

/* Prints the `most` best trials that are done, best first; nothing if there is none. */
wr_status trials_print_best(struct wr_study *study, size_t most, struct wr_error *error);

/* The shortest decimal that gives the same float when read. Returns text. */
const char *trials_real(float real, char text[WR_NUMBER_TEXT]);
/* "notebook", "pytorch" */
const char *trials_init(enum wr_init init);
/* "all", or the number of windows. Returns text. */
const char *trials_batch(size_t batch, char text[24]);

#endif
