/* The head of a CSV file: finds its delimiter, and whether its first record is a header. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "data/cell.h"
#include "data/csv.h"

enum { BLOCK = 1 << 16, HEAD_MOST = 1 << 26, RECORDS_SEEN = 64 };

/* ---- the bytes ---- */

/* Doubles the buffer and reads more of the file into it. */
static wr_status read_more(struct wr_csv *csv, struct wr_error *error) {
    size_t room = csv->room == 0 ? BLOCK : 2 * csv->room;
    unsigned char *grown = realloc(csv->buffer, room);
    if (grown == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for reading it", csv->path);
    size_t before = csv->filled;
    csv->buffer = grown + before;
    csv->room = room - before;
    wr_csv_fill(csv);
    csv->buffer = grown;
    csv->room = room;
    csv->filled += before;
    csv->at = 0;
    return csv->failure == 0 ? WR_OK : wr_csv_fail_read(csv, error);
}

/* The bytes of a first line sep=; with its line end, and its *delimiter. 0, and *delimiter
 * unchanged, if there is no such line. */
static size_t separator_line(const struct wr_csv *csv, char *delimiter) {
    const char *text = (const char *)csv->buffer;
    size_t mark = csv->filled >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0, at = mark;
    bool quoted = at < csv->filled && text[at] == '"';
    at += quoted;
    if (csv->filled - at < 6 || strncasecmp(text + at, "sep=", 4) != 0)
        return 0;
    char named = text[at + 4];
    at += 5;
    if (quoted && text[at++] != '"')
        return 0;
    bool carriage = at < csv->filled && text[at] == '\r';
    at += carriage;
    bool feed = at < csv->filled && text[at] == '\n';
    if (!carriage && !feed)
        return 0;
    *delimiter = named;
    return at + feed;
}

/* ---- delimiters ---- */

/* A reader of the buffer only, with a delimiter. Release its text and starts. */
static struct wr_csv reader_of(const struct wr_csv *csv, char delimiter) {
    return (struct wr_csv){.path = csv->path,
                           .found = {.delimiter = delimiter, .decimal = csv->found.decimal},
                           .c = csv->c,
                           .line = csv->line,
                           .buffer = csv->buffer,
                           .at = csv->at,
                           .filled = csv->filled};
}

static void release_reader(struct wr_csv *reader) {
    free(reader->starts);
    free(reader->text);
}

/* *found: the buffer holds the next record completely. An error in it is reported later, when it is
 * read for use. */
static wr_status next_whole(const struct wr_csv *csv, struct wr_csv *reader, bool *found,
                            struct wr_error *error) {
    bool blank = true;
    int end = '\n';
    wr_status status = WR_OK;
    while (blank && end != EOF && status == WR_OK)
        status = wr_csv_record(reader, &blank, &end, NULL);
    *found = status == WR_OK && !blank && (end != EOF || csv->ended);
    if (status == WR_ERR_MEMORY)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for its first records", csv->path);
    return WR_OK;
}

/* The number of cells without empty ones at the end. */
static size_t count_cells(const struct wr_csv *reader) {
    size_t count = reader->count;
    while (count > 1 && wr_cell_empty(wr_csv_cell(reader, count - 1)))
        count--;
    return count;
}

/* How well a delimiter splits the first records. */
struct split {
    size_t records, first; /* records so far; cells of the first */
    bool possible;         /* the first two records have at least two cells */
    bool even;             /* all records have the same number of cells */
    bool marks;            /* the delimiter occurs inside a quoted cell */
    size_t cells;          /* below the first record: cells with a value */
    size_t values;         /* of these, numbers or dates */
};

static void add_to_split(struct split *split, const struct wr_csv *reader) {
    size_t count = count_cells(reader);
    char delimiter = reader->found.delimiter;
    double value;
    if (split->records == 0)
        split->first = count;
    split->even = split->even && count == split->first;
    split->possible = split->possible && (split->records > 1 || reader->count > 1);
    for (size_t i = 0; split->records > 0 && i < count; i++) {
        enum wr_cell_kind kind = wr_csv_kind(reader, wr_csv_cell(reader, i), &value);
        split->marks = split->marks || strchr(wr_csv_cell(reader, i), delimiter) != NULL;
        split->cells += kind != WR_CELL_MISSING;
        split->values += kind != WR_CELL_MISSING && kind != WR_CELL_TEXT &&
                         (kind != WR_CELL_COMMA || delimiter != ',');
    }
    split->records++;
}

static wr_status try_delimiter(const struct wr_csv *csv, char delimiter, struct split *split,
                               struct wr_error *error) {
    struct wr_csv reader = reader_of(csv, delimiter);
    bool found = true;
    wr_status status = WR_OK;
    *split = (struct split){.possible = true, .even = true};
    while (status == WR_OK && found && split->records < RECORDS_SEEN) {
        status = next_whole(csv, &reader, &found, error);
        if (status == WR_OK && found)
            add_to_split(split, &reader);
    }
    release_reader(&reader);
    split->possible = split->possible && split->records > 0;
    if (delimiter == csv->found.decimal) /* it would split numbers that are not quoted */
        split->possible = split->possible && split->marks;
    return status;
}

/* Whether a is better than b: more even, or with a larger share of numbers and dates. */
static bool is_better(const struct split *a, const struct split *b) {
    if (!a->possible || !b->possible)
        return a->possible;
    if (a->even != b->even)
        return a->even;
    return (double)a->values * (double)b->cells > (double)b->values * (double)a->cells;
}

/* Without a better one, the delimiter is a comma, or ; if the comma is the decimal mark. */
static wr_status find_delimiter(struct wr_csv *csv, struct wr_error *error) {
    static const char candidates[] = ",;\t|";
    struct split best = {0}, split;
    char found = csv->found.decimal == ',' ? ';' : ',';
    for (const char *c = candidates; *c != '\0'; c++) {
        wr_status status = try_delimiter(csv, *c, &split, error);
        if (status != WR_OK)
            return status;
        if (!is_better(&split, &best))
            continue;
        best = split;
        found = *c;
    }
    csv->found.delimiter = found;
    return WR_OK;
}

/* ---- the header ---- */

/* The kinds of the cells in the first record and in those below it. */
struct kinds {
    size_t count, records;
    unsigned char *first, *below; /* (count) */
    bool usual;      /* the first record has a name that is never data: unique_id, ds */
    size_t trailing; /* records below with one more cell, which is empty */
    bool pandas;     /* the first record is an empty cell, then 0, 1, ...: pandas' names of unnamed
                        columns */
    bool counts;     /* the first record is numbers, each 1 more than the one before */
    bool counts_below; /* the second record is such numbers */
};

/* Whether all cells, perhaps except the first, are whole numbers that increase by 1. */
static bool counts_up(const struct wr_csv *reader) {
    double last = 0, value;
    size_t numbers = 0;
    for (size_t i = 0; i < reader->count; i++) {
        bool number = wr_csv_number(reader, wr_csv_cell(reader, i), &value);
        if (!number && i == 0)
            continue;
        if (!number || value != floor(value) || (numbers++ > 0 && value != last + 1))
            return false;
        last = value;
    }
    return numbers > 1;
}

static bool is_pandas(const struct wr_csv *reader) {
    double value;
    for (size_t i = 1; i < reader->count; i++)
        if (!wr_csv_number(reader, wr_csv_cell(reader, i), &value) || value != (double)(i - 1))
            return false;
    return reader->count > 1 && wr_cell_empty(wr_csv_cell(reader, 0));
}

static wr_status note_first(const struct wr_csv *reader, struct kinds *kinds,
                            struct wr_error *error) {
    double value;
    kinds->count = reader->count;
    kinds->first = malloc(reader->count);
    kinds->below = calloc(reader->count, 1);
    if (kinds->first == NULL || kinds->below == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for %zu columns", reader->path,
                       reader->count);
    for (size_t i = 0; i < reader->count; i++) {
        const char *cell = wr_csv_cell(reader, i);
        kinds->first[i] = (unsigned char)wr_csv_kind(reader, cell, &value);
        kinds->usual = kinds->usual || wr_cell_is(cell, "unique_id") || wr_cell_is(cell, "ds");
    }
    kinds->counts = counts_up(reader);
    kinds->pandas = is_pandas(reader);
    return WR_OK;
}

static void note_below(const struct wr_csv *reader, struct kinds *kinds) {
    double value;
    kinds->trailing +=
        reader->count == kinds->count + 1 && wr_cell_empty(wr_csv_cell(reader, kinds->count));
    if (kinds->records == 1)
        kinds->counts_below = counts_up(reader);
    for (size_t i = 0; i < reader->count && i < kinds->count; i++)
        if (kinds->below[i] == WR_CELL_MISSING)
            kinds->below[i] = (unsigned char)wr_csv_kind(reader, wr_csv_cell(reader, i), &value);
}

static wr_status note_records(const struct wr_csv *csv, struct kinds *kinds,
                              struct wr_error *error) {
    struct wr_csv reader = reader_of(csv, csv->found.delimiter);
    bool found = true;
    wr_status status = WR_OK;
    while (status == WR_OK && kinds->records < RECORDS_SEEN) {
        status = next_whole(csv, &reader, &found, error);
        if (status != WR_OK || !found)
            break;
        if (kinds->records == 0)
            status = note_first(&reader, kinds, error);
        else
            note_below(&reader, kinds);
        kinds->records++;
    }
    release_reader(&reader);
    return status;
}

static bool is_value(unsigned kind) {
    return kind == WR_CELL_NUMBER || kind == WR_CELL_COMMA || kind == WR_CELL_DATE;
}

/* The first record is data if its cells are of the same kinds as those below it. It is a header if
 * a cell is of another kind than the numbers or dates below it, unless it has a date above dates:
 * columns do not have dates as names. It is also a header if it is an empty
 * cell before columns 0, 1, ...: pandas writes an index and unnamed columns like this. */
static void find_header(struct wr_csv_found *found, const struct kinds *kinds) {
    bool same = false, other = false, dated = false, text = false;
    for (size_t i = 0; i < kinds->count; i++) {
        unsigned first = kinds->first[i], below = kinds->below[i];
        text = text || first == WR_CELL_TEXT;
        if (first == WR_CELL_MISSING || !is_value(below))
            continue;
        same = same || first == below;
        other = other || (first != below && (first == WR_CELL_TEXT || first == WR_CELL_DATE ||
                                             below == WR_CELL_DATE));
        dated = dated || (first == WR_CELL_DATE && below == WR_CELL_DATE);
    }
    found->header_found = true;
    bool pandas = kinds->pandas && kinds->count > 0 && kinds->below[0] != WR_CELL_MISSING;
    found->header = kinds->usual || pandas || (other && !dated) || (text && !same);
    found->header_doubted =
        !kinds->usual && ((other && same) || (!found->header && kinds->counts &&
                                              kinds->records > 1 && !kinds->counts_below));
}

static void keep_kinds(struct wr_csv *csv, struct kinds *kinds) {
    for (size_t i = 0; i < kinds->count && !csv->found.header; i++)
        if (kinds->first[i] != WR_CELL_MISSING)
            kinds->below[i] = kinds->first[i];
    csv->kinds = kinds->below;
    csv->kind_count = kinds->count;
    kinds->below = NULL;
}

static wr_status find_kinds(struct wr_csv *csv, const struct wr_csv_options *options,
                            struct wr_error *error) {
    struct kinds kinds = {0};
    wr_status status = note_records(csv, &kinds, error);
    if (status == WR_OK) {
        find_header(&csv->found, &kinds);
        if (options->header != WR_HEADER_FIND) {
            csv->found.header = options->header == WR_HEADER_YES;
            csv->found.header_found = csv->found.header_doubted = false;
        }
        csv->trailing = kinds.records > 1 && kinds.trailing == kinds.records - 1;
        keep_kinds(csv, &kinds);
    }
    free(kinds.first);
    free(kinds.below);
    return status;
}

/* ---- all of it ---- */

/* *enough: the buffer holds two complete records, or all that there are. */
static wr_status is_enough(const struct wr_csv *csv, bool *enough, struct wr_error *error) {
    struct wr_csv reader = reader_of(csv, csv->found.delimiter);
    bool whole = true;
    wr_status status = WR_OK;
    for (size_t i = 0; i < 2 && whole && status == WR_OK; i++)
        status = next_whole(csv, &reader, &whole, error);
    bool wrong = !whole && reader.at < reader.filled; /* reported when it is read for use */
    release_reader(&reader);
    *enough = whole || wrong || csv->ended || csv->filled >= HEAD_MOST;
    return status;
}

static wr_status read_head(struct wr_csv *csv, const struct wr_csv_options *options,
                           struct wr_error *error) {
    bool enough = false;
    wr_status status = WR_OK;
    while (!enough && status == WR_OK) {
        char named = 0;
        status = read_more(csv, error);
        if (status != WR_OK)
            return status;
        csv->at = separator_line(csv, &named);
        csv->line = csv->at > 0;
        csv->found.delimiter = options->delimiter != 0 ? options->delimiter : named;
        if (csv->at > 0 && !wr_csv_is_delimiter(csv->found.delimiter))
            return wr_fail(error, WR_ERR_DATA,
                           "%s: its first line, sep=, names a character that is no delimiter; mend "
                           "it, or give \1delimiter\1",
                           csv->path);
        if (csv->found.delimiter == 0)
            status = find_delimiter(csv, error);
        if (status == WR_OK)
            status = is_enough(csv, &enough, error);
    }
    return status == WR_OK ? find_kinds(csv, options, error) : status;
}

wr_status wr_csv_open(struct wr_csv *csv, FILE *file, const char *path,
                      const struct wr_csv_options *options, struct wr_error *error) {
    *csv = (struct wr_csv){.file = file, .path = path};
    if (options->delimiter != 0 && !wr_csv_is_delimiter(options->delimiter))
        return wr_fail(error, WR_ERR_USAGE,
                       "%s: the delimiter has the code %d; it needs an ASCII character that no "
                       "number and no quote has in it",
                       path, (unsigned char)options->delimiter);
    if (options->decimal != 0 && options->decimal != '.' && options->decimal != ',')
        return wr_fail(error, WR_ERR_USAGE, "%s: the decimal sign has the code %d; it is . or ,",
                       path, (unsigned char)options->decimal);
    csv->found.decimal = options->decimal != 0 ? options->decimal : '.';
    csv->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (csv->c == (locale_t)0)
        return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for reading it", path);
    return read_head(csv, options, error);
}
