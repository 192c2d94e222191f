#include "cli/study/trials.h"

#include <stdlib.h>
#include <string.h>

#include "cli/io/table.h"
#include "cli/study/fields.h"

enum { MOST_SHOWN = 10, DIGITS = 6 };

/* The best trials as texts, the options that are told, and the table. */
struct best {
    size_t count;
    char texts[MOST_SHOWN][FIELDS][FIELD_TEXT];
    bool needed[FIELDS];
};

static wr_status add_trial(void *context, const struct wr_trial *trial) {
    struct best *best = context;
    for (enum field field = 0; field < FIELDS; field++) {
        field_text(trial, field, field == FIELD_SCORE ? DIGITS : 0,
                   best->texts[best->count][field]);
        best->needed[field] |= field < FIELD_OPTIONS && field_is_needed(&trial->options, field);
    }
    best->count++;
    return WR_OK;
}

static void add_column(struct best *best, enum field field, enum field *columns, size_t *count) {
    best->needed[field] = false;
    columns[(*count)++] = field;
}

static wr_status print(struct best *best, struct wr_error *error) {
    enum field columns[FIELDS];
    size_t count = 0;
    add_column(best, FIELD_ID, columns, &count);
    add_column(best, FIELD_SCORE, columns, &count);
    for (enum field field = 0; field < FIELDS; field++)
        if (best->needed[field])
            add_column(best, field, columns, &count);
    struct table table = {.columns = count};
    for (size_t i = 0; i < count; i++)
        table_add(&table, field_name(columns[i]));
    for (size_t row = 0; row < best->count; row++)
        for (size_t i = 0; i < count; i++)
            table_add(&table, best->texts[row][columns[i]]);
    return table_print(&table, error);
}

wr_status trials_print_best(struct wr_study *study, size_t most, struct wr_error *error) {
    struct wr_trial_query query = {.best = true, .most = most < MOST_SHOWN ? most : MOST_SHOWN};
    struct best best = {0};
    wr_status status = wr_study_trials(study, &query, add_trial, &best, error);
    return status == WR_OK && best.count > 0 ? print(&best, error) : status;
}
