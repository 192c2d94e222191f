/* The inside of a panel, for the files that make one. */
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
    /* as they are read, of stamps with offsets: the first line with another one, or 0; the last
       one; and the seconds since midnight of all local times, or -1 where they differ */
    size_t turned;
    struct wr_stamp_form last;
    int clock;
    struct wr_step step;
    int64_t start;    /* the time of the first value */
    double *values;   /* (columns, known), the target's up to length */
    double *observed; /* the same before gaps were filled; NULL: none was */
    size_t length, known;
    size_t left_out; /* rows before the first value, and after the last that is known of anything */
    size_t *lines;   /* (known), or NULL: line, line + line_step, ... */
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
    struct wr_csv_found found;
    struct wr_series *header;      /* the names of a long file's columns, no rows; wide: NULL */
    size_t header_line;            /* where they stand; 0: they have no names */
    enum wr_role *role;            /* (header's columns) */
    size_t id_column, time_column; /* or WR_NO_COLUMN */
    bool guessed;                  /* nobody named the target */
    size_t *column;                /* (columns) of the header */
    size_t columns, pasts, futures;
    bool numbered;
    char *tz;             /* spec.tz, or NULL */
    struct wr_zone *zone; /* of it */
    bool asked;           /* the step is that of spec.freq */
    struct wr_step step;  /* that of the file; in nanoseconds until it is found */
    char freq[WR_STAMP_SIZE];
    char *notes;
    size_t count, capacity;
    struct wr_panel_series *series; /* (count) */
    size_t *slots;                  /* (slot_count, a power of 2): 1 + a series by its id's hash */
    size_t slot_count;
};

/* A panel without series; freed by wr_panel_free. */
wr_status wr_panel_new(const char *path, size_t pasts, size_t futures, struct wr_panel **panel,
                       struct wr_error *error);
/* The series of that name (length bytes), which is made if there is none. */
wr_status wr_panel_find(struct wr_panel *panel, const char *id, size_t length, size_t *series,
                        struct wr_error *error);
/* The same for the record last read; a name that is no UTF-8, as JSON needs it, is WR_ERR_DATA. */
wr_status wr_panel_find_named(struct wr_panel *panel, const struct wr_csv *csv, const char *id,
                              size_t length, size_t *series, struct wr_error *error);
/* Room for one more row of a series: its cells (columns), to be filled in. NULL: WR_ERR_MEMORY. */
double *wr_panel_add(struct wr_panel *panel, struct wr_panel_series *series, int64_t time,
                     size_t line, struct wr_error *error);
void wr_panel_free_rows(struct wr_panel_rows *rows);
/* Makes the rows of every series what wr_panel_values and the others give. WR_ERR_DATA. */
wr_status wr_panel_finish(struct wr_panel *panel, enum wr_missing missing, struct wr_error *error);
/* What is known of a panel before an origin, where gaps were filled with a look at both sides: of
 * series s, a gap that reaches until[s] has the value before it. Values from there on are as they
 * were. *seen goes with its panel, of whose memory it has parts, and is moved on by wr_panel_see;
 * freed by wr_panel_unsee. */
wr_status wr_panel_seen(const struct wr_panel *panel, struct wr_panel **seen,
                        struct wr_error *error);
void wr_panel_see(struct wr_panel *seen, const struct wr_panel *panel, const size_t *until);
void wr_panel_unsee(struct wr_panel *seen);
/* A cell as a value: NaN where it is a gap. NULL, or what is wrong with it. */
const char *wr_panel_cell(const struct wr_csv *csv, const char *cell, double *value);
/* WR_ERR_DATA with file, line and series before the text. */
wr_status wr_panel_fail(const struct wr_panel *panel, const struct wr_panel_series *series,
                        size_t line, struct wr_error *error, const char *format, ...)
    WR_PRINTF(5, 6);

/* panel_time.c: takes freq and tz of a spec. WR_ERR_DATA. */
wr_status wr_panel_set_times(struct wr_panel *panel, const struct wr_panel_spec *spec,
                             struct wr_error *error);
/* The stamp of the record last read, which is later than the one before in its series. An error may
 * read on in the file, for its hint. */
wr_status wr_panel_read_time(struct wr_panel *panel, struct wr_panel_series *series,
                             struct wr_csv *csv, size_t column, int64_t *time,
                             struct wr_error *error);
/* Gives series whose offset changes one: where all local times are of one time of the day, the
 * last, by which local days become days of 24 hours; else that of UTC. */
void wr_panel_settle_offsets(struct wr_panel *panel);
/* Counts every time in so many ticks a second, at least. */
wr_status wr_panel_set_ticks(struct wr_panel *panel, int64_t second, struct wr_error *error);
/* Numbers whose digits are dates become dates: if the step asked for says so, or else if no number
 * is likely. Whether they did. */
bool wr_panel_take_digits(struct wr_panel *panel);

/* panel_steps.c: the step of the file and of every series, and what is to be told of it. */
wr_status wr_panel_find_steps(struct wr_panel *panel, struct wr_error *error);

/* The covariates' columns in their order, as "past a, past b, future c"; "" if there are none.
 * NULL: no memory. The caller frees it. */
char *wr_panel_covariates(const struct wr_panel *panel);
/* The column of a future covariate, as wr_series_column_text has it. Returns to. */
const char *wr_panel_future_text(const struct wr_panel *panel, size_t covariate, char to[96]);

/* ---- panel_columns.c ---- */

/* Gives the columns of the header, which are named, their roles. */
wr_status wr_panel_take_columns(struct wr_panel *panel, const struct wr_panel_spec *spec,
                                struct wr_error *error);
/* The first column of numbers as the target. The first record with values has been read. */
wr_status wr_panel_guess_target(struct wr_panel *panel, const struct wr_csv *csv,
                                struct wr_error *error);
/* Looks at the cells of the record that nobody uses. */
wr_status wr_panel_see_unused(struct wr_panel *panel, const struct wr_csv *csv,
                              struct wr_error *error);
/* WR_ERR_DATA if a column was left unused that may not be, see wr_panel_read_long. */
wr_status wr_panel_check_unused(const struct wr_panel *panel, struct wr_error *error);
/* "; or ...: --id store?" where an unused column may tell series apart, else "". Returns hint. */
const char *wr_panel_id_hint(const struct wr_panel *panel, char hint[128]);
/* Prints what the columns were taken for. */
void wr_panel_print_columns(FILE *file, const struct wr_panel *panel);

/* Reads a file's records by a layout. *panel is NULL unless all is well. */
typedef wr_status wr_panel_reader(struct wr_csv *csv, const struct wr_panel_spec *spec,
                                  struct wr_panel **panel, struct wr_error *error);
wr_panel_reader wr_panel_long, wr_panel_wide, wr_panel_auto;
/* wr_panel_read_long (read = wr_panel_long) and the others on an open file, which stays open. */
wr_status wr_panel_read_stream(FILE *file, const char *path, wr_panel_reader *read,
                               const struct wr_panel_spec *spec, struct wr_panel **panel,
                               struct wr_error *error);

#endif
