/* Fits of several recipes to one panel, whose forecasts are averaged. */
#ifndef WR_MIX_H
#define WR_MIX_H

#include "windrow/forecast.h"

struct wr_mix {
    size_t count;
    struct wr_fit **fits; /* (count), of one horizon */
};

/* A mix with room for `count` fits, all NULL yet. Released with wr_mix_release after any failure
 * too. */
wr_status wr_mix_new(size_t count, struct wr_mix *mix, struct wr_error *error);
void wr_mix_release(struct wr_mix *mix);

/* Fits recipes (count), one after the other; events tell of all of them. */
wr_status wr_mix_fit(struct wr_device *device, const struct wr_panel *panel,
                     const struct wr_recipe *recipes, size_t count, const size_t *until,
                     const struct wr_fit_options *options, struct wr_mix *mix,
                     struct wr_error *error);

/* Several fits, one after the other, whose events tell of all of them. */
struct wr_turns {
    const struct wr_fit_options *options; /* the caller's */
    size_t index, count;                  /* which of them is at work */
    double began;                         /* wr_seconds */
};
/* The options of fit number turns->index. */
struct wr_fit_options wr_turns_options(struct wr_turns *turns);

size_t wr_mix_horizon(const struct wr_mix *mix);
/* Sums over the fits, but of series those that are short or naive in any of them. */
void wr_mix_report(const struct wr_mix *mix, struct wr_fit_report *report);

/* Means of the fits' points (series, horizon), and with count > 0 of the bounds low, high (count,
 * series, horizon) of their intervals. until: as for wr_fit_forecast. */
wr_status wr_mix_forecast(const struct wr_mix *mix, const struct wr_panel *panel,
                          const size_t *until, const double *levels, size_t count, double *points,
                          double *low, double *high, struct wr_error *error);

#endif
