#include "cli/groups/csv_options.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "data/csv.h"

static const struct {
    const char *word;
    char delimiter;
} words[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},
             {"\\t", '\t'},  {"pipe", '|'},      {"space", ' '}};

static wr_status read_delimiter(const char *text, char *delimiter, struct wr_error *error) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i].word) == 0) {
            *delimiter = words[i].delimiter;
            return WR_OK;
        }
    if (text[0] == '\0' || text[1] != '\0' || !wr_csv_is_delimiter(text[0]))
        return wr_fail(error, WR_ERR_USAGE,
                       "--delimiter %.20s: needs comma, semicolon, tab, pipe, space or one other "
                       "character, of which no number and no quote is made",
                       text);
    *delimiter = text[0];
    return WR_OK;
}

wr_status csv_read_options(const struct csv_options *options, struct wr_csv_options *csv,
                           struct wr_error *error) {
    *csv = (struct wr_csv_options){.decimal = options->decimal.text[0],
                                   .header = (enum wr_csv_header)options->header.value};
    return options->delimiter.given
               ? read_delimiter(options->delimiter.text, &csv->delimiter, error)
               : WR_OK;
}

void csv_print_found(FILE *file, const struct wr_csv_found *found) {
    char delimiter[8];
    if (found->header_found)
        fputs(found->header ? "; the first line is a header"
                            : "; no header, the first line is data",
              file);
    if (found->delimiter != ',')
        fprintf(file, "; delimiter %s", wr_csv_delimiter_text(found->delimiter, delimiter));
}

void csv_warn(const char *path, const struct wr_csv_found *found) {
    if (!found->header_doubted)
        return;
    fputs("windrow: ", stderr);
    wr_print_shown(stderr, path);
    fprintf(stderr,
            ": the first line was taken for %s, but some of it looks like %s; --header yes or "
            "--header no tells which it is\n",
            found->header ? "a header" : "data", found->header ? "data" : "a header");
}

const char *csv_delimiter_word(char delimiter, char text[8]) {
    snprintf(text, 8, "%c", delimiter);
    return delimiter == '\t' ? "tab" : delimiter == ' ' ? "space" : text;
}

bool csv_can_reread(const char *path) {
    struct stat file;
    if (strcmp(path, "-") == 0)
        return false;
    if (stat(path, &file) != 0)
        return true; /* opening it reports the error */
    return S_ISREG(file.st_mode) && strncmp(path, "/dev/", 5) != 0 &&
           strncmp(path, "/proc/", 6) != 0;
}
