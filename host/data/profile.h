/* What all the cells of a column are, as far as it tells ids from values. */
#ifndef WR_PROFILE_H
#define WR_PROFILE_H

#include "data/cell.h"

/* Starts as {0}. */
struct wr_profile {
    size_t cells;       /* seen */
    unsigned kinds;     /* 1 << enum wr_cell_kind, each that was seen */
    bool fractions;     /* some number is not whole */
    bool varies;        /* some cell differs from the first */
    bool uncounted;     /* some cell is not the number after the one above it */
    bool scattered;     /* some value came again after another one */
    bool rises, falls;  /* numbers and dates: some come after the one above, or before */
    bool acyclic;       /* the cells do not repeat their first ones in their order */
    double first, last; /* numbers: of the first cell, and of the last */
    uint64_t hash;      /* of the last cell */
    char date[32];      /* the last date, cut off */
    size_t runs;        /* of equal cells */
    uint64_t *set;      /* (set_room, a power of 2) hashes of the runs' cells; 0: none */
    size_t set_room;
    uint64_t *cycle; /* (period or, until it is closed, cells) hashes of the first cells */
    size_t cycle_room, period;
};

/* Takes a column's next cell. */
wr_status wr_profile_add(struct wr_profile *profile, const struct wr_csv *csv, const char *cell,
                         struct wr_error *error);
void wr_profile_release(struct wr_profile *profile);

/* The kind that all cells with a value have, text where they differ. */
enum wr_cell_kind wr_profile_kind(const struct wr_profile *profile);
/* Whether the cells count the rows, each a whole number and one more than that above it, from 0 or
 * 1 on. */
bool wr_profile_counts(const struct wr_profile *profile);
/* Likewise from any number on, as an index, years or numbered times do. */
bool wr_profile_steps(const struct wr_profile *profile);
/* Whether they may be the names of series: whole numbers or text that repeats, in blocks of rows or
 * in turn, as values do not. */
bool wr_profile_repeats(const struct wr_profile *profile);
/* Whether each value stands in one block of rows, two or more of them on average, as the names of
 * series that follow one another do. */
bool wr_profile_blocks(const struct wr_profile *profile);
/* Whether they are whole numbers that rise from row to row, as years and dates written in digits
 * do, and more than count the rows. */
bool wr_profile_rises(const struct wr_profile *profile);
/* Whether they are dates that go on from row to row, later or earlier: the file is one series. */
bool wr_profile_goes_on(const struct wr_profile *profile);
/* "dates", "text", ...: what the cells are, for messages. */
const char *wr_profile_text(const struct wr_profile *profile);

#endif
