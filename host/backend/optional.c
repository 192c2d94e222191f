#include "backend/optional.h"

wr_status wr_backend_check_environment(const struct wr_backend *backend, struct wr_error *error) {
    return backend->check_environment != NULL ? backend->check_environment(error) : WR_OK;
}

wr_status wr_backend_describe(const struct wr_backend *backend, size_t index,
                              struct wr_device_info *info, struct wr_error *error) {
    return backend->missing == NULL ? backend->describe(index, info, error)
                                    : wr_fail(error, WR_ERR_DEVICE, "%s", backend->missing);
}

wr_status wr_device_try(struct wr_device *device, struct wr_error *error) {
    const struct wr_backend *backend = device->backend;
    return backend->try_device != NULL ? backend->try_device(device, error) : WR_OK;
}

static wr_status cannot(const struct wr_device *device, const char *what, struct wr_error *error) {
    return wr_fail(error, WR_ERR_DEVICE, "%s (%s): the %s backend cannot %s", device->info.id,
                   device->info.name, device->backend->name, what);
}

wr_status wr_device_peak(struct wr_device *device, double *flops_per_second,
                         struct wr_error *error) {
    const struct wr_backend *backend = device->backend;
    return backend->peak != NULL ? backend->peak(device, flops_per_second, error)
                                 : cannot(device, "measure its peak", error);
}

bool wr_device_fits_fused(struct wr_device *device, const struct wr_ensemble *ensemble,
                          const char **why) {
    const struct wr_backend *backend = device->backend;
    if (backend->fits_fused != NULL)
        return backend->fits_fused(device, ensemble, why);
    *why = "its backend has no fused schedule";
    return false;
}

wr_status wr_device_write_windows(struct wr_session *session, struct wr_error *error) {
    const struct wr_backend *backend = session->device->backend;
    return backend->write_windows != NULL ? backend->write_windows(session, error) : WR_OK;
}

wr_status wr_device_freeze(struct wr_session *session, const unsigned char *frozen,
                           struct wr_error *error) {
    const struct wr_backend *backend = session->device->backend;
    return backend->freeze != NULL ? backend->freeze(session, frozen, error)
                                   : cannot(session->device, "stop single models early", error);
}
