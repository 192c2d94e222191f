#include "cli/train/history.h"

#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/output.h"

struct history {
    struct wr_output *output;
    size_t models;
    uint32_t seed;
    uint32_t *diverged; /* (M) */
};

wr_status history_open(const char *path, size_t models, uint32_t seed, struct history **history,
                       struct wr_error *error) {
    static const char head[] = "epoch,seed,total_loss\n";
    struct history *opened = *history = wr_alloc(1, sizeof *opened, "a history", error);
    if (opened == NULL)
        return WR_ERR_MEMORY;
    opened->models = models;
    opened->seed = seed;
    wr_status status = WR_ERR_MEMORY;
    opened->diverged = wr_alloc(models, sizeof *opened->diverged, "diverged epochs", error);
    if (opened->diverged != NULL)
        status = wr_output_open(path, &opened->output, error);
    for (size_t m = 0; m < models && status == WR_OK; m++)
        opened->diverged[m] = WR_NOT_DIVERGED;
    if (status == WR_OK)
        status = wr_output_write(opened->output, head, sizeof head - 1, error);
    if (status != WR_OK) {
        history_abandon(opened);
        *history = NULL;
    }
    return status;
}

static wr_status append_row(struct history *history, size_t epoch, size_t m, float loss,
                            struct wr_error *error) {
    char number[WR_NUMBER_TEXT];
    return wr_output_print(history->output, error, "%zu,%u,%s\n", epoch,
                           history->seed + (uint32_t)m,
                           wr_number_text(wr_number_of_float(loss), number));
}

wr_status history_append(struct history *history, const struct wr_train_event *event,
                         struct wr_session *session, struct wr_error *error) {
    size_t models = history->models;
    bool finite = true; /* if true, no model diverged before the last of these epochs */
    for (size_t i = 0; i < event->epochs * models; i++)
        finite &= isfinite(event->losses[i]) != 0;
    wr_status status = WR_OK;
    if (!finite)
        status = wr_session_diverged(session, history->diverged, error);
    for (size_t e = 0; e < event->epochs; e++)
        for (size_t m = 0; m < models && status == WR_OK; m++) {
            size_t epoch = event->first_epoch + e, last = history->diverged[m];
            float loss = event->losses[e * models + m];
            if (epoch == last || (epoch < last && !isnan(loss))) /* NaN: stopped earlier */
                status = append_row(history, epoch, m, loss, error);
        }
    return status;
}

wr_status history_commit(struct history *history, struct wr_error *error) {
    wr_status status = wr_output_commit(history->output, error);
    history->output = NULL;
    history_abandon(history);
    return status;
}

void history_abandon(struct history *history) {
    if (history == NULL)
        return;
    wr_output_abandon(history->output);
    free(history->diverged);
    free(history);
}
