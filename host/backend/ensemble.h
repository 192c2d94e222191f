/* The checks of an ensemble, and a session's copy of it. */
#ifndef WR_ENSEMBLE_H
#define WR_ENSEMBLE_H

#include "backend/backend.h"

/* Checks all but whether the tasks and the parameters are there, which a memory estimate can do
 * without. */
wr_status wr_ensemble_check_sizes(const struct wr_ensemble *ensemble, struct wr_layout *layout,
                                  struct wr_error *error);
/* Checks that. */
wr_status wr_ensemble_check(const struct wr_ensemble *ensemble, struct wr_error *error);

/* Whether the windows have targets, and weights for their losses. */
bool wr_has_targets(const struct wr_windows_view *view);
/* The task of model m, with its count, visits and clip instead of the zeros that stand for them.
 * Without tasks: all windows. */
struct wr_task wr_ensemble_task(const struct wr_ensemble *ensemble, size_t m);
/* The most visits that an epoch of a model makes. */
size_t wr_ensemble_most_visits(const struct wr_ensemble *ensemble);

/* Copies tasks and windows into the session, whose ensemble is otherwise filled. */
wr_status wr_ensemble_copy(struct wr_session *session, const struct wr_ensemble *from,
                           struct wr_error *error);
/* Checks a view and copies its values to the windows of the session. */
wr_status wr_ensemble_copy_windows(struct wr_session *session, const struct wr_windows_view *from,
                                   struct wr_error *error);

#endif
