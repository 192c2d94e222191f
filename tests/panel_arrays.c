/* The content of a long CSV as arrays, and the comparison of panels that are made from both. */
#include <math.h>

#include "data/cell.h"
#include "panel_support.h"

enum { MOST_ROWS = 2048, MOST_COLUMNS = 16 };

struct content {
    char *text; /* of the CSV, cut into cells */
    char *cells[MOST_ROWS][MOST_COLUMNS];
    size_t rows, columns; /* rows without the header */
    size_t id, time;      /* columns, or WR_NO_COLUMN */
    size_t values[MOST_COLUMNS];
    const char *ids[MOST_ROWS], *stamps[MOST_ROWS];
    int64_t codes[MOST_ROWS], times[MOST_ROWS];
    double numbers[MOST_COLUMNS][MOST_ROWS];
};

/* ---- reading ---- */

/* Cuts the text into cells; false if it is not plain: commas between, every record of one length.
 */
static bool cut(struct content *c) {
    size_t row = 0, column = 0;
    if (strpbrk(c->text, "\";|\r\xef") != NULL || *c->text == '\0')
        return false;
    for (char *at = c->text; *at != '\0';) {
        char *end = at + strcspn(at, ",\n"), mark = *end;
        if (row >= MOST_ROWS || column >= MOST_COLUMNS)
            return false;
        *end = '\0';
        c->cells[row][column++] = at;
        at = end + (mark != '\0');
        if (mark == ',')
            continue;
        if (row > 0 && column != c->columns)
            return false;
        c->columns = column;
        column = 0;
        row++;
    }
    c->rows = row - 1;
    return c->rows > 0;
}

static size_t find(const struct content *c, const char *asked, const char *usual) {
    for (size_t i = 0; i < c->columns; i++)
        if (strcmp(c->cells[0][i], asked != NULL ? asked : usual) == 0)
            return i;
    return WR_NO_COLUMN;
}

/* Finds the columns by their names; false if one is not there, or has no use. */
static bool find_columns(struct content *c, const struct wr_panel_spec *spec) {
    c->id = find(c, spec->id, "unique_id");
    c->time = find(c, spec->time, "ds");
    size_t used = 1U + (c->id != WR_NO_COLUMN) + (c->time != WR_NO_COLUMN);
    c->values[0] = find(c, spec->target, "y");
    for (size_t i = 0; i < spec->pasts; i++)
        c->values[1 + i] = find(c, spec->past[i], "");
    for (size_t i = 0; i < spec->futures; i++)
        c->values[1 + spec->pasts + i] = find(c, spec->future[i], "");
    for (size_t i = 0; i < 1 + spec->pasts + spec->futures; i++)
        if (c->values[i] == WR_NO_COLUMN)
            return false;
    return used + spec->pasts + spec->futures == c->columns;
}

/* Takes the columns that the CSV reader has found. */
static void take_columns(struct content *c, const struct wr_panel *read) {
    c->id = read->id_column;
    c->time = read->time_column;
    memcpy(c->values, read->column, read->columns * sizeof *read->column);
}

static bool read_number(const char *cell, double *number) {
    char *end;
    *number = NAN;
    if (wr_cell_missing(cell))
        return true;
    *number = strtod(cell, &end);
    return end != cell && wr_cell_empty(end) && !isnan(*number);
}

static bool read_rows(struct content *c, size_t columns) {
    size_t ids = 0;
    for (size_t row = 0; row < c->rows; row++) {
        char *const *cells = c->cells[row + 1];
        size_t code = 0;
        if (c->id != WR_NO_COLUMN) {
            while (code < ids && strcmp(c->ids[code], cells[c->id]) != 0)
                code++;
            c->ids[code] = cells[c->id];
            ids += code == ids;
        }
        c->codes[row] = (int64_t)code;
        c->stamps[row] = c->time != WR_NO_COLUMN ? cells[c->time] : NULL;
        for (size_t i = 0; i < columns; i++)
            if (!read_number(cells[c->values[i]], &c->numbers[i][row]))
                return false;
    }
    return true;
}

/* How wr_panel_of writes dates, as windrow/panel.h says. */
static struct wr_stamp_form written_form(const struct wr_panel_arrays *arrays) {
    struct wr_stamp_form form = {.kind = WR_STAMP_TIME, .mark = '-', .second = 1000000000};
    bool clock = arrays->utc;
    int decimals = 0;
    for (size_t row = 0; row < arrays->rows; row++) {
        int64_t rest = arrays->times[row] % 1000000000; /* what decimals tell of a second */
        clock = clock || arrays->times[row] % 86400000000000 != 0;
        for (int shown = 0; shown <= 9 && rest % 1000000000 != 0;
             shown += 3, rest = rest * 1000 % 1000000000)
            decimals = shown + 3 > decimals ? shown + 3 : decimals;
    }
    if (clock) {
        form.separator = ' ';
        form.detail = (char)(WR_DETAIL_SECOND + decimals);
    }
    if (arrays->utc)
        strcpy(form.zone, "+00:00");
    return form;
}

/* Fills in the time stamps as numbers or nanoseconds; false if these cannot say what the texts do.
 */
static bool read_times(struct content *c, struct wr_panel_arrays *arrays) {
    struct wr_stamp_form form = {0};
    char written[WR_STAMP_SIZE];
    int nanosecond;
    for (size_t row = 0; row < c->rows; row++) {
        int64_t *time = &c->times[row];
        if (!wr_stamp_read(c->stamps[row], &form, time, &nanosecond))
            return false;
        if (form.kind == WR_STAMP_TIME && llabs(*time) > 9000000000) /* beyond nanoseconds */
            return false;
        if (form.kind == WR_STAMP_TIME)
            *time = *time * 1000000000 + nanosecond;
    }
    arrays->times = c->times;
    arrays->ticks = form.kind == WR_STAMP_TIME ? 1000000000 : 0;
    arrays->utc = strcmp(form.zone, "+00:00") == 0;
    form = arrays->ticks > 0 ? written_form(arrays) : (struct wr_stamp_form){.second = 1};
    for (size_t row = 0; row < c->rows; row++) {
        wr_stamp_write(&form, c->times[row], written);
        if (strcmp(written, c->stamps[row]) != 0)
            return false;
    }
    arrays->stamps = NULL;
    return true;
}

/* ---- comparing ---- */

/* Writes the text with "row N-1" for "line N", without the numbers of columns and without advice
 * about cells or files. */
static void in_rows(const char *text, char *to, size_t size) {
    static const char *const advice[] = {"; leave the cell empty", "; put NaN", "; save the file"};
    size_t at = 0;
    while (*text != '\0' && at + 32 < size) {
        int length = 0;
        size_t number;
        if (sscanf(text, "line %zu%n", &number, &length) == 1 && length > 0) {
            at += (size_t)snprintf(to + at, size - at, "row %zu", number - 1);
            text += length;
        } else if ((sscanf(text, " (number %zu)%n", &number, &length) == 1 ||
                    sscanf(text, " in column %zu%n", &number, &length) == 1) &&
                   length > 0) {
            text += length;
        } else if (strncmp(text, "e+", 2) == 0) { /* 1e39 of a file is 1e+39 of a number */
            to[at++] = 'e';
            text += 2;
        } else {
            to[at++] = *text++;
        }
    }
    to[at] = '\0';
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
        if (strstr(to, advice[i]) != NULL)
            *strstr(to, advice[i]) = '\0';
}

static void assert_same_text(const char *read, const char *made) {
    char a[1024], b[1024];
    in_rows(read, a, sizeof a);
    in_rows(made, b, sizeof b);
    assert_string_equal(a, b);
}

static void assert_same_bits(const double *a, const double *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isnan(a[i]) || !isnan(b[i]))
            assert_memory_equal(&a[i], &b[i], sizeof *a);
}

static void assert_same_series(const struct wr_panel *read, const struct wr_panel *made, size_t s) {
    enum { BEYOND = 5 };
    char a[WR_STAMP_SIZE], b[WR_STAMP_SIZE];
    size_t length = wr_panel_length(read, s), known = wr_panel_known(read, s);
    assert_string_equal(wr_panel_id(read, s), wr_panel_id(made, s));
    assert_int_equal(length, wr_panel_length(made, s));
    assert_int_equal(known, wr_panel_known(made, s));
    assert_same_bits(wr_panel_values(read, s), wr_panel_values(made, s), length);
    assert_same_bits(wr_panel_observed(read, s), wr_panel_observed(made, s), length);
    for (size_t i = 0; i < wr_panel_pasts(read); i++)
        assert_same_bits(wr_panel_past(read, s, i), wr_panel_past(made, s, i), length);
    for (size_t i = 0; i < wr_panel_futures(read); i++)
        assert_same_bits(wr_panel_future(read, s, i), wr_panel_future(made, s, i), known);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(wr_panel_line(read, s, i), wr_panel_line(made, s, i) + 1);
    for (size_t i = 0; i < known + BEYOND; i++) {
        wr_panel_stamp(read, s, i, a);
        wr_panel_stamp(made, s, i, b);
        assert_string_equal(a, b);
    }
}

static void assert_same_panel(const struct wr_panel *read, const struct wr_panel *made) {
    char *a = wr_panel_covariates(read), *b = wr_panel_covariates(made);
    assert_string_equal(a, b);
    free(a);
    free(b);
    assert_int_equal(wr_panel_count(read), wr_panel_count(made));
    assert_int_equal(wr_panel_pasts(read), wr_panel_pasts(made));
    assert_int_equal(wr_panel_futures(read), wr_panel_futures(made));
    assert_int_equal(wr_panel_numbered(read), wr_panel_numbered(made));
    assert_string_equal(wr_panel_freq(read), wr_panel_freq(made));
    assert_string_equal(wr_panel_tz(read), wr_panel_tz(made));
    assert_true(wr_panel_step_seconds(read) == wr_panel_step_seconds(made));
    assert_same_text(wr_panel_notes(read), wr_panel_notes(made));
    assert_null(wr_panel_found(made));
    for (size_t s = 0; s < wr_panel_count(read); s++)
        assert_same_series(read, made, s);
}

static void compare(const struct wr_panel_arrays *arrays, const struct wr_panel_spec *spec,
                    const struct wr_panel *read, const char *refusal) {
    struct wr_error error = {0};
    struct wr_panel *made;
    wr_status status = wr_panel_of(arrays, spec, &made, &error);
    if (read != NULL && status != WR_OK)
        fail_msg("%s", error.text);
    if (read != NULL)
        assert_same_panel(read, made);
    if (read == NULL && status == WR_OK)
        fail_msg("not refused: %s", refusal);
    if (read == NULL)
        assert_same_text(refusal, error.text);
    wr_panel_free(made);
}

bool same_from_arrays(const char *text, const struct wr_panel_spec *spec,
                      const struct wr_panel *read, const char *refusal) {
    static const struct wr_panel_spec plain = {0};
    struct content *c = calloc(1, sizeof *c);
    const double *values[MOST_COLUMNS];
    assert_non_null(c);
    assert_non_null(c->text = strdup(text));
    struct wr_panel_spec own = spec != NULL ? *spec : plain;
    bool whole = cut(c) && (read != NULL ? read->header_line == 1 : find_columns(c, &own));
    if (whole && read != NULL)
        take_columns(c, read);
    whole = whole && read_rows(c, 1 + own.pasts + own.futures);
    for (size_t i = 0; i < MOST_COLUMNS; i++)
        values[i] = c->numbers[i];
    if (whole) {
        own.target = c->cells[0][c->values[0]];
        size_t ids = 0;
        while (ids < c->rows && c->ids[ids] != NULL)
            ids++;
        struct wr_panel_arrays arrays = {.name = "p.csv",
                                         .rows = c->rows,
                                         .ids = ids > 0 ? c->ids : NULL,
                                         .id_count = ids,
                                         .codes = ids > 0 ? c->codes : NULL,
                                         .target = values[0],
                                         .past = values + 1,
                                         .future = values + 1 + own.pasts};
        arrays.stamps = c->time != WR_NO_COLUMN ? c->stamps : NULL;
        compare(&arrays, &own, read, refusal);
        if (arrays.stamps != NULL && read_times(c, &arrays))
            compare(&arrays, &own, read, refusal);
    }
    free(c->text);
    free(c);
    return whole;
}
