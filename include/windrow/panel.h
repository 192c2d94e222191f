/* A panel: many series in time order, of different lengths, with time stamps and covariates. */
#ifndef WINDROW_PANEL_H
#define WINDROW_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "windrow/csv.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wr_missing {
    WR_MISSING_REFUSE, /* a gap is an error, which names its line */
    WR_MISSING_DROP,   /* gaps stay NaN, and windows that contain one are not trained on. If too few
                          windows are left, shorter ones are used. They may be shortened further, by
                          at most half, to free the last window of gaps */
    WR_MISSING_INTERPOLATE /* a gap is filled linearly between the values before and after it; in a
                              backtest, a gap that reaches an origin takes the value before it */
};

enum wr_panel_layout {
    WR_PANEL_AUTO, /* found from the file; long if the spec names a column */
    WR_PANEL_LONG, /* a record for each value */
    WR_PANEL_WIDE  /* a record for each series */
};

/* How a file is read. The call keeps no pointer to the strings. A column is given by its name,
 * where case does not matter unless two names differ by case alone, else by its number from 1. */
struct wr_panel_spec {
    struct wr_csv_options csv;
    enum wr_panel_layout layout;
    const char *id; /* long: column of the series' names; NULL: unique_id. Without such a column the
                       file holds one series, which is named after its target */
    const char *time; /* long: column of the time stamps; NULL: ds. Without such a column, steps are
                         numbered from 1 */
    /* long: column of the values; NULL: y, or if there is none, the first unused column whose first
     * value is a number, but not a first column without a name */
    const char *target;
    const char *const *past; /* (pasts) covariates known up to the last value */
    size_t pasts;
    const char *const *future; /* (futures) covariates known beyond the last value: rows with an
                                  empty target follow it */
    size_t futures;
    const char *const *ignore; /* (ignores) long: columns that may stay unused, see below */
    size_t ignores;
    enum wr_missing missing;
    /* long: the step of the time stamps; NULL: found. A number n (1 if it is left out) and a unit:
     * D; B (business days, Monday to Friday); W, M, Q, Y (weeks, months, quarters, years, on the
     * day of each series); W-SUN and so on; MS, ME, M-15 (the first, last, 15th day), BMS, BME or
     * BM (the first, last business day), and with Q or Y instead of M; QE-NOV, YS-APR (the month of
     * the end or the start); h, min, s, ms, us, ns. A whole number alone for stamps that are
     * numbers */
    const char *freq;
    const char *tz; /* long: the time zone, such as "Europe/Berlin", of stamps with a time of day.
                       Stamps without an offset are local times in it, and future stamps are local
                       times too; NULL: none */
};

struct wr_panel;

/* Reads a CSV file, or standard input if path is "-", once from the first byte to the last.
 * WR_ERR_DATA if WR_PANEL_AUTO recognises neither layout. */
wr_status wr_panel_read(const char *path, const struct wr_panel_spec *spec, struct wr_panel **panel,
                        struct wr_error *error);

/* Reads a long CSV: a record for each value. The CSV is as wr_series_read_csv_with takes it;
 * without a header, columns have numbers only. The records of one series must be in time order;
 * other series' records may stand between them. A gap is a cell that is empty, NA, N/A, null, None
 * or NaN, or a time stamp that is missing from an otherwise regular series.
 *
 * Columns that the spec does not use are an error if they may tell series or times apart, because
 * several series would then be read as one. `ignore` allows them. These are the columns of
 *   - dates or text, if there are no time stamps or the target was not named;
 *   - whole numbers, if there are no time stamps and the numbers repeat (in blocks of rows or in a
 *     cycle), or increase from row to row without counting the rows.
 * The same is true of a target that was not named, if there are other columns of numbers.
 *
 * A time stamp is a date YYYY-MM-DD or YYYY/MM/DD, a month YYYY-MM, a quarter YYYY-Qn or YYYYQn, a
 * year YYYY, or an integer. A date may have a time of day THH:MM, THH:MM:SS or THH:MM:SS.f (up to
 * nine digits; a blank may replace T), with Z, UTC or an offset at its end. All stamps of a file
 * are of one kind. Integers with the digits YYYYMM or YYYYMMDD (HH, MM, SS may follow) are dates if
 * all of the file are, unless freq is a number; without freq they must also lie between 1900 and
 * 2100, or be unevenly spaced as numbers. Stamps with offsets are instants. If a series' offset
 * changes and there is no tz, its future stamps are in UTC; but if all its stamps have the same
 * local time of day, they keep the last offset and a day has 24 hours.
 *
 * The step of a series is the most frequent difference between its stamps. It is counted in months
 * if the days of the month agree (or all are the last day, the first or the last business day),
 * which includes quarters and years; in business days if all weekends are missing; else in days or
 * in units of a clock. The step of the file is the one that suits most of the series of three
 * values or more; stamps of this step that a series does not have are gaps.
 *
 * WR_ERR_DATA names file, line and series: the file is no such CSV; a name is not UTF-8; a stamp is
 * no date, is not later than the one before, or is off the steps; a series has another step than
 * the file; freq is invalid or does not fit the stamps; tz is unknown or not needed; a value is not
 * a finite number; a covariate has no value; a series has no value. The caller frees *panel with
 * wr_panel_free. */
wr_status wr_panel_read_long(const char *path, const struct wr_panel_spec *spec,
                             struct wr_panel **panel, struct wr_error *error);

/* Reads a wide CSV: a header (unless the options say that there is none), then a record for each
 * series: its name, then its values. Empty cells at the end are ignored. There are no time stamps:
 * steps are numbered from 1. */
wr_status wr_panel_read_wide(const char *path, enum wr_missing missing, struct wr_panel **panel,
                             struct wr_error *error);

/* A long table in the caller's memory: entry i of each array is of row i, as a record of a long CSV
 * is. The spec gives the rest: `past` and `future` name the covariates, whose number is `pasts` and
 * `futures`, and `target` names the target (NULL: "y"); `missing`, `freq` and `tz` count as for a
 * file, and the other fields do not. */
struct wr_panel_arrays {
    const char *name; /* in messages, where a file has its path; NULL: "memory" */
    size_t rows;
    /* The names of the series in UTF-8, and the index of each row's name (pandas.factorize gives
     * both). codes NULL: all rows are of the only name. Both NULL: all rows are of one series,
     * which is named after the target. */
    const char *const *ids; /* (id_count) */
    size_t id_count;
    const int64_t *codes; /* (rows) from 0 */
    /* The time stamps: texts as a CSV has them, or numbers, or neither: then steps are numbered
     * from
     * 1. With ticks, `times` are dates, and tell how many ticks a second has, since 1970:
     * 1000000000 for numpy's datetime64[ns], or 1, 1000 or 1000000. Without (0), `times` are
     * integers, which may have the digits of dates, as in a file. */
    const char *const *stamps; /* (rows) */
    const int64_t *times;      /* (rows) */
    int64_t ticks;
    bool utc; /* dates are instants in UTC, as of a pandas column with a time zone; else local */
    /* Values and covariates; NaN is a gap. Rows of future covariates without a target follow the
     * last value. */
    const double *target;        /* (rows) */
    const double *const *past;   /* (spec.pasts) of (rows) each */
    const double *const *future; /* (spec.futures) of (rows) each */
};

/* Makes a panel from arrays, which are copied. From there on it is what wr_panel_read_long makes of
 * a CSV of the same content: the rows of one series are in time order, other rows may stand between
 * them, and the same is found, filled in and refused. Messages name rows, from 1, instead of lines,
 * and so does wr_panel_line. Dates are written as YYYY-MM-DD, with the time of day (after a blank,
 * to the second or to 3, 6 or 9 decimals) if a row needs it.
 *
 * WR_ERR_USAGE for arrays that contradict each other, or are missing; else WR_ERR_DATA, which names
 * series and row. The caller frees *panel with wr_panel_free. */
wr_status wr_panel_of(const struct wr_panel_arrays *arrays, const struct wr_panel_spec *spec,
                      struct wr_panel **panel, struct wr_error *error);

void wr_panel_free(struct wr_panel *panel);

/* Series, in the order of their first records. */
size_t wr_panel_count(const struct wr_panel *panel);
const char *wr_panel_id(const struct wr_panel *panel, size_t series);
/* The file, or the name of arrays, for messages. */
const char *wr_panel_path(const struct wr_panel *panel);
/* How the file was read; owned by the panel. NULL for arrays. */
const struct wr_csv_found *wr_panel_found(const struct wr_panel *panel);
/* Whether the file has no time stamps, so that stamps are numbers from 1. */
bool wr_panel_numbered(const struct wr_panel *panel);
/* The step of the time stamps in the form of spec.freq, such as "D"; "" if there are none. */
const char *wr_panel_freq(const struct wr_panel *panel);
/* The zone of spec.tz, or "". */
const char *wr_panel_tz(const struct wr_panel *panel);
/* The step's length in seconds; for months and years the average. 0 if stamps are numbers, except
 * years from 1500 to 2199. */
double wr_panel_step_seconds(const struct wr_panel *panel);
/* What the reader found about the time stamps and the user should know: lines that each end in a
 * newline, or "". */
const char *wr_panel_notes(const struct wr_panel *panel);
/* Values of a series: (length). With WR_MISSING_DROP, gaps are NaN; the first and the last value
 * are never gaps. Owned by the panel. */
size_t wr_panel_length(const struct wr_panel *panel, size_t series);
const double *wr_panel_values(const struct wr_panel *panel, size_t series);
/* The same values (length), but NaN at every gap, also at those that were filled in. Forecasts are
 * scored against these. Owned by the panel. */
const double *wr_panel_observed(const struct wr_panel *panel, size_t series);
/* The line (of arrays: the row, from 1) of value `index` of a series; if the value was filled in,
 * the line of the next one. In a wide file, the line of the series. */
size_t wr_panel_line(const struct wr_panel *panel, size_t series, size_t index);
/* Covariates: past ones have `length` values, future ones `known` values, known >= length. NaN at a
 * gap, as above. */
size_t wr_panel_pasts(const struct wr_panel *panel);
size_t wr_panel_futures(const struct wr_panel *panel);
const double *wr_panel_past(const struct wr_panel *panel, size_t series, size_t covariate);
const double *wr_panel_future(const struct wr_panel *panel, size_t series, size_t covariate);
size_t wr_panel_known(const struct wr_panel *panel, size_t series);
/* Writes the time stamp of a step in the file's format. Steps after the last stamp continue with
 * the series' step. */
#define WR_STAMP_SIZE 48
void wr_panel_stamp(const struct wr_panel *panel, size_t series, size_t step,
                    char stamp[WR_STAMP_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
