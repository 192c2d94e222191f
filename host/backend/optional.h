/* The operations that a backend may leave out (NULL), each with what happens then. Other code calls
 * them through these functions. */
#ifndef WR_OPTIONAL_H
#define WR_OPTIONAL_H

#include "backend/backend.h"

/* No variables: WR_OK. */
wr_status wr_backend_check_environment(const struct wr_backend *backend, struct wr_error *error);
/* WR_ERR_DEVICE with the reason if the build lacks the backend. */
wr_status wr_backend_describe(const struct wr_backend *backend, size_t index,
                              struct wr_device_info *info, struct wr_error *error);
/* A device that opens works: WR_OK. */
wr_status wr_device_try(struct wr_device *device, struct wr_error *error);
/* Its peak is not known: WR_ERR_DEVICE. */
wr_status wr_device_peak(struct wr_device *device, double *flops_per_second,
                         struct wr_error *error);
/* No shape fits: every session is staged. */
bool wr_device_fits_fused(struct wr_device *device, const struct wr_ensemble *ensemble,
                          const char **why);
/* The backend reads windows where the session has them: WR_OK. */
wr_status wr_device_write_windows(struct wr_session *session, struct wr_error *error);
/* Models cannot be stopped one by one: WR_ERR_DEVICE. */
wr_status wr_device_freeze(struct wr_session *session, const unsigned char *frozen,
                           struct wr_error *error);

#endif
