/* Checks that a study holds what a sweep writes: values in their ranges, blobs of the right length,
 * and all data of the trials that have ended. */
#include "sweep/check.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/choices.h"
#include "sweep/store.h"
#include "sweep/trial.h"

static const char what[] = "be read";
#define ADVICE "; restore it from a copy, or name another file"
enum { MOST_TEXT = 4 << 20, SHOWN = 40 /* bytes of a value in a message */ };

/* ---- settings ---- */

bool wr_keep_of(const char *text, size_t *best) {
    *best = strcmp(text, "all") == 0 ? SIZE_MAX : 0;
    return *best == SIZE_MAX || strcmp(text, "none") == 0 ||
           (strncmp(text, "best:", 5) == 0 && wr_read_whole(text + 5, best) && *best > 0);
}

size_t wr_count_names(const char *list) {
    size_t count = 1;
    for (bool quoted = false; *list != '\0'; list++) {
        quoted ^= *list == '"';
        count += *list == ',' && !quoted;
    }
    return count;
}

static bool is_keep(const char *text, size_t *number) {
    return wr_keep_of(text, number);
}

/* A list of shards, such as "0/3 2/3". Its length is limited, so that searching it takes little
 * time. */
static bool is_shards(const char *text, size_t *number) {
    enum { MOST = 1 << 20 };
    static const char digits[] = "0123456789";
    size_t length = strlen(text);
    *number = length;
    for (const char *at = text; length < MOST;) {
        size_t first = strspn(at, digits),
               second = at[first] == '/' ? strspn(at + first + 1, digits) : 0;
        at += first + 1 + second;
        if (first == 0 || second == 0 || first > 10 || second > 10 || (*at != ' ' && *at != '\0'))
            return false;
        if (*at++ == '\0')
            return true;
    }
    return false;
}

static bool is_list(const char *text, size_t *number) {
    *number = wr_count_names(text);
    return true;
}

static bool is_grid(const char *text, size_t *number) {
    enum { MOST_TRIALS = 100000000 };
    return wr_read_whole(text, number) && *number <= MOST_TRIALS;
}

static bool is_loss(const char *text, size_t *number) {
    unsigned loss = 0;
    while (loss < wr_choice_kinds(WR_CHOICE_LOSS) &&
           strcmp(wr_kind_name(WR_CHOICE_LOSS, loss), text) != 0)
        loss++;
    *number = loss;
    return loss < wr_choice_kinds(WR_CHOICE_LOSS);
}

enum known { EPOCHS, CURVE, INPUTS, TARGET, KEEP, KEEP_BEFORE, SHARDS, OTHERS };
static const struct {
    const char *name;
    bool (*read)(const char *text, size_t *number);
} settings[] = {[EPOCHS] = {"epochs", wr_read_whole},
                [CURVE] = {"curve", wr_read_whole},
                [INPUTS] = {"inputs", is_list},
                [TARGET] = {"target", is_list},
                [KEEP] = {"keep", is_keep},
                [KEEP_BEFORE] = {"keep_before", is_keep},
                [SHARDS] = {"shards", is_shards},
                [OTHERS] = {"shard", is_shards},
                {"grid", is_grid},
                {"rows", wr_read_whole},
                {"numerics", wr_read_whole},
                {"data-seed", wr_read_whole},
                {"validate-every", wr_read_whole},
                {"patience", wr_read_whole},
                {"loss", is_loss}};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* *number, found[i]: of the i-th of the settings above, if it is that. */
static bool fits(const char *name, const char *value, size_t numbers[SETTINGS],
                 bool found[SETTINGS]) {
    char *end;
    if (strcmp(name, "validate") == 0) {
        double fraction = strtod(value, &end);
        return *end == '\0' && fraction >= 0 && fraction < 1;
    }
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(name, settings[i].name) == 0)
            return found[i] = settings[i].read(value, &numbers[i]);
    return true;
}

bool wr_setting_fits(const char *name, const char *value) {
    size_t numbers[SETTINGS];
    bool found[SETTINGS];
    return wr_is_utf8(name, strlen(name)) && wr_is_utf8(value, strlen(value)) &&
           fits(name, value, numbers, found);
}

static wr_status read_setting(struct wr_study *study, struct wr_query *row,
                              size_t numbers[SETTINGS], bool found[SETTINGS],
                              struct wr_error *error) {
    const char *name = wr_column_text(row, 0), *value = wr_column_text(row, 1);
    bool right = sqlite3_column_type(row->statement, 0) == SQLITE_TEXT &&
                 sqlite3_column_type(row->statement, 1) == SQLITE_TEXT && row->code == SQLITE_OK &&
                 fits(name, value, numbers, found);
    if (right || row->code != SQLITE_OK)
        return WR_OK;
    return wr_fail(error, WR_ERR_DATA, "%s: its setting %.*s cannot be '%.*s'" ADVICE, study->path,
                   SHOWN, name, SHOWN, value);
}

static wr_status read_facts(struct wr_study *study, struct wr_study_facts *facts,
                            struct wr_error *error) {
    size_t numbers[SETTINGS] = {0};
    bool found[SETTINGS] = {false};
    struct wr_query query = wr_query(study, "SELECT name, value FROM study");
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&query))
        status = read_setting(study, &query, numbers, found, error);
    bool lists = found[INPUTS] && found[TARGET];
    *facts = (struct wr_study_facts){.inputs = lists ? numbers[INPUTS] : 0,
                                     .outputs = lists ? numbers[TARGET] : 0,
                                     .epochs = numbers[EPOCHS],
                                     .points = found[CURVE] ? numbers[CURVE] : SIZE_MAX,
                                     .keep = numbers[KEEP]};
    if (facts->points > facts->epochs && found[CURVE])
        facts->points = facts->epochs;
    /* A merged study has only the parameters that its sources kept. With Windrow 0.1 its own
     * setting may ask for more. */
    if (found[KEEP_BEFORE] && numbers[KEEP_BEFORE] < facts->keep)
        facts->keep = numbers[KEEP_BEFORE];
    else if (!found[KEEP_BEFORE] && found[SHARDS])
        facts->keep = 0;
    return wr_query_end(&query, status, what, error);
}

/* ---- trials ---- */

static const char *const statuses[] = {"pending", "done", "diverged", "failed", "pruned", NULL};

/* The columns of a trial beside its options. Text has at most `most` bytes, or is one of the words.
 * Reals are finite. */
static const struct column {
    const char *name;
    int type;
    bool null;
    double least, most;
    const char *const *words;
} columns[] = {
    {"id", SQLITE_INTEGER, false, 1, 9e18, NULL},
    {"status", SQLITE_TEXT, false, 0, 0, statuses},
    {"why", SQLITE_TEXT, true, 0, 1 << 16, NULL},
    {"loss", SQLITE_FLOAT, true, -DBL_MAX, DBL_MAX, NULL},
    {"validation_loss", SQLITE_FLOAT, true, -DBL_MAX, DBL_MAX, NULL},
    {"score", SQLITE_FLOAT, true, -DBL_MAX, DBL_MAX, NULL},
    {"diverged_at", SQLITE_INTEGER, true, 0, UINT32_MAX, NULL},
    {"epochs", SQLITE_INTEGER, true, 1, UINT32_MAX, NULL},
    {"best_epoch", SQLITE_INTEGER, true, 1, UINT32_MAX, NULL},
    {"hash", SQLITE_TEXT, true, 0, 16, NULL},
    {"device", SQLITE_TEXT, true, 0, 1 << 12, NULL},
    {"seconds", SQLITE_FLOAT, true, 0, DBL_MAX, NULL},
    {"version", SQLITE_TEXT, true, 0, 1 << 12, NULL},
};
enum { STATUS = 1, SECONDS = 11, COLUMNS = sizeof columns / sizeof *columns };

static bool is_right(const struct column *column, struct wr_query *row, int at) {
    int type = sqlite3_column_type(row->statement, at);
    size_t word;
    double value = 0;
    if (type == SQLITE_NULL)
        return column->null;
    if (type != column->type)
        return false;
    if (column->words != NULL)
        return wr_find_word(column->words, wr_column_text(row, at), &word);
    if (type == SQLITE_TEXT)
        value = sqlite3_column_bytes(row->statement, at);
    else
        value = sqlite3_column_double(row->statement, at);
    return value >= column->least && value <= column->most;
}

/* *value: as wr_option_get gives it. */
static bool is_right_option(enum wr_option option, struct wr_query *row, int at, double *value) {
    static const int types[] = {
        [WR_OPTION_WHOLE] = SQLITE_INTEGER, [WR_OPTION_REAL] = SQLITE_FLOAT};
    unsigned word = 0;
    if (wr_option_type(option) == WR_OPTION_WORD) {
        bool found = sqlite3_column_type(row->statement, at) == SQLITE_TEXT &&
                     wr_option_find_word(option, wr_column_text(row, at), &word);
        *value = word;
        return found;
    }
    *value = sqlite3_column_double(row->statement, at);
    return sqlite3_column_type(row->statement, at) == types[wr_option_type(option)] &&
           *value >= wr_option_least(option) && *value <= wr_option_most(option);
}

/* The name of the first column of a row that is not right; NULL if all are. Then the options widen
 * the spans. */
static const char *find_wrong(struct wr_query *row, int *at, struct wr_study_spans *spans) {
    double values[WR_OPTIONS];
    for (*at = 0; *at < COLUMNS; ++*at)
        if (!is_right(&columns[*at], row, *at))
            return columns[*at].name;
    for (unsigned option = 0; option < WR_OPTIONS; option++, ++*at)
        if (!is_right_option(option, row, *at, &values[option]))
            return wr_option_name(option);
    for (unsigned option = 0; option < WR_OPTIONS; option++) {
        bool first = spans->trials == 0;
        if (first || values[option] < spans->least[option])
            spans->least[option] = values[option];
        if (first || values[option] > spans->most[option])
            spans->most[option] = values[option];
    }
    spans->trials++;
    spans->by_status[wr_study_status(wr_column_text(row, STATUS))]++;
    if (sqlite3_column_type(row->statement, SECONDS) != SQLITE_NULL)
        spans->seconds += sqlite3_column_double(row->statement, SECONDS);
    return NULL;
}

wr_status wr_study_check_trials(struct wr_study *study, struct wr_error *error) {
    study->spans = (struct wr_study_spans){.version = wr_study_data_version(study)};
    struct wr_query row = wr_query(
        study, "SELECT id, status, why, loss, validation_loss, score, diverged_at, epochs,"
               " best_epoch, hash, device, seconds, version, " WR_OPTION_COLUMNS " FROM trial");
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&row)) {
        int at;
        const char *wrong = find_wrong(&row, &at, &study->spans);
        if (wrong != NULL && row.code == SQLITE_OK)
            status =
                wr_fail(error, WR_ERR_DATA, "%s: %s of trial %" PRId64 " cannot be '%.*s'" ADVICE,
                        study->path, wrong, (int64_t)sqlite3_column_int64(row.statement, 0), SHOWN,
                        wr_column_text(&row, at));
    }
    study->spans.known = status == WR_OK && row.code == SQLITE_OK;
    return wr_query_end(&row, status, what, error);
}

/* ---- blobs ---- */

/* Bytes of the parameters of a trial with that many hidden units; 0: not known. */
static size_t parameter_bytes(const struct wr_study_facts *facts, size_t hidden) {
    struct wr_shape shape = {
        .inputs = facts->inputs, .hidden = hidden, .outputs = facts->outputs, .seq_len = 1};
    struct wr_layout layout;
    if (facts->inputs == 0)
        return 0;
    return wr_layout_of(&shape, &layout, NULL) == WR_OK ? layout.count * sizeof(float) : SIZE_MAX;
}

/* Checks the blobs of one table. `sql` selects trial, hidden, bytes, whether the types are right,
 * epoch, seconds, and how many times the parameters are in it; epoch and seconds are NULL if the
 * table lacks them. */
static wr_status check_blobs(struct wr_study *study, const struct wr_study_facts *facts,
                             const char *sql, const char *name, struct wr_error *error) {
    struct wr_query row = wr_query(study, sql);
    size_t last = facts->epochs > 0 ? facts->epochs - 1 : UINT32_MAX;
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(&row)) {
        int64_t trial = sqlite3_column_int64(row.statement, 0);
        size_t bytes = wr_column_size(&row, 2), epoch = wr_column_size(&row, 4);
        size_t parts = wr_column_size(&row, 6);
        size_t expected = parameter_bytes(facts, wr_column_size(&row, 1));
        expected = expected < SIZE_MAX / 4 ? expected * parts : SIZE_MAX;
        double seconds = wr_column_real(&row, 5);
        if (sqlite3_column_type(row.statement, 1) == SQLITE_NULL)
            status = wr_fail(error, WR_ERR_DATA,
                             "%s: holds %s of trial %" PRId64 ", which it does not have" ADVICE,
                             study->path, name, trial);
        else if (sqlite3_column_int(row.statement, 3) == 0 ||
                 bytes % (sizeof(float) * parts) != 0 || (expected != 0 && bytes != expected))
            status = wr_fail(error, WR_ERR_DATA,
                             "%s: %s of trial %" PRId64 " has %zu bytes, which its parameters "
                             "cannot take" ADVICE,
                             study->path, name, trial, bytes);
        else if (sqlite3_column_type(row.statement, 4) != SQLITE_NULL &&
                 (epoch < 1 || epoch > last || !(seconds >= 0 && seconds <= DBL_MAX)))
            status = wr_fail(error, WR_ERR_DATA,
                             "%s: %s of trial %" PRId64 " cannot be one after %zu epochs and %g "
                             "seconds" ADVICE,
                             study->path, name, trial, epoch, seconds);
    }
    return wr_query_end(&row, status, what, error);
}

static wr_status check_all_blobs(struct wr_study *study, const struct wr_study_facts *facts,
                                 struct wr_error *error) {
    wr_status status =
        check_blobs(study, facts,
                    "SELECT p.trial, hidden, length(value), typeof(value) = 'blob',"
                    " NULL, NULL, 1 FROM parameters AS p LEFT JOIN trial ON id = p.trial",
                    "a model", error);
    if (status != WR_OK)
        return status;
    return check_blobs(
        study, facts,
        "SELECT c.trial, hidden, length(parameters) -"
        " iif(length(parameters) % 4 = 1, 9, 0), typeof(parameters) = 'blob' AND"
        " typeof(epoch) = 'integer', epoch, c.seconds, 1 + ifnull(c.best_epoch > 0, 0)"
        " + CASE optimizer WHEN 'adam' THEN 2 WHEN 'sgd' THEN 0 ELSE 1 END"
        " FROM checkpoint AS c"
        " LEFT JOIN trial ON id = c.trial",
        "the checkpoint", error);
}

wr_status wr_study_check_rows(struct wr_study *study, struct wr_error *error) {
    struct wr_study_facts facts;
    int before = sqlite3_limit(study->db, SQLITE_LIMIT_LENGTH, MOST_TEXT);
    wr_status status = read_facts(study, &facts, error);
    if (status == WR_OK)
        status = wr_study_check_trials(study, error);
    sqlite3_limit(study->db, SQLITE_LIMIT_LENGTH, before);
    if (status == WR_OK)
        status = check_all_blobs(study, &facts, error);
    return status == WR_OK ? wr_study_find_torn(study, &facts, error) : status;
}
