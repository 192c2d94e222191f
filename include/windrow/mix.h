/* Mixes: the forecasts of several fits to one panel, of one horizon, are averaged. */
#ifndef WINDROW_MIX_H
#define WINDROW_MIX_H

#include <stddef.h>

#include "windrow/device.h"
#include "windrow/forecast.h"
#include "windrow/panel.h"
#include "windrow/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wr_mix {
    size_t count;
    struct wr_fit **fits; /* (count), which wr_mix_release frees; of one horizon */
};

/* Makes a mix of `count` fits, which are all NULL: the caller fills in each, by wr_fit or
 * wr_fit_load. The caller releases *mix with wr_mix_release, also after a failure. */
wr_status wr_mix_new(size_t count, struct wr_mix *mix, struct wr_error *error);
void wr_mix_release(struct wr_mix *mix);

/* Makes a mix and fits recipes (count), one after the other, as wr_fit does. Events tell the
 * progress of all of them together. WR_ERR_USAGE for no recipe, and for several horizons. The
 * caller releases *mix with wr_mix_release, also after a failure. */
wr_status wr_mix_fit(struct wr_device *device, const struct wr_panel *panel,
                     const struct wr_recipe *recipes, size_t count, const size_t *until,
                     const struct wr_fit_options *options, struct wr_mix *mix,
                     struct wr_error *error);

/* 0 if there is no first fit. */
size_t wr_mix_horizon(const struct wr_mix *mix);
/* Sums the reports of the fits; all is 0 if one is missing. But each series that is shorter, naive,
 * quiet or borrowed in at least one fit counts once. */
void wr_mix_report(const struct wr_mix *mix, struct wr_fit_report *report);

/* Averages the fits' points (series, horizon), and with count > 0 also the bounds low, high (count,
 * series, horizon) of their intervals at levels (count), which wr_fit_intervals gives. until
 * (series of the panel) and errors are as for wr_fit_forecast; a message starts with the file of a
 * fit that was loaded. WR_ERR_USAGE if the horizons differ or a fit is missing. */
wr_status wr_mix_forecast(const struct wr_mix *mix, const struct wr_panel *panel,
                          const size_t *until, const double *levels, size_t count, double *points,
                          double *low, double *high, struct wr_error *error);

#ifdef __cplusplus
}
#endif
#endif
