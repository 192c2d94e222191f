#include "cli/groups/csv_options.h"

#define AT(field) OPTION_AT(struct csv_options, field)

static const struct option_spec rows[] = {
    {.name = "delimiter",
     AT(delimiter),
     .argument = "C",
     .otherwise = "the one of , ; tab | that cuts the lines alike",
     .help = "What stands between cells: comma, semicolon, tab, pipe, "
             "space, or one other character."},
    {.name = "decimal",
     AT(decimal),
     .argument = "C",
     .choices = WORDS(".", ","),
     .fallback = ".",
     .help = "The decimal mark of numbers, a point or a comma."},
    {.name = "header",
     AT(header),
     .argument = "yes|no",
     .choices = WORDS("auto", "yes", "no"),
     .fallback = "auto",
     .help = "Whether the first line is a header; auto: unless its cells "
             "are of the kinds of those below it, which stderr tells. "
             "Without one, columns go by number."},
    {.name = "ignore", AT(ignore), .argument = "A,B", .help = "Columns to leave unused."},
};

const struct option_group csv_group = OPTION_GROUP(rows);
