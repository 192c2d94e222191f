/* The comparison of a device with the reference. */
#ifndef WR_BACKEND_VERIFY_H
#define WR_BACKEND_VERIFY_H

#include "backend/backend.h"

/* Compares this device with the reference on a short known case that has the ensemble's shape,
 * batch, rule and schedule. Returns WR_ERR_VERIFY if a bit differs, another status if the device
 * fails. *deviation, if not NULL, becomes the deviation of the losses (wr_device_deviation). */
wr_status wr_check_exact(struct wr_device *device, const struct wr_ensemble *ensemble,
                         double *deviation, struct wr_error *error);

#endif
