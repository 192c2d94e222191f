#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/io/json_write.h"
#include "cli/io/progress.h"
#include "cli/io/report_lines.h"
#include "cli/status/status_options.h"
#include "windrow/study.h"

/* What is known of a study and its writer. */
struct found {
    struct wr_study_counts counts;
    bool running;
    json_t *note; /* of the writer; NULL: it has left none yet, or one that is no event */
};

static wr_status look(const char *path, struct found *found, struct wr_error *error) {
    struct wr_study *study;
    struct wr_json_flaw flaw;
    char *note = NULL;
    wr_status status = wr_study_open(path, WR_STUDY_READ, &study, error);
    if (status == WR_OK)
        status = wr_study_count(study, &found->counts, error);
    wr_study_close(study);
    if (status == WR_OK)
        status = wr_study_read_note(path, &note, error);
    found->running = note != NULL;
    if (note != NULL && *note != '\0')
        found->note = wr_json_read(note, strlen(note), &flaw);
    if (!json_is_object(found->note)) {
        json_decref(found->note);
        found->note = NULL;
    }
    free(note);
    return status;
}

/* A number of the note; 0 where it has none. */
static double number(const struct found *found, const char *key) {
    return json_number_value(json_object_get(found->note, key));
}

static const char *text(const struct found *found, const char *key) {
    const char *value = json_string_value(json_object_get(found->note, key));
    return value != NULL ? value : "?";
}

/* ---- lines ---- */

static void print_devices(const json_t *devices) {
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const char *id = json_string_value(json_array_get(devices, i));
        report_named(", ", id != NULL ? id : "?");
    }
}

static void print_counts(const struct found *found) {
    const struct wr_study_counts *c = &found->counts;
    printf("\ntrials    %zu done, ", c->done);
    if (c->pruned > 0)
        printf("%zu pruned, ", c->pruned);
    printf("%zu diverged, %zu failed, %zu pending\n", c->diverged, c->failed, c->pending);
}

static void print_writer(const struct found *found) {
    char so_far[32], left[32], ago[32];
    if (!found->running) {
        puts("sweep     none is writing it");
        return;
    }
    if (found->note == NULL) {
        puts("sweep     one is writing it, which has just begun, or another program");
        return;
    }
    double ended = number(found, "done") + number(found, "diverged") + number(found, "failed") +
                   number(found, "pruned");
    double age = difftime(time(NULL), (time_t)number(found, "time"));
    printf("sweep     process %.0f", number(found, "pid"));
    report_named(" on ", text(found, "host"));
    print_devices(json_object_get(found->note, "devices"));
    printf("\nso far    %.0f of %.0f trials, %.0f %% of the work, after %s\n", ended,
           number(found, "trials"), 100 * number(found, "fraction"),
           progress_time(number(found, "seconds"), so_far));
    printf("left      about %s, as told %s ago\n",
           progress_time(number(found, "seconds_left"), left),
           progress_time(age > 0 ? age : 0, ago));
}

/* ---- JSON ---- */

static wr_status print_json(const struct status_options *options, const struct found *found,
                            struct wr_error *error) {
    const struct wr_study_counts *c = &found->counts;
    json_t *sweep = found->note != NULL ? json_incref(found->note) : json_null();
    return json_print(json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:o}", "store",
                                json_text(options->study.text), "trials", (json_int_t)c->trials,
                                "done", (json_int_t)c->done, "pruned", (json_int_t)c->pruned,
                                "diverged", (json_int_t)c->diverged, "failed",
                                (json_int_t)c->failed, "pending", (json_int_t)c->pending, "seconds",
                                c->seconds, "running", found->running, "sweep", sweep),
                      "windrow.status/1", error);
}

wr_status status_command(const struct status_options *options, struct wr_error *error) {
    struct found found = {0};
    wr_status status = look(options->study.text, &found, error);
    if (status == WR_OK && options->json.given) {
        status = print_json(options, &found, error);
    } else if (status == WR_OK) {
        report_named("study     ", options->study.text);
        print_counts(&found);
        print_writer(&found);
    }
    json_decref(found.note);
    return status;
}
