#include "data/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *wr_grow(void *memory, size_t *capacity, size_t count, size_t size, const char *what,
              struct wr_error *error) {
    if (count <= *capacity && memory != NULL)
        return memory;
    size_t room, bytes;
    if (!wr_size_add(count, count / 2, &room) || !wr_size_add(room, 1, &room) ||
        !wr_size_mul(room, size, &bytes)) {
        wr_fail(error, WR_ERR_MEMORY, "%s: %zu times %zu bytes do not fit this machine's addresses",
                what, count, size);
        return NULL;
    }
    void *grown = bytes <= wr_memory_limit() ? realloc(memory, bytes) : NULL;
    if (grown == NULL) {
        char text[32];
        wr_fail(error, WR_ERR_MEMORY, "%s: needs %s, more than this machine has to give", what,
                wr_bytes_text((double)bytes, text));
        return NULL;
    }
    *capacity = room;
    return grown;
}

void wr_csv_init(struct wr_csv *csv, FILE *file, const char *path) {
    *csv = (struct wr_csv){.file = file, .path = path};
}

void wr_csv_release(struct wr_csv *csv) {
    free(csv->starts);
    free(csv->text);
    *csv = (struct wr_csv){0};
}

const char *wr_csv_cell(const struct wr_csv *csv, size_t i) {
    return csv->text + csv->starts[i];
}

/* The next byte or EOF; '\n' for every kind of line end. */
static int next_byte(struct wr_csv *csv) {
    int c = getc_unlocked(csv->file);
    if (c == '\r') {
        c = getc_unlocked(csv->file);
        if (c != '\n')
            ungetc(c, csv->file); /* nothing happens if it is EOF */
        c = '\n';
    }
    csv->line += c == '\n';
    return c;
}

static wr_status append(struct wr_csv *csv, char c, struct wr_error *error) {
    char *text = wr_grow(csv->text, &csv->text_capacity, csv->text_size + 1, 1, csv->path, error);
    if (text == NULL)
        return WR_ERR_MEMORY;
    csv->text = text;
    csv->text[csv->text_size++] = c;
    return WR_OK;
}

static wr_status append_byte(struct wr_csv *csv, int c, struct wr_error *error) {
    if (c == '\0')
        return wr_fail(error, WR_ERR_DATA,
                       "%s: line %zu holds a NUL byte: this is no text; save it as UTF-8 CSV",
                       csv->path, csv->line + 1);
    return append(csv, (char)c, error);
}

static wr_status unreadable(const struct wr_csv *csv, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DATA, "%s: cannot be read: %s", csv->path, strerror(errno));
}

/* What follows an opening quote, up to the closing one; *end is the byte after that. */
static wr_status read_quoted(struct wr_csv *csv, int *end, struct wr_error *error) {
    size_t opened = csv->line + 1;
    for (;;) {
        int c = next_byte(csv);
        if (c == '"') {
            *end = next_byte(csv);
            if (*end != '"')
                break;
        }
        if (c == EOF && ferror(csv->file))
            return unreadable(csv, error);
        if (c == EOF)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: line %zu opens a quote that is never closed; close it, or double a "
                           "quote that is meant as a character",
                           csv->path, opened);
        wr_status status = append_byte(csv, c, error);
        if (status != WR_OK)
            return status;
    }
    if (*end == ',' || *end == '\n' || *end == EOF)
        return WR_OK;
    return wr_fail(
        error, WR_ERR_DATA,
        "%s: line %zu has text after a closing quote; put all of the cell in quotes, and "
        "double a quote inside it",
        csv->path, csv->line + 1);
}

/* Appends one cell; *end is ',', '\n' or EOF. */
static wr_status read_cell(struct wr_csv *csv, bool *quoted, int *end, struct wr_error *error) {
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    size_t start = csv->text_size;
    wr_status status = WR_OK;
    int c = next_byte(csv);
    while (status == WR_OK && c != ',' && c != '\n' && c != EOF) {
        if (c == '"' && csv->text_size == start) {
            *quoted = true;
            status = read_quoted(csv, &c, error);
            break;
        }
        status = append_byte(csv, c, error);
        if (csv->line == 0 && csv->text_size == sizeof mark &&
            memcmp(csv->text, mark, sizeof mark) == 0)
            csv->text_size = 0; /* byte order mark */
        c = next_byte(csv);
    }
    if (c == EOF && ferror(csv->file))
        return unreadable(csv, error);
    *end = c;
    return status == WR_OK ? append(csv, '\0', error) : status;
}

/* Reads up to the end of a record; *blank: one cell, unquoted, of nothing but blanks. */
static wr_status read_record(struct wr_csv *csv, bool *blank, int *end, struct wr_error *error) {
    bool quoted = false;
    csv->record_line = csv->line + 1;
    csv->count = csv->text_size = 0;
    do {
        size_t *starts = wr_grow(csv->starts, &csv->starts_capacity, csv->count + 1, sizeof *starts,
                                 csv->path, error);
        if (starts == NULL)
            return WR_ERR_MEMORY;
        csv->starts = starts;
        csv->starts[csv->count++] = csv->text_size;
        wr_status status = read_cell(csv, &quoted, end, error);
        if (status != WR_OK)
            return status;
    } while (*end == ',');
    *blank = csv->count == 1 && !quoted && csv->text[strspn(csv->text, " \t")] == '\0';
    return WR_OK;
}

wr_status wr_csv_next(struct wr_csv *csv, bool *more, struct wr_error *error) {
    size_t first_blank = 0;
    for (;;) {
        bool blank;
        int end = EOF;
        wr_status status = read_record(csv, &blank, &end, error);
        if (status != WR_OK)
            return status;
        *more = !blank;
        if (!blank && first_blank != 0)
            return wr_fail(
                error, WR_ERR_DATA,
                "%s: line %zu is blank, with records after it; remove it, or fill in the "
                "missing record",
                csv->path, first_blank);
        if (!blank || end == EOF)
            return WR_OK;
        if (first_blank == 0)
            first_blank = csv->record_line;
    }
}

void wr_csv_print(FILE *file, const char *cell) {
    if (cell[strcspn(cell, ",\"\r\n")] == '\0') {
        fputs(cell, file);
        return;
    }
    fputc('"', file);
    for (; *cell != '\0'; cell++)
        fputs(*cell == '"' ? "\"\"" : (char[]){*cell, '\0'}, file);
    fputc('"', file);
}
