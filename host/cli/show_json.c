#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/report.h"
#include "cli/show.h"

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* An option's value: a number, or a word. */
static json_t *value_of(enum field option, const char *text) {
    bool word = option == FIELD_INIT || (option == FIELD_BATCH && strcmp(text, "all") == 0);
    if (word)
        return json_string(text);
    if (option == FIELD_LR || option == FIELD_CLIP)
        return json_real(strtod(text, NULL));
    return json_integer((json_int_t)strtoull(text, NULL, 10));
}

static json_t *settings(const struct show *show) {
    json_t *object = json_object();
    for (size_t i = 0; i < SHOW_SETTINGS; i++) {
        char *value = NULL;
        if (wr_study_setting(show->study, show_settings[i], &value, NULL) == WR_OK && value != NULL)
            json_object_set_new(object, show_settings[i], json_text(value));
        free(value);
    }
    return object;
}

static json_t *counts(const struct wr_study_counts *counts) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "trials", (json_int_t)counts->trials, "done",
                     (json_int_t)counts->done, "diverged", (json_int_t)counts->diverged, "failed",
                     (json_int_t)counts->failed, "pending", (json_int_t)counts->pending, "seconds",
                     counts->seconds);
}

static wr_status add_trial(void *context, const struct wr_trial *trial) {
    json_t *list = context, *object = json_pack("{s:I}", "trial", (json_int_t)trial->id);
    char text[FIELD_TEXT];
    for (enum field option = 0; option < FIELD_OPTIONS; option++) {
        field_text(trial, option, 0, text);
        json_object_set_new(object, field_names[option], value_of(option, text));
    }
    json_object_set_new(object, "score", number(trial->score));
    json_object_set_new(object, "loss", number(field_loss(trial)));
    json_object_set_new(object, "validation_loss", number(trial->validation_loss));
    json_object_set_new(object, "seconds", number(trial->seconds));
    json_object_set_new(object, "device", json_text(trial->device));
    field_text(trial, FIELD_HASH, 0, text);
    json_object_set_new(object, "hash", json_string(text));
    json_object_set_new(object, "kept", json_boolean(trial->kept));
    return json_array_append_new(list, object) == 0 ? WR_OK : WR_ERR_MEMORY;
}

struct groups {
    enum field option;
    json_t *list;
};

static wr_status add_group(void *context, const struct wr_study_group *group) {
    struct groups *groups = context;
    char text[FIELD_TEXT];
    field_value(groups->option, group->value, text);
    json_t *object =
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", field_names[groups->option],
                  value_of(groups->option, text), "trials", (json_int_t)group->trials, "done",
                  (json_int_t)group->done, "diverged", (json_int_t)group->diverged, "failed",
                  (json_int_t)group->failed, "best", number(group->best), "lower_quartile",
                  number(group->lower_quartile), "median", number(group->median), "upper_quartile",
                  number(group->upper_quartile), "seconds", number(group->seconds));
    return json_array_append_new(groups->list, object) == 0 ? WR_OK : WR_ERR_MEMORY;
}

wr_status show_json(const struct show *show) {
    struct wr_trial_query query = {.best = true, .most = show->options[SHOW_BEST].size};
    json_t *best = json_array(), *by = json_object();
    wr_status status = wr_study_trials(show->study, &query, add_trial, best, show->error);
    for (enum field option = 0; option < FIELD_OPTIONS && status == WR_OK; option++)
        if (show_has_table(show, option)) {
            struct groups groups = {option, json_array()};
            json_object_set_new(by, field_names[option], groups.list);
            status =
                wr_study_groups(show->study, field_names[option], add_group, &groups, show->error);
        }
    if (status == WR_OK)
        return json_print(json_pack("{s:o, s:o, s:o, s:o, s:o}", "store",
                                    json_text(show->options[SHOW_STUDY].text), "settings",
                                    settings(show), "counts", counts(&show->counts), "best", best,
                                    "by", by),
                          show->error);
    json_decref(best);
    json_decref(by);
    if (show->error != NULL && show->error->text[0] == '\0')
        return wr_fail(show->error, status, "no memory for the JSON object");
    return status;
}
