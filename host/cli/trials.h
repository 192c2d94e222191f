/* Trials of a study in a table. */
#ifndef WR_CLI_TRIALS_H
#define WR_CLI_TRIALS_H

#include "base/number.h"
#include "windrow/study.h"

/* The `most` best trials that are done, best first; nothing where none is. */
wr_status trials_print_best(struct wr_study *study, size_t most, struct wr_error *error);

/* The shortest decimal that reads as the same float. Returns text. */
const char *trials_real(float real, char text[WR_NUMBER_TEXT]);
/* "notebook", "pytorch" */
const char *trials_init(enum wr_init init);
/* "all", or the number. Returns text. */
const char *trials_batch(size_t batch, char text[24]);

#endif
