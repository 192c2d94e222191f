#include "data/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS_MOST = 1 << 20, CYCLE_MOST = 1 << 17, BLOCKS_SURE = 32 };

static void forget_set(struct wr_profile *profile) {
    free(profile->set);
    profile->set = NULL;
    profile->set_room = 0;
}

static void forget_cycle(struct wr_profile *profile) {
    free(profile->cycle);
    profile->cycle = NULL;
    profile->acyclic = true;
}

/* ---- blocks of rows ---- */

/* Adds a hash to the set; false if it is already there. */
static bool put(uint64_t *set, size_t room, uint64_t hash) {
    size_t slot = (size_t)(hash ^ hash >> 32) & (room - 1);
    for (; set[slot] != 0; slot = (slot + 1) & (room - 1))
        if (set[slot] == hash)
            return false;
    set[slot] = hash;
    return true;
}

static wr_status grow_set(struct wr_profile *profile, const char *path, struct wr_error *error) {
    if (profile->blocks < profile->set_room / 2)
        return WR_OK;
    size_t room = profile->set_room == 0 ? 64 : 2 * profile->set_room;
    uint64_t *set = calloc(room, sizeof *set);
    if (set == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for the values of a column", path);
    for (size_t i = 0; i < profile->set_room; i++)
        if (profile->set[i] != 0)
            put(set, room, profile->set[i]);
    free(profile->set);
    profile->set = set;
    profile->set_room = room;
    return WR_OK;
}

/* Starts a block of equal cells. Columns of measured values have about as many blocks as cells. */
static wr_status add_block(struct wr_profile *profile, const char *path, uint64_t hash,
                           struct wr_error *error) {
    profile->blocks++;
    if (profile->scattered || profile->blocks > BLOCKS_MOST)
        return WR_OK;
    wr_status status = grow_set(profile, path, error);
    if (status != WR_OK)
        return status;
    profile->scattered =
        !put(profile->set, profile->set_room, hash) ||
        (profile->blocks > BLOCKS_SURE && 2 * profile->blocks > profile->cells + 2);
    if (profile->scattered)
        forget_set(profile);
    return WR_OK;
}

/* ---- turns ---- */

static wr_status add_to_cycle(struct wr_profile *profile, const char *path, uint64_t hash,
                              struct wr_error *error) {
    size_t at = profile->cells;
    if (profile->period > 0) {
        if (hash != profile->cycle[at % profile->period])
            forget_cycle(profile);
        return WR_OK;
    }
    if (at > 0 && hash == profile->cycle[0]) {
        profile->period = at;
        if (at == 1)
            forget_cycle(profile);
        return WR_OK;
    }
    if (at >= CYCLE_MOST) {
        forget_cycle(profile);
        return WR_OK;
    }
    uint64_t *cycle =
        wr_grow(profile->cycle, &profile->cycle_room, at + 1, sizeof *cycle, path, error);
    if (cycle == NULL)
        return WR_ERR_MEMORY;
    profile->cycle = cycle;
    cycle[at] = hash;
    return WR_OK;
}

/* ---- order ---- */

static void note_order(struct wr_profile *profile, bool rises, bool falls) {
    profile->rises = profile->rises || rises;
    profile->falls = profile->falls || falls;
}

static void compare_date(struct wr_profile *profile, const char *text, size_t length) {
    char date[sizeof profile->date] = {0};
    memcpy(date, text, length < sizeof date ? length : sizeof date - 1);
    int order = profile->date[0] != '\0' ? strcmp(date, profile->date) : 0;
    note_order(profile, order > 0, order < 0);
    memcpy(profile->date, date, sizeof date);
}

bool wr_profile_dates_ordered(const struct wr_profile *profile) {
    return profile->kinds == 1u << WR_CELL_DATE && profile->rises != profile->falls &&
           profile->blocks == profile->cells;
}

/* ---- all of it ---- */

wr_status wr_profile_add(struct wr_profile *profile, const struct wr_csv *csv, const char *cell,
                         struct wr_error *error) {
    size_t length;
    double number;
    enum wr_cell_kind kind = wr_csv_kind(csv, cell, &number);
    const char *text = wr_cell_trim(cell, &length);
    uint64_t hash = wr_hash(WR_HASH_START, text, length);
    hash += hash == 0;
    profile->kinds |= 1u << kind;
    if (kind == WR_CELL_DATE)
        compare_date(profile, text, length);
    else if (kind == WR_CELL_NUMBER && profile->cells > 0)
        note_order(profile, number > profile->last, number < profile->last);
    profile->fractions = profile->fractions || (kind == WR_CELL_NUMBER && number != floor(number));
    if (profile->cells == 0)
        profile->first = number;
    profile->uncounted =
        profile->uncounted || !(profile->cells == 0 || number == profile->last + 1);
    profile->last = number;
    wr_status status = WR_OK;
    if (profile->cells == 0 || hash != profile->hash)
        status = add_block(profile, csv->path, hash, error);
    profile->varies = profile->varies || (profile->cells > 0 && hash != profile->hash);
    if (status == WR_OK && !profile->acyclic)
        status = add_to_cycle(profile, csv->path, hash, error);
    profile->hash = hash;
    profile->cells++;
    return status;
}

void wr_profile_release(struct wr_profile *profile) {
    free(profile->set);
    free(profile->cycle);
    *profile = (struct wr_profile){0};
}

enum wr_cell_kind wr_profile_kind(const struct wr_profile *profile) {
    unsigned kinds = profile->kinds & ~(1u << WR_CELL_MISSING);
    for (enum wr_cell_kind kind = WR_CELL_NUMBER; kind <= WR_CELL_TEXT; kind++)
        if (kinds == 1u << kind)
            return kind;
    return kinds == 0 ? WR_CELL_MISSING : WR_CELL_TEXT;
}

bool wr_profile_counts(const struct wr_profile *profile) {
    return !profile->uncounted && (profile->first == 0 || profile->first == 1);
}

bool wr_profile_steps(const struct wr_profile *profile) {
    return !profile->uncounted && !profile->fractions && profile->cells > 1;
}

bool wr_profile_rises(const struct wr_profile *profile) {
    return profile->kinds == 1u << WR_CELL_NUMBER && !profile->fractions && profile->rises &&
           !profile->falls && profile->blocks == profile->cells && !wr_profile_counts(profile);
}

bool wr_profile_in_blocks(const struct wr_profile *profile) {
    return profile->varies && !profile->scattered && 2 * profile->blocks <= profile->cells;
}

bool wr_profile_repeats(const struct wr_profile *profile) {
    enum wr_cell_kind kind = wr_profile_kind(profile);
    if (!profile->varies ||
        (kind != WR_CELL_TEXT && (kind != WR_CELL_NUMBER || profile->fractions)))
        return false;
    bool turns = !profile->acyclic && profile->period > 0 && 2 * profile->period <= profile->cells;
    return wr_profile_in_blocks(profile) || turns;
}

const char *wr_profile_text(const struct wr_profile *profile) {
    switch (wr_profile_kind(profile)) {
    case WR_CELL_MISSING:
        return "no value";
    case WR_CELL_DATE:
        return "dates";
    case WR_CELL_COMMA:
        return "numbers by another decimal mark";
    case WR_CELL_TEXT:
        return "text";
    case WR_CELL_NUMBER:
        break;
    }
    if (!profile->varies)
        return "one number in all lines";
    if (wr_profile_counts(profile))
        return "numbers that count the lines";
    if (wr_profile_rises(profile))
        return "whole numbers that rise";
    return wr_profile_repeats(profile) ? "whole numbers that repeat" : "numbers";
}
