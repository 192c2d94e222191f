#ifndef WR_CLI_CLASH_H
#define WR_CLI_CLASH_H

#include "cli/options.h"

/* WR_ERR_USAGE where an output is an input or another output too, also through links: see
 * option_spec.file. To be asked before anything is read, trained or written. */
wr_status clash_check(const struct command *command, const struct option_value *values,
                      struct wr_error *error);

#endif
