/* How a CSV file is read, as the options of enum csv_option say, and what was found in it. */
#ifndef WR_CLI_CSV_H
#define WR_CLI_CSV_H

#include "cli/cli.h"
#include "windrow/csv.h"

wr_status csv_read_options(const struct option_value *options, struct wr_csv_options *csv,
                           struct wr_error *error);
/* Prints "; the first line is a header" and the like: what was found and nobody said. */
void csv_print_found(FILE *file, const struct wr_csv_found *found);
/* A line on stderr where it is in doubt whether there is a header. */
void csv_warn(const char *path, const struct wr_csv_found *found);
/* ';' as csv_read_options takes it: a character, or a word. Returns text. */
const char *csv_delimiter_word(char delimiter, char text[8]);
/* Whether the file of that path can be read again: not standard input, and no pipe. True where
 * there is none. */
bool csv_stays(const char *path);

#endif
