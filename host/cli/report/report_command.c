/* windrow report: finds out what a file is, and draws it as a page. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/report/page.h"
#include "cli/report/report.h"
#include "data/csv.h"

#define SQLITE_MAGIC "SQLite format 3"

wr_status report_fail_kind(const struct source *source, const char *what) {
    return wr_fail(source->error, WR_ERR_DATA,
                   "%s: %s; report takes a study of windrow sweep, a fit of windrow forecast "
                   "--save, the CSV or JSON of windrow backtest, the JSON of windrow bench, or "
                   "bench/history.csv",
                   source->path, what);
}

wr_status report_check_made(const struct source *source, const json_t *object) {
    return object != NULL ? WR_OK
                          : wr_fail(source->error, WR_ERR_MEMORY, "%s: no memory for what it holds",
                                    source->path);
}

/* ---- reading ---- */

static bool is_study(const struct source *source) {
    return source->size >= sizeof SQLITE_MAGIC &&
           memcmp(source->text, SQLITE_MAGIC, sizeof SQLITE_MAGIC) == 0;
}

/* A safetensors file begins with the size of its header, 8 bytes, lowest first. */
static bool is_fit(const struct source *source) {
    return source->size > 8 && source->text[8] == '{' && source->text[7] == '\0' &&
           source->text[6] == '\0';
}

/* Reads the file; of a study or a fit, whose own readers open it again, only the start. */
static wr_status read_text(struct source *source, FILE *file, struct wr_text *text) {
    char buffer[65536];
    size_t count;
    bool fine = true;
    errno = 0;
    while (fine && (count = fread(buffer, 1, sizeof buffer, file)) > 0) {
        fine = wr_text_add(text, buffer, count);
        source->text = text->bytes;
        source->size = text->size;
        if (fine && (is_study(source) || is_fit(source)))
            break;
    }
    if (ferror(file))
        return wr_fail(source->error, wr_cause(errno, WR_ERR_DATA), "%s: cannot be read: %s",
                       source->path, strerror(errno));
    return fine && wr_text_add(text, "", 0)
               ? WR_OK
               : wr_fail(source->error, WR_ERR_MEMORY, "%s: no memory for its content",
                         source->path);
}

/* The caller frees *bytes with free, also after a failure. */
static wr_status read_source(struct source *source, char **bytes) {
    FILE *file;
    struct wr_text text = {0};
    *bytes = NULL;
    wr_status status =
        wr_csv_open_file(source->options->file.text, &file, &source->path, source->error);
    if (status != WR_OK)
        return status;
    status = read_text(source, file, &text);
    wr_csv_close_file(file);
    size_t size = text.size;
    *bytes = wr_text_end(&text);
    source->text = *bytes;
    source->size = size;
    if (status == WR_OK && *bytes == NULL)
        status =
            wr_fail(source->error, WR_ERR_MEMORY, "%s: no memory for its content", source->path);
    return status;
}

/* ---- which kind it is ---- */

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

static wr_status draw_json(const struct source *source, json_t **object) {
    struct wr_json_flaw flaw;
    json_t *json = wr_json_read(source->text, source->size, &flaw);
    if (json == NULL && flaw.exhausted)
        return wr_fail(source->error, WR_ERR_MEMORY, "%s: no memory for its JSON", source->path);
    if (json == NULL)
        return wr_fail(source->error, WR_ERR_DATA, "%s: no JSON: byte %zu: %s", source->path,
                       flaw.at, flaw.what);
    const char *schema = json_string_value(json_object_get(json, "schema"));
    wr_status status;
    char what[96], excerpt[WR_EXCERPT];
    snprintf(what, sizeof what, "JSON of %s",
             schema != NULL ? wr_excerpt(schema, excerpt) : "another kind");
    if (schema != NULL && strcmp(schema, "windrow.backtest/1") == 0)
        status = report_backtest_json(source, json, object);
    else if (schema != NULL && strcmp(schema, "windrow.bench/1") == 0)
        status = report_bench_json(source, json, object);
    else
        status = report_fail_kind(source, what);
    json_decref(json);
    return status;
}

static wr_status draw(const struct source *source, json_t **object) {
    const char *text = source->text;
    struct stat file;
    bool opened = is_study(source) || is_fit(source);
    if (source->options->panel.data.given && !is_fit(source))
        return wr_fail(source->error, WR_ERR_USAGE, "--data is for a fit, and %s is none",
                       source->path);
    if (opened && (stat(source->path, &file) != 0 || !S_ISREG(file.st_mode)))
        return wr_fail(source->error, WR_ERR_DATA,
                       "%s: a study or a fit is read from a file, not from a pipe", source->path);
    if (is_study(source))
        return report_study(source, object);
    if (is_fit(source))
        return report_fit(source, object);
    if (strlen(text) != source->size)
        return report_fail_kind(source, "neither text nor a file of Windrow");
    text += begins(text, "\xef\xbb\xbf") ? 3 : 0;
    if (begins(text, "unique_id,method,"))
        return report_backtest_csv(source, object);
    if (begins(text, "date,commit,version,"))
        return report_bench_csv(source, object);
    text += strspn(text, " \t\r\n");
    if (*text == '{' || *text == '[')
        return draw_json(source, object);
    return report_fail_kind(source, *text == '\0' ? "empty" : "no file of Windrow");
}

/* ---- the command ---- */

wr_status report_command(const struct report_options *options, struct wr_error *error) {
    struct source source = {.options = options, .error = error};
    if (!options->html.given)
        return wr_fail(error, WR_ERR_USAGE, "report needs --html OUT");
    if (!page_is_built())
        return wr_fail(error, WR_ERR_USAGE,
                       "this windrow was built without D3, with which report draws (install "
                       "Debian's node-d3, or name its file by -D WINDROW_D3=d3.min.js; "
                       "configure with -D WINDROW_REPORT=ON, and build again)");
    signal(SIGPIPE, SIG_IGN); /* a closed pipe must be an error of the write */
    char *bytes;
    json_t *object = NULL;
    wr_status status = read_source(&source, &bytes);
    if (status == WR_OK)
        status = draw(&source, &object);
    if (status == WR_OK)
        status = page_write(options->html.text, object, error);
    json_decref(object);
    free(bytes);
    return status;
}
