/* Variables of the environment that force what windrow would choose itself. One that is not set, or
 * is empty, leaves the choice as it is. A value that means nothing is refused (WR_ERR_DEVICE, as
 * they choose how a device computes), since whoever set it believes that it has an effect. */
#ifndef WR_ENVIRONMENT_H
#define WR_ENVIRONMENT_H

#include "base/base.h"

/* The variable's text, or NULL. */
const char *wr_variable(const char *name);
/* A whole number from least to most, which is at most UINT32_MAX, into *number. */
wr_status wr_variable_number(const char *name, size_t least, size_t most, size_t *number,
                             struct wr_error *error);
/* Which of `words`, which end with NULL, the variable is, counted from 1, into *which. */
wr_status wr_variable_word(const char *name, const char *const *words, size_t *which,
                           struct wr_error *error);

#endif
