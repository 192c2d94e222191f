#ifndef WR_CLI_CLASH_H
#define WR_CLI_CLASH_H

#include "cli/options/options.h"

/* Returns WR_ERR_USAGE if an output file is also an input or another output, even through links:
 * see option_spec.file. Call it before anything is read, trained or written. */
wr_status clash_check(const struct command *command, const void *options, struct wr_error *error);

#endif
