/* --history: the loss of every epoch and model, as CSV. */
#ifndef WR_CLI_HISTORY_H
#define WR_CLI_HISTORY_H

#include "windrow/train.h"

struct history;

/* Opens path before the training, so that an unwritable folder is found early. On success, exactly
 * one call of history_commit or history_abandon releases *history. */
wr_status history_open(const char *path, size_t models, uint32_t seed, struct history **history,
                       struct wr_error *error);
/* Appends the epochs of an event: epoch,seed,total_loss. The last row of a model is the epoch in
 * which it diverged or after which it was stopped. session gives the epoch in which a model
 * diverged. */
wr_status history_append(struct history *history, const struct wr_train_event *event,
                         struct wr_session *session, struct wr_error *error);
wr_status history_commit(struct history *history, struct wr_error *error);
void history_abandon(struct history *history); /* may be NULL */

#endif
