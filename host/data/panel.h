/* The internals of a panel, for the files that make one. */
#ifndef WR_PANEL_H
#define WR_PANEL_H

#include <stdio.h>

#include "data/calendar.h"
#include "data/csv.h"
#include "data/series.h"
#include "data/step.h"
#include "windrow/panel.h"

/* The rows of a series as they are read. */
struct wr_panel_rows {
    size_t count;
    double *cells;  /* (count, columns): target, past, future; NaN: a gap */
    int64_t *times; /* (count) */
    size_t *lines;  /* (count) */
    size_t cells_capacity, times_capacity, lines_capacity;
};

struct wr_panel_series {
    char *id;
    struct wr_panel_rows rows; /* empty once the series is made */
    struct wr_stamp_form form;
    /* Of stamps with offsets, while they are read: the first line whose offset differs, or 0; the
     * last stamp's form; and the local time of day of all stamps, in seconds, or -1 if they differ.
     */
    size_t offset_line;
    struct wr_stamp_form last;
    int clock;
    struct wr_step step;
    int64_t start;    /* the time of the first value */
    double *values;   /* (columns, known); the target has `length` of them */
    double *observed; /* the same, before gaps were filled; NULL: there were none */
    size_t length, known;
    size_t left_out; /* rows left out: before the first value, and after the last known covariate */
    size_t *lines;   /* (known) lines; NULL: they are line, line + line_step, ... */
    size_t line, line_step;
};

/* What a column of a long file is for. */
enum wr_role {
    WR_ROLE_NONE,
    WR_ROLE_ID,
    WR_ROLE_TIME,
    WR_ROLE_TARGET,
    WR_ROLE_COVARIATE,
    WR_ROLE_IGNORED
};
#define WR_NO_COLUMN SIZE_MAX

struct wr_panel {
    char *path;
    bool memory; /* made from arrays: what is called a line is a row of them, from 1 */
    struct wr_csv_found found;
    struct wr_series *header;      /* the column names of a long file, without rows; wide: NULL */
    size_t header_line;            /* the line of the header; 0: there is none */
    enum wr_role *role;            /* (header's columns) */
    size_t id_column, time_column; /* or WR_NO_COLUMN */
    bool guessed;                  /* the caller did not name the target */
    size_t *column;                /* (columns) their indices in the header */
    size_t columns, pasts, futures;
    bool numbered;
    char *tz;             /* spec.tz, or NULL */
    struct wr_zone *zone; /* of tz */
    bool asked;           /* the caller gave the step: spec.freq */
    struct wr_step step;  /* of the file; in nanoseconds until the unit of ticks is known */
    char freq[WR_STAMP_SIZE];
    char *notes;
    size_t count, capacity;
    struct wr_panel_series *series; /* (count) */
    size_t *slots; /* (slot_count, a power of 2) hash table of ids: 1 + the series' index, or 0 */
    size_t slot_count;
};

/* A panel without series; freed by wr_panel_free. */
wr_status wr_panel_new(const char *path, size_t pasts, size_t futures, struct wr_panel **panel,
                       struct wr_error *error);
/* Finds the series of this name (length bytes), or adds it. */
wr_status wr_panel_find(struct wr_panel *panel, const char *id, size_t length, size_t *series,
                        struct wr_error *error);
/* The same for the last record; WR_ERR_DATA if the name is not UTF-8, which JSON needs. */
wr_status wr_panel_find_named(struct wr_panel *panel, const struct wr_csv *csv, const char *id,
                              size_t length, size_t *series, struct wr_error *error);
/* Adds a row to a series. Returns its cells (columns), which the caller fills in; NULL:
 * WR_ERR_MEMORY. */
double *wr_panel_add(struct wr_panel *panel, struct wr_panel_series *series, int64_t time,
                     size_t line, struct wr_error *error);
void wr_panel_free_rows(struct wr_panel_rows *rows);
/* Turns the rows of every series into the arrays that wr_panel_values and others give. WR_ERR_DATA.
 */
wr_status wr_panel_finish(struct wr_panel *panel, enum wr_missing missing, struct wr_error *error);
/* A copy of the panel as it was known at an origin. Gaps are filled from the values on both sides,
 * so a gap that reaches the origin uses a later value. In the copy, a gap of series s that reaches
 * until[s] takes the value before it; values from until[s] on stay as they are. wr_panel_asof_set
 * moves the origin. *copy shares memory with its panel; close it with wr_panel_asof_close. */
wr_status wr_panel_asof_open(const struct wr_panel *panel, struct wr_panel **copy,
                             struct wr_error *error);
void wr_panel_asof_set(struct wr_panel *copy, const struct wr_panel *panel, const size_t *until);
void wr_panel_asof_close(struct wr_panel *copy);
/* Reads a cell as a value, NaN if it is a gap. NULL, or what is wrong with it. */
const char *wr_panel_cell(const struct wr_csv *csv, const char *cell, double *value);
/* What messages call a line: "line", or "row" if the panel was made from arrays. */
const char *wr_panel_line_word(const struct wr_panel *panel);
/* WR_ERR_DATA; the message starts with file, line and series. */
wr_status wr_panel_fail(const struct wr_panel *panel, const struct wr_panel_series *series,
                        size_t line, struct wr_error *error, const char *format, ...)
    WR_PRINTF(5, 6);

/* panel_time.c: reads freq and tz of a spec. WR_ERR_DATA. */
wr_status wr_panel_set_times(struct wr_panel *panel, const struct wr_panel_spec *spec,
                             struct wr_error *error);
/* A time stamp as it is written, or as it is given in ticks. */
struct wr_given_stamp {
    const char *text;          /* NULL: `number` is the stamp */
    int64_t number;            /* of form.second ticks per second */
    struct wr_stamp_form form; /* of a number */
    size_t line;
};
/* Reads a stamp, which must be later than the previous one of its series. *time is its time in the
 * panel's ticks. On an error it may read more of the file `csv` (NULL: there is none) to give a
 * hint. */
wr_status wr_panel_read_time(struct wr_panel *panel, struct wr_panel_series *series,
                             const struct wr_given_stamp *stamp, struct wr_csv *csv, int64_t *time,
                             struct wr_error *error);
/* Gives one offset to each series whose offset changes: UTC, or, if all its local times are the
 * same time of day, the last offset; local days then have 24 hours. */
void wr_panel_unify_offsets(struct wr_panel *panel);
/* Counts all times in ticks of at least so many per second. */
wr_status wr_panel_set_ticks(struct wr_panel *panel, int64_t second, struct wr_error *error);
/* Turns numbers with the digits of dates into dates: if the step asked for needs dates, or no step
 * was asked for and they are unlikely to be numbers. Returns whether it did. */
bool wr_panel_digits_to_dates(struct wr_panel *panel);

/* panel_steps.c: finds the step of the file and of every series, and writes the notes. */
wr_status wr_panel_find_steps(struct wr_panel *panel, struct wr_error *error);

/* The covariates' columns in order, as "past a, past b, future c"; "" if there are none. NULL
 * without memory. The caller frees it. */
char *wr_panel_covariates(const struct wr_panel *panel);
/* The column of a future covariate, as wr_series_column_text writes it. Returns to. */
const char *wr_panel_future_text(const struct wr_panel *panel, size_t covariate, char to[96]);

/* ---- panel_columns.c ---- */

/* Assigns roles to the columns of the header. The header has its names. */
wr_status wr_panel_take_columns(struct wr_panel *panel, const struct wr_panel_spec *spec,
                                struct wr_error *error);
/* Takes the first column of numbers as the target. The first record with values must be the last
 * read. */
wr_status wr_panel_guess_target(struct wr_panel *panel, const struct wr_csv *csv,
                                struct wr_error *error);
/* Adds the record's cells in unused columns to the columns' profiles. */
wr_status wr_panel_profile_unused(struct wr_panel *panel, const struct wr_csv *csv,
                                  struct wr_error *error);
/* WR_ERR_DATA if a column is unused that must not be, see wr_panel_read_long. */
wr_status wr_panel_check_unused(const struct wr_panel *panel, struct wr_error *error);
/* Writes "; or ...: `id=store`?" if an unused column may tell series apart, else "". Returns hint.
 */
const char *wr_panel_id_hint(const struct wr_panel *panel, char hint[128]);
/* Prints the roles of the columns. */
void wr_panel_print_columns(FILE *file, const struct wr_panel *panel);

/* Reads the records of a file with one layout. *panel is NULL after a failure. */
typedef wr_status wr_panel_reader(struct wr_csv *csv, const struct wr_panel_spec *spec,
                                  struct wr_panel **panel, struct wr_error *error);
wr_panel_reader wr_panel_long, wr_panel_wide, wr_panel_auto;
/* Reads a panel from an open file, which stays open, with the layout of `read`. */
wr_status wr_panel_read_stream(FILE *file, const char *path, wr_panel_reader *read,
                               const struct wr_panel_spec *spec, struct wr_panel **panel,
                               struct wr_error *error);

#endif
