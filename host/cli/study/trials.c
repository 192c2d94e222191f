#include "cli/study/trials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *trials_real(float real, char text[WR_NUMBER_TEXT]) {
    return wr_number_text(wr_number_of_float(real), text);
}

const char *trials_init(enum wr_init init) {
    return init == WR_INIT_PYTORCH ? "pytorch" : "notebook";
}

const char *trials_batch(size_t batch, char text[24]) {
    if (batch == WR_BATCH_ALL)
        snprintf(text, 24, "all");
    else
        snprintf(text, 24, "%zu", batch);
    return text;
}

/* context: a bool, whether the head is printed. */
static wr_status print_row(void *context, const struct wr_trial *trial) {
    bool *headed = context;
    const struct wr_trial_options *o = &trial->options;
    char batch[24], lr[WR_NUMBER_TEXT], clip[WR_NUMBER_TEXT];
    if (!*headed)
        printf("%8s  %12s  %6s  %6s  %6s  %-8s  %-10s  %-10s  %s\n", "trial", "score", "hidden",
               "window", "batch", "init", "lr", "clip", "seed");
    *headed = true;
    printf("%8lld  %12.6g  %6zu  %6zu  %6s  %-8s  %-10s  %-10s  %u\n", (long long)trial->id,
           trial->score, o->hidden, o->window, trials_batch(o->batch, batch), trials_init(o->init),
           trials_real(o->lr, lr), trials_real(o->clip, clip), o->seed);
    return WR_OK;
}

wr_status trials_print_best(struct wr_study *study, size_t most, struct wr_error *error) {
    struct wr_trial_query query = {.best = true, .most = most};
    bool headed = false;
    return wr_study_trials(study, &query, print_row, &headed, error);
}
