/* What the files of `windrow report` share. */
#ifndef WR_CLI_REPORT_H
#define WR_CLI_REPORT_H

#include "base/json.h"
#include "cli/report/report_options.h"

/* The file to draw. */
struct source {
    const struct report_options *options;
    const char *path; /* for messages */
    const char *text; /* (size) its content, '\0' behind it; of a study or a fit only the start */
    size_t size;
    struct wr_error *error;
};

/* The status for a file that report cannot draw: `what` says what it is. */
wr_status report_fail_kind(const struct source *source, const char *what);
/* WR_OK if there is an object, else WR_ERR_MEMORY. */
wr_status report_check_made(const struct source *source, const json_t *object);

/* Each makes the object that page.js draws, with the member "kind". The caller releases *object
 * with json_decref; NULL after a failure. WR_ERR_DATA if the file is not what it begins like. */
wr_status report_study(const struct source *source, json_t **object);
wr_status report_fit(const struct source *source, json_t **object);
/* json: the file, which names the form windrow.backtest/1, or windrow.bench/1. */
wr_status report_backtest_json(const struct source *source, const json_t *json, json_t **object);
wr_status report_bench_json(const struct source *source, const json_t *json, json_t **object);
wr_status report_backtest_csv(const struct source *source, json_t **object);
wr_status report_bench_csv(const struct source *source, json_t **object);

/* Whether part number i of `count` is one of `most` that are spread evenly over them. */
static inline bool report_samples(size_t i, size_t count, size_t most) {
    return count <= most || (size_t)((double)(i + 1) * (double)most / (double)count) >
                                (size_t)((double)i * (double)most / (double)count);
}

#endif
