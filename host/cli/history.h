/* --history: every epoch's loss of every model, as CSV. */
#ifndef WR_CLI_HISTORY_H
#define WR_CLI_HISTORY_H

#include "windrow/train.h"

struct history;

/* Opens path, so that a folder that cannot be written is found before the training. On success
 * *history is released by exactly one call of history_commit or history_abandon. */
wr_status history_open(const char *path, size_t models, uint32_t seed, struct history **history,
                       struct wr_error *error);
/* Appends the epochs of an event: epoch,seed,total_loss. A model's last row is that of the epoch in
 * which it diverged, which session tells, or after which it was stopped. */
wr_status history_append(struct history *history, const struct wr_train_event *event,
                         struct wr_session *session, struct wr_error *error);
wr_status history_commit(struct history *history, struct wr_error *error);
void history_abandon(struct history *history); /* may be NULL */

#endif
