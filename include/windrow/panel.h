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
    WR_MISSING_DROP,       /* gaps stay, as NaN: windows that touch one are not trained on */
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
 * that repeat in blocks of rows or in turn, where there is none of time stamps. A target that was
 * not named is WR_ERR_DATA, too, if it repeats so beside other numbers.
 *
 * A time stamp is YYYY-MM-DD, or with THH:MM, THH:MM:SS (T or a blank, a Z or an offset at most at
 * the end, the same in the whole series), YYYY-MM, YYYY, or an integer; one kind in a file. The
 * step of a series is the most frequent difference of its stamps: a number of seconds or days, or
 * of months where its days of the month agree (also all last days), so that quarters and years are
 * months. A series of one value has the step of the first that has more, or one unit.
 *
 * WR_ERR_DATA with file, line and series: not such a file, a name that is not UTF-8, a stamp that
 * is no date, not later than the one before it (twice the same or unsorted, which it says), or
 * between two steps; a value that is no finite number; a covariate that lacks a value; a series
 * without a value. *panel is owned by the caller: wr_panel_free. */
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
