#include "cli/groups/panel_options.h"

#define AT(field) OPTION_AT(struct panel_options, field)

static const struct option_spec rows[] = {
    {.section = "Data",
     .name = "data",
     AT(data),
     .argument = "FILE",
     .file = FILE_READ,
     .help = "Read the series from a CSV file; - is standard input; needed to forecast."},
    {.name = "layout",
     AT(layout),
     .argument = "HOW",
     .choices = WORDS("auto", "long", "wide"),
     .fallback = "auto",
     .help = "long (a line for each value), wide (a line for each series: its "
             "name, then its values), or auto: what the file looks like."},
    {OPTIONS_AT(struct panel_options, csv)},
    {.name = "id",
     AT(id),
     .argument = "A",
     .otherwise = "unique_id; without such a column there is one series",
     .help = "Column of the series' names, by name, else by number from 1."},
    {.name = "time",
     AT(time),
     .argument = "A",
     .otherwise = "ds; without such a column lines are numbered",
     .help = "Column of the time stamps: YYYY-MM-DD, with a time of day and an "
             "offset, YYYY-MM, YYYY-Q1, YYYY, or a whole number."},
    {.name = "target",
     AT(target),
     .argument = "A",
     .otherwise = "y, else the first column of numbers",
     .help = "Column to forecast."},
    {.name = "past", AT(past), .argument = "A,B", .help = "Columns that the models see beside it."},
    {.name = "future",
     AT(future),
     .argument = "A,B",
     .help = "The same, known beyond the last value: lines whose target is "
             "empty follow it."},
    {.name = "missing",
     AT(missing),
     .argument = "HOW",
     .choices = WORDS("refuse", "drop", "interpolate"),
     .fallback = "refuse",
     .help = "What to do with gaps: refuse them, drop the windows that touch "
             "one, or interpolate linearly."},
    {.name = "freq",
     AT(freq),
     .argument = "STEP",
     .otherwise = "the one that most series have",
     .help = "Step of the time stamps, as pandas names it: D; B (business days); "
             "W, M, Q, Y, by the days on which they stand; W-SUN; MS, ME, BME or "
             "BM (the first, last, last business day of a month), QS, QE, BQE, "
             "YS, YE, BYE; M-15 (the 15th), QE-NOV; h, min, s, ms; each after a "
             "number of them, 15min; or a number, for stamps that are numbers."},
    {.name = "tz",
     AT(tz),
     .argument = "ZONE",
     .otherwise = "UTC where offsets change, else none",
     .help = "Time zone, as Europe/Berlin: stamps without an offset are local "
             "times there; those with one are continued in local time."},
};

const struct option_group panel_group = OPTION_GROUP(rows);
