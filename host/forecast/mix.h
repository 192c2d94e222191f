/* Fits that run one after the other. */
#ifndef WR_MIX_H
#define WR_MIX_H

#include "windrow/mix.h"

/* Events tell the progress of all of the fits together. */
struct wr_fit_sequence {
    const struct wr_fit_options *options; /* the caller's */
    size_t index, count;                  /* the fit that runs now, and the number of fits */
    double began;                         /* wr_seconds */
};
/* The options of fit number sequence->index. */
struct wr_fit_options wr_fit_sequence_options(struct wr_fit_sequence *sequence);

#endif
