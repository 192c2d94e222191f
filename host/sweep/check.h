/* What a study's settings say, as text. */
#ifndef WR_SWEEP_CHECK_H
#define WR_SWEEP_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* The setting "keep": "all" (SIZE_MAX), "none" (0) or "best:N"; false where it is none of them. */
bool wr_keep_of(const char *text, size_t *best);
/* Names in a list with commas between and quotes around, as "inputs" and "target" are. */
size_t wr_count_names(const char *list);

#endif
