/* Fits of several recipes to one panel, whose forecasts are averaged. */
#ifndef WR_MIX_H
#define WR_MIX_H

#include "windrow/forecast.h"

struct wr_mix {
    size_t count;
    struct wr_fit **fits; /* (count), of one horizon */
};

/* Makes a mix of `count` fits, which are all NULL at first. The caller releases it with
 * wr_mix_release, also after a failure. */
wr_status wr_mix_new(size_t count, struct wr_mix *mix, struct wr_error *error);
void wr_mix_release(struct wr_mix *mix);

/* Fits recipes (count), one after the other. Events tell the progress of all of them together. */
wr_status wr_mix_fit(struct wr_device *device, const struct wr_panel *panel,
                     const struct wr_recipe *recipes, size_t count, const size_t *until,
                     const struct wr_fit_options *options, struct wr_mix *mix,
                     struct wr_error *error);

/* Fits that run one after the other. Events tell the progress of all of them together. */
struct wr_fit_sequence {
    const struct wr_fit_options *options; /* the caller's */
    size_t index, count;                  /* the fit that runs now, and the number of fits */
    double began;                         /* wr_seconds */
};
/* The options of fit number sequence->index. */
struct wr_fit_options wr_fit_sequence_options(struct wr_fit_sequence *sequence);

size_t wr_mix_horizon(const struct wr_mix *mix);
/* Sums the reports of the fits. But each series that is shorter, naive, quiet or borrowed in at
 * least one fit counts once. */
void wr_mix_report(const struct wr_mix *mix, struct wr_fit_report *report);

/* Averages the fits' points (series, horizon), and with count > 0 also the bounds low, high (count,
 * series, horizon) of their intervals. until: as for wr_fit_forecast. */
wr_status wr_mix_forecast(const struct wr_mix *mix, const struct wr_panel *panel,
                          const size_t *until, const double *levels, size_t count, double *points,
                          double *low, double *high, struct wr_error *error);

#endif
