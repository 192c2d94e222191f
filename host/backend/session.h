/* Sessions, without the check that their device is exact: that is above (open.c), since it opens
 * sessions itself (verify.c). The operations of windrow/session.h are in session.c, but for
 * wr_session_open. */
#ifndef WR_BACKEND_SESSION_H
#define WR_BACKEND_SESSION_H

#include "backend/backend.h"

/* Decides whether the device may train the ensemble, whose schedule is resolved. */
typedef wr_status wr_device_check_fn(struct wr_device *device, const struct wr_ensemble *ensemble,
                                     struct wr_error *error);
/* Like wr_session_open, with `check` called once the arguments are valid and before anything of the
 * ensemble's size is allocated. check may be NULL. */
wr_status wr_session_open_with(struct wr_device *device, const struct wr_ensemble *ensemble,
                               wr_device_check_fn *check, struct wr_session **session,
                               struct wr_error *error);
/* WR_ERR_USAGE unless this process opened the device. */
wr_status wr_check_process(const struct wr_device *device, struct wr_error *error);

#endif
