/* How far a sweep is, for other processes: lines of JSON on stderr, and a note for windrow status.
 */
#ifndef WR_CLI_SWEEP_EVENTS_H
#define WR_CLI_SWEEP_EVENTS_H

#include <stdbool.h>

#include "windrow/sweep.h"

/* Where events go. Start with the first fields set; the study may be NULL. */
struct sweep_events {
    bool lines; /* on stderr */
    struct wr_study *study;
    struct wr_device *const *devices; /* (device_count) that train */
    size_t device_count;
    double due; /* seconds of training at which the next is due */
};
/* Tells the event if it is due: once a second. */
void sweep_events_tell(struct sweep_events *events, const struct wr_sweep_event *event);

#endif
