/* What the files of the windrow command share. */
#ifndef WR_CLI_H
#define WR_CLI_H

#include "windrow/status.h"

/* Exit codes that only the command has. CLI_DIVERGED: some models diverged, and the results are
 * kept. CLI_STOPPED: a signal stopped the command; the same command continues. */
#define CLI_DIVERGED ((wr_status)8)
#define CLI_STOPPED  ((wr_status)75)

/* Flushes stdout. close_stdout in main.c reports a failure at the end, as WR_ERR_STORAGE. */
void cli_flush(void);
/* Prints "windrow: text" on stderr, and below it the build log if there is one. */
void cli_complain(const struct wr_error *error);

#endif
