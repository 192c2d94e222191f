#include "data/csv.h"

#include <ctype.h>
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

void wr_csv_release(struct wr_csv *csv) {
    free(csv->starts);
    free(csv->text);
    free(csv->buffer);
    free(csv->kinds);
    if (csv->c != (locale_t)0)
        freelocale(csv->c);
    *csv = (struct wr_csv){0};
}

const char *wr_csv_cell(const struct wr_csv *csv, size_t i) {
    return csv->text + csv->starts[i];
}

bool wr_csv_fill(struct wr_csv *csv) {
    if (csv->ended || csv->file == NULL)
        return false;
    csv->at = 0;
    csv->filled = fread(csv->buffer, 1, csv->room, csv->file);
    csv->ended = csv->filled < csv->room;
    if (ferror(csv->file))
        csv->failure = errno;
    return csv->filled > 0;
}

static int raw_byte(struct wr_csv *csv) {
    if (csv->at == csv->filled && !wr_csv_fill(csv))
        return EOF;
    return csv->buffer[csv->at++];
}

/* The next byte or EOF; '\n' for every kind of line end. */
static int next_byte(struct wr_csv *csv) {
    int c = raw_byte(csv);
    if (c == '\r') {
        c = raw_byte(csv);
        if (c != '\n' && c != EOF)
            csv->at--; /* put back the byte just read */
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

wr_status wr_csv_fail_read(const struct wr_csv *csv, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DATA, "%s: cannot be read: %s", csv->path, strerror(csv->failure));
}

/* Reads from an opening quote to the closing one; *end is the byte after it. */
static wr_status read_quoted(struct wr_csv *csv, int *end, struct wr_error *error) {
    size_t opened = csv->line + 1;
    for (;;) {
        int c = next_byte(csv);
        if (c == '"') {
            *end = next_byte(csv);
            if (*end != '"')
                break;
        }
        if (c == EOF && csv->failure != 0)
            return wr_csv_fail_read(csv, error);
        if (c == EOF)
            return wr_fail(error, WR_ERR_DATA,
                           "%s: line %zu opens a quote that is never closed; close it, or double a "
                           "quote that is meant as a character",
                           csv->path, opened);
        wr_status status = append_byte(csv, c, error);
        if (status != WR_OK)
            return status;
    }
    if (*end == csv->found.delimiter || *end == '\n' || *end == EOF)
        return WR_OK;
    return wr_fail(
        error, WR_ERR_DATA,
        "%s: line %zu has text after a closing quote; put all of the cell in quotes, and "
        "double a quote inside it",
        csv->path, csv->line + 1);
}

/* Whether the cell has only blanks so far. */
static bool is_blank_from(const struct wr_csv *csv, size_t start) {
    while (start < csv->text_size && (csv->text[start] == ' ' || csv->text[start] == '\t'))
        start++;
    return start == csv->text_size;
}

/* Appends one cell; *end is the delimiter, '\n' or EOF. */
static wr_status read_cell(struct wr_csv *csv, bool *quoted, int *end, struct wr_error *error) {
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    size_t start = csv->text_size;
    wr_status status = WR_OK;
    int c = next_byte(csv);
    while (status == WR_OK && c != csv->found.delimiter && c != '\n' && c != EOF) {
        if (c == '"' && is_blank_from(csv, start)) {
            csv->text_size = start;
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
    if (c == EOF && csv->failure != 0)
        return wr_csv_fail_read(csv, error);
    *end = c;
    return status == WR_OK ? append(csv, '\0', error) : status;
}

wr_status wr_csv_record(struct wr_csv *csv, bool *blank, int *end, struct wr_error *error) {
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
    } while (*end == csv->found.delimiter);
    *blank = csv->count == 1 && !quoted && csv->text[strspn(csv->text, " \t")] == '\0';
    return WR_OK;
}

wr_status wr_csv_next(struct wr_csv *csv, bool *more, struct wr_error *error) {
    size_t first_blank = 0;
    for (;;) {
        bool blank;
        int end = EOF;
        wr_status status = wr_csv_record(csv, &blank, &end, error);
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

bool wr_csv_is_delimiter(char c) {
    return c == '\t' ||
           (c >= ' ' && c < 0x7f && !isalnum((unsigned char)c) && strchr("\".+-", c) == NULL);
}

const char *wr_csv_delimiter_text(char delimiter, char text[8]) {
    if (delimiter == '\t')
        strcpy(text, "tab");
    else
        snprintf(text, 8, "'%c'", delimiter);
    return text;
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

wr_status wr_csv_open_file(const char *path, FILE **file, const char **name,
                           struct wr_error *error) {
    bool standard = strcmp(path, "-") == 0;
    *name = standard ? "standard input" : path;
    *file = standard ? stdin : fopen(path, "re");
    return *file != NULL ? WR_OK
                         : wr_fail(error, wr_cause(errno, WR_ERR_DATA), "%s: cannot be opened: %s",
                                   path, strerror(errno));
}

void wr_csv_close_file(FILE *file) {
    if (file != stdin)
        fclose(file);
}
