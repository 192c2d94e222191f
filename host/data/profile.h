/* A summary of all cells of a column, which helps to tell ids from values. */
#ifndef WR_PROFILE_H
#define WR_PROFILE_H

#include "data/cell.h"

/* Starts as {0}. */
struct wr_profile {
    size_t cells;       /* seen */
    unsigned kinds;     /* bits 1 << enum wr_cell_kind of the kinds seen */
    bool fractions;     /* a number was not whole */
    bool varies;        /* a cell differs from the first */
    bool uncounted;     /* a cell is not 1 more than the one above it */
    bool scattered;     /* a value came again after another one */
    bool rises, falls;  /* numbers and dates: one is greater, or smaller, than the one above it */
    bool acyclic;       /* the cells do not repeat in a cycle */
    double first, last; /* numbers: the first cell and the last one */
    uint64_t hash;      /* of the last cell */
    char date[32];      /* the last date, shortened */
    size_t blocks;      /* of consecutive equal cells */
    uint64_t *set;      /* (set_room, a power of 2) hashes of the blocks' cells; 0: an empty slot */
    size_t set_room;
    uint64_t *cycle; /* hashes of the first cells: (period), or (cells) until the first cell comes
                        again */
    size_t cycle_room, period;
};

/* Adds the next cell of a column. */
wr_status wr_profile_add(struct wr_profile *profile, const struct wr_csv *csv, const char *cell,
                         struct wr_error *error);
void wr_profile_release(struct wr_profile *profile);

/* The kind of all cells with a value; text if they differ. */
enum wr_cell_kind wr_profile_kind(const struct wr_profile *profile);
/* Whether the cells count the rows: 0, 1, 2, ... or 1, 2, 3, ... */
bool wr_profile_counts(const struct wr_profile *profile);
/* Whether the cells increase by 1 from any whole number, as an index, years or numbered times do.
 */
bool wr_profile_steps(const struct wr_profile *profile);
/* Whether the cells may be names of series: whole numbers or text that repeat in blocks of rows or
 * in a cycle, as values do not. */
bool wr_profile_repeats(const struct wr_profile *profile);
/* Whether each value has one block of rows, of two rows or more on average, as the names of series
 * that follow one another do. */
bool wr_profile_in_blocks(const struct wr_profile *profile);
/* Whether the cells are whole numbers that increase from row to row, as years and dates in digits
 * do, but do not count the rows. */
bool wr_profile_rises(const struct wr_profile *profile);
/* Whether the cells are dates, each later (or each earlier) than the one above it: the file is one
 * series. */
bool wr_profile_dates_ordered(const struct wr_profile *profile);
/* What the cells are, for messages: "dates", "text", ... */
const char *wr_profile_text(const struct wr_profile *profile);

#endif
