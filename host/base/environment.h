/* Environment variables that override a choice of windrow. A variable that is unset or empty leaves
 * the choice. An invalid value is an error, because the user believes that it has an effect; it is
 * WR_ERR_DEVICE, because the variables choose how a device computes. */
#ifndef WR_ENVIRONMENT_H
#define WR_ENVIRONMENT_H

#include "base/base.h"

/* The variable's text, or NULL. */
const char *wr_variable(const char *name);
/* Reads a whole number from least to most (at most UINT32_MAX) into *number. */
wr_status wr_variable_number(const char *name, size_t least, size_t most, size_t *number,
                             struct wr_error *error);
/* Reads one of `words`, which end with NULL, into *which, counted from 1. */
wr_status wr_variable_word(const char *name, const char *const *words, size_t *which,
                           struct wr_error *error);

#endif
