/* wr_session_open: a session on a device that has been found exact. */
#include "backend/session.h"
#include "backend/verify.h"

#include <float.h>
#include <math.h>

/* The device's bits differ from the cpu backend's, by no more than an inexact one's may. */
static wr_status accept_inexact(struct wr_device *device, double deviation,
                                struct wr_error *error) {
    const struct wr_device_info *info = &device->info;
    if (isinf(deviation))
        return wr_fail(
            error, WR_ERR_DEVICE,
            "%s (%s) is too far off, even for \1inexact\1: on a known case its losses are "
            "not finite",
            info->id, info->name);
    if (deviation > WR_MOST_DEVIATION)
        return wr_fail(error, WR_ERR_DEVICE,
                       "%s (%s) is too far off, even for \1inexact\1: on a known case its losses "
                       "differ from the cpu's by up to %.2g of them, and %g is allowed",
                       info->id, info->name, deviation, WR_MOST_DEVIATION);
    if (deviation < (double)FLT_EPSILON) /* it is in the parameters, and below a loss's last bit */
        deviation = (double)FLT_EPSILON;
    if (deviation > device->deviation)
        device->deviation = deviation;
    return WR_OK;
}

/* A device must reproduce the cpu backend's bits with this shape, or come near if it was opened as
 * inexact. */
static wr_status check_device(struct wr_device *device, const struct wr_ensemble *ensemble,
                              struct wr_error *error) {
    if (device->backend->reference || device->unchecked)
        return WR_OK;
    struct wr_error why = {0};
    double deviation = 0;
    wr_status status = WR_ERR_VERIFY;
    if (!device->info.exact && !device->options.inexact)
        wr_fail(&why, WR_ERR_VERIFY, "%s", device->info.detail);
    else
        status = wr_check_exact(device, ensemble, &deviation, &why);
    if (status == WR_ERR_VERIFY && device->options.inexact)
        status = accept_inexact(device, deviation, error);
    else if (status == WR_ERR_VERIFY)
        status = wr_fail(error, WR_ERR_DEVICE, "%s (%s) is not exact: %s; %s", device->info.id,
                         device->info.name, why.text,
                         !device->info.exact ? "\1inexact\1 accepts it where its losses come near"
                         : deviation > WR_MOST_DEVIATION ? "it is too far off for \1inexact\1, too"
                                                         : "\1inexact\1 accepts it");
    else if (status != WR_OK)
        wr_error_move(&why, error);
    wr_error_release(&why);
    return status;
}

wr_status wr_session_open(struct wr_device *device, const struct wr_ensemble *ensemble,
                          struct wr_session **session, struct wr_error *error) {
    return wr_session_open_with(device, ensemble, check_device, session, error);
}
