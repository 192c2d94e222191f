/* The options of each command, of which command_table and the command's own file know the order. */
#ifndef WR_CLI_TABLES_H
#define WR_CLI_TABLES_H

#include "cli/cli.h"

#define WORDS(...)                                                                                 \
    (const char *const[]) {                                                                        \
        __VA_ARGS__, NULL                                                                          \
    }

extern const struct option_spec train_options[TRAIN_OPTIONS];
extern const struct option_spec devices_options[DEVICES_OPTIONS];
extern const struct option_spec verify_options[VERIFY_OPTIONS];
extern const struct option_spec bench_options[BENCH_OPTIONS];

#endif
