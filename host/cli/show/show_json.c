#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "cli/io/json_write.h"
#include "cli/show/show_command.h"

/* The value of an option as JSON: a number or a word; null where it means nothing. */
static json_t *value_of(enum field option, const char *text) {
    enum wr_option of = (enum wr_option)option;
    if (*text == '\0')
        return json_null();
    if (wr_option_type(of) == WR_OPTION_WORD || strcmp(text, "all") == 0)
        return json_string(text);
    if (wr_option_type(of) == WR_OPTION_REAL)
        return json_real(strtod(text, NULL));
    return json_integer((json_int_t)strtoull(text, NULL, 10));
}

/* Sets *object to the settings that the study has; NULL after a failure. */
static wr_status settings(const struct show *show, json_t **object) {
    wr_status status = WR_OK;
    *object = json_object();
    for (size_t i = 0; i < SHOW_SETTINGS && status == WR_OK; i++) {
        char *value = NULL;
        status = wr_study_setting(show->study, show_settings[i], &value, show->error);
        if (status == WR_OK && value != NULL)
            *object = wr_json_put(*object, show_settings[i], json_text(value));
        free(value);
    }
    return status;
}

static json_t *counts(const struct wr_study_counts *counts) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "trials", (json_int_t)counts->trials,
                     "done", (json_int_t)counts->done, "diverged", (json_int_t)counts->diverged,
                     "failed", (json_int_t)counts->failed, "pruned", (json_int_t)counts->pruned,
                     "pending", (json_int_t)counts->pending, "seconds", counts->seconds);
}

static json_t *count_or_null(size_t count) {
    return count > 0 ? json_integer((json_int_t)count) : json_null();
}

/* context: a json_t **, the list. */
static wr_status add_trial(void *context, const struct wr_trial *trial) {
    json_t **list = context, *object = json_pack("{s:I}", "trial", (json_int_t)trial->id);
    char text[FIELD_TEXT];
    for (enum field option = 0; option < FIELD_OPTIONS; option++) {
        field_text(trial, option, 0, text);
        object = wr_json_put(object, field_name(option), value_of(option, text));
    }
    object = wr_json_put(object, "score", json_number(trial->score));
    object = wr_json_put(object, "loss", json_number(field_loss(trial)));
    object = wr_json_put(object, "validation_loss", json_number(trial->validation_loss));
    object = wr_json_put(object, "epochs", count_or_null(trial->epochs));
    object = wr_json_put(object, "best_epoch", count_or_null(trial->best_epoch));
    object = wr_json_put(object, "seconds", json_number(trial->seconds));
    object = wr_json_put(object, "device", json_text(trial->device));
    field_text(trial, FIELD_HASH, 0, text);
    object = wr_json_put(object, "hash", json_string(text));
    object = wr_json_put(object, "kept", json_boolean(trial->kept));
    *list = wr_json_push(*list, object);
    return WR_OK;
}

struct groups {
    enum field option;
    json_t *list; /* NULL after an allocation failed */
};

static wr_status add_group(void *context, const struct wr_study_group *group) {
    struct groups *groups = context;
    char text[FIELD_TEXT];
    field_value(groups->option, group->value, text);
    json_t *object = json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", field_name(groups->option),
        value_of(groups->option, text), "trials", (json_int_t)group->trials, "done",
        (json_int_t)group->done, "diverged", (json_int_t)group->diverged, "failed",
        (json_int_t)group->failed, "pruned", (json_int_t)group->pruned, "best",
        json_number(group->best), "lower_quartile", json_number(group->lower_quartile), "median",
        json_number(group->median), "upper_quartile", json_number(group->upper_quartile), "seconds",
        json_number(group->seconds));
    groups->list = wr_json_push(groups->list, object);
    return WR_OK;
}

wr_status show_json(const struct show *show) {
    struct wr_trial_query query = {.best = true, .most = show->options->best.value};
    json_t *best = json_array(), *by = json_object(), *stored = NULL;
    wr_status status = wr_study_trials(show->study, &query, add_trial, &best, show->error);
    for (enum field option = 0; option < FIELD_OPTIONS && status == WR_OK; option++)
        if (show_has_table(show, option)) {
            struct groups groups = {option, json_array()};
            status =
                wr_study_groups(show->study, field_name(option), add_group, &groups, show->error);
            by = wr_json_put(by, field_name(option), groups.list);
        }
    if (status == WR_OK)
        status = settings(show, &stored);
    if (status == WR_OK)
        return json_print(json_pack("{s:o, s:o, s:o, s:o, s:o}", "store",
                                    json_text(show->options->study.text), "settings", stored,
                                    "counts", counts(&show->counts), "best", best, "by", by),
                          "windrow.show/1", show->error);
    json_decref(stored);
    json_decref(best);
    json_decref(by);
    return status;
}
