/* Options that say how a CSV file is read, and reports of how it was read. */
#ifndef WR_CLI_CSV_OPTIONS_H
#define WR_CLI_CSV_OPTIONS_H

#include "cli/options/options.h"
#include "windrow/csv.h"

struct csv_options {
    struct option_text delimiter;
    struct option_choice decimal, header;
    struct option_text ignore;
};
extern const struct option_group csv_group;

wr_status csv_read_options(const struct csv_options *options, struct wr_csv_options *csv,
                           struct wr_error *error);
/* Prints what the reader found and no option gave, such as "; the first line is a header". */
void csv_print_found(FILE *file, const struct wr_csv_found *found);
/* Prints a warning on stderr if the first line may or may not be a header. */
void csv_warn(const char *path, const struct wr_csv_found *found);
/* The text of a delimiter as --delimiter accepts it: the character, or a word such as "tab".
 * Returns text or a constant. */
const char *csv_delimiter_word(char delimiter, char text[8]);
/* Whether the file can be read twice. False for standard input and for pipes. True if the file does
 * not exist. */
bool csv_can_reread(const char *path);

#endif
