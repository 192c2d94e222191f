/* A panel: many series in time order, of different lengths, with time stamps and covariates. */
#ifndef WINDROW_PANEL_H
#define WINDROW_PANEL_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/csv.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wr_missing {
    WR_MISSING_REFUSE,     /* a gap is an error that names its line */
    WR_MISSING_DROP,       /* gaps stay, as NaN: windows that touch one are not trained on. Shorter
                              ones are taken where too few are left, or so that the last one touches
                              none, but then no less than half as long */
    WR_MISSING_INTERPOLATE /* linearly between the values before and after it; in a backtest, a gap
                              that reaches an origin has the value before it */
};

enum wr_panel_layout {
    WR_PANEL_AUTO, /* what the file looks like; long if a column is named */
    WR_PANEL_LONG, /* a record for each value */
    WR_PANEL_WIDE  /* a record for each series */
};

/* How a file is read. The strings are read, not kept. Columns by name, in whatever case where
 * no other one is written so, else by number from 1. */
struct wr_panel_spec {
    struct wr_csv_options csv;
    enum wr_panel_layout layout;
    const char *id;   /* long: column of the series' names; NULL: unique_id, or if there is no such
                         column the file holds one series, named after its target */
    const char *time; /* long: column of the time stamps; NULL: ds, or if there is none, rows are
                         numbered from 1 */
    const char *target; /* long: NULL: y, or if there is none, the first other column whose first
                           value is a number; not an unnamed first column */
    const char *const *past; /* (pasts) covariates known up to the last value */
    size_t pasts;
    const char *const *future; /* (futures) covariates known beyond it: rows whose target is empty
                                  follow the last value */
    size_t futures;
    const char *const *ignore; /* (ignores) long: columns to leave unused, see below */
    size_t ignores;
    enum wr_missing missing;
    const char
        *freq;      /* long: the step of the time stamps; NULL: found. Of n units, n = 1 if it is
                       not there: D; B (business days, Monday to Friday); W, M, Q, Y (weeks, months,
                       quarters, years, by the day on which a series stands); W-SUN and so on; MS, ME,
                       M-15 (the first, last, 15th day), BMS, BME or BM (the first, last business
                       day), with Q and Y for M the same; QE-NOV, YS-APR (the month of an end or a
                       start); h, min, s, ms, us, ns; a whole number for stamps that are numbers */
    const char *tz; /* long: the zone, as "Europe/Berlin", of stamps that have a time of day: those
                       without an offset are local times there, and those with one are continued in
                       local time; NULL: none */
};

struct wr_panel;

/* Reads a CSV file, once from its first byte to its last, or standard input where path is "-".
 * WR_ERR_DATA if WR_PANEL_AUTO finds neither layout. */
wr_status wr_panel_read(const char *path, const struct wr_panel_spec *spec, struct wr_panel **panel,
                        struct wr_error *error);

/* Reads a long CSV: a record for each value. Records of one series need not be adjacent, but stand
 * in time order. CSV as wr_series_read_csv_with takes it; without a header, columns go by number. A
 * gap is a cell that is empty, NA, N/A, null, None or NaN, or a time stamp that is missing from an
 * otherwise regular series.
 *
 * Columns that nobody uses are let be where they are numbers. It is WR_ERR_DATA, unless `ignore`
 * names them, if they may tell series apart, or times, and nobody can know that they do not: dates
 * and text, where there is no column of time stamps or the target was not named; and whole numbers
 * that repeat in blocks of rows or in turn, or that rise from row to row and do not count the rows,
 * where there is none of time stamps. A target that was not
 * named is WR_ERR_DATA, too, if it is so beside other numbers.
 *
 * A time stamp is YYYY-MM-DD or YYYY/MM/DD, with a time of day THH:MM, THH:MM:SS or THH:MM:SS.f (up
 * to nine digits) or without (T or a blank; Z, UTC or an offset at most at the end), YYYY-MM,
 * YYYY-Qn or YYYYQn, YYYY, or an integer; one kind in a file. Integers whose digits are YYYYMM or
 * YYYYMMDD (HH, MM, SS may follow) are those dates if all are, from 1900 to 2100 or uneven as
 * numbers, unless freq is a number. Stamps with offsets are instants: where a series' offset
 * changes and there is no tz, it is continued in UTC, or if all are of one time of the day, in the
 * last offset, a local day as one of 24 hours.
 *
 * The step of a series is the most frequent difference of its stamps: of months where its days of
 * the month agree (also all last, or all last or first business days), so that quarters and years
 * are months; of business days where all weekends are left out; else of days or of a clock's time.
 * The file has the step that suits most of the series of three values or more; what the others
 * lack of it is a gap. The order of records of different series does not matter.
 *
 * WR_ERR_DATA with file, line and series: not such a file, a name that is not UTF-8, a stamp that
 * is no date, not later than the one before it (twice the same or unsorted, which it says), or
 * not on the steps; a series of another step than the file's; a freq that is none or does not go
 * with the stamps; a tz that is not known, or not needed; a value that is no finite number; a
 * covariate that lacks a value; a series without a value. *panel is owned by the caller:
 * wr_panel_free. */
wr_status wr_panel_read_long(const char *path, const struct wr_panel_spec *spec,
                             struct wr_panel **panel, struct wr_error *error);

/* Reads a wide CSV: a header, unless it is told that there is none, then a record for each series:
 * its name, then its values; empty cells at the end do not count. No time stamps: steps are
 * numbered from 1. */
wr_status wr_panel_read_wide(const char *path, enum wr_missing missing, struct wr_panel **panel,
                             struct wr_error *error);

/* One series of the caller's own finite values (length), copied; stamps are numbers from 1, and so
 * are lines. Its path is its id. */
wr_status wr_panel_of(const char *id, const double *values, size_t length, struct wr_panel **panel,
                      struct wr_error *error);

void wr_panel_free(struct wr_panel *panel);

/* Series, in the order of their first records. */
size_t wr_panel_count(const struct wr_panel *panel);
const char *wr_panel_id(const struct wr_panel *panel, size_t series);
/* The file, for messages. */
const char *wr_panel_path(const struct wr_panel *panel);
/* What it was read by; owned by the panel. */
const struct wr_csv_found *wr_panel_found(const struct wr_panel *panel);
/* Whether stamps are plain numbers, that is, the file has none. */
bool wr_panel_numbered(const struct wr_panel *panel);
/* The step of the time stamps as spec.freq takes it, as "D"; "" where they are numbered. */
const char *wr_panel_freq(const struct wr_panel *panel);
/* The zone of spec.tz, or "". */
const char *wr_panel_tz(const struct wr_panel *panel);
/* The step's length in seconds, of months and years on average; 0 where stamps are numbers, and no
 * years from 1500 to 2199. */
double wr_panel_step_seconds(const struct wr_panel *panel);
/* What was found out about the time stamps, and a user should know: lines that each end in a
 * newline, or "". */
const char *wr_panel_notes(const struct wr_panel *panel);
/* Values of a series: (length), NaN at a gap that was let in, never first or last. Owned by the
 * panel. */
size_t wr_panel_length(const struct wr_panel *panel, size_t series);
const double *wr_panel_values(const struct wr_panel *panel, size_t series);
/* The same values (length), but NaN at every gap, those that were filled in too: what forecasts are
 * to be scored by. Owned by the panel. */
const double *wr_panel_observed(const struct wr_panel *panel, size_t series);
/* The line on which value `index` of a series stands, or that after it if it was filled in; of wide
 * files that of the series. */
size_t wr_panel_line(const struct wr_panel *panel, size_t series, size_t index);
/* Covariates: past ones (length), future ones (known), known >= length. NaN at a gap likewise. */
size_t wr_panel_pasts(const struct wr_panel *panel);
size_t wr_panel_futures(const struct wr_panel *panel);
const double *wr_panel_past(const struct wr_panel *panel, size_t series, size_t covariate);
const double *wr_panel_future(const struct wr_panel *panel, size_t series, size_t covariate);
size_t wr_panel_known(const struct wr_panel *panel, size_t series);
/* The time stamp of a step, written as the file writes them; beyond the last it is continued in the
 * step of the series. */
#define WR_STAMP_SIZE 48
void wr_panel_stamp(const struct wr_panel *panel, size_t series, size_t step,
                    char stamp[WR_STAMP_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
