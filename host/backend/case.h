/* Known cases: small ensembles made from the counter-based generator. They are the same on every
 * host, so that a device can be compared with the cpu backend. */
#ifndef WR_CASE_H
#define WR_CASE_H

#include "backend/backend.h"
#include "base/pool.h"

struct wr_case {
    struct wr_ensemble ensemble; /* arrays in `memory` */
    struct wr_pool memory;
};

/* What a case is made of. Models differ in learning rate and clip; every third model does not
 * clip. */
struct wr_case_spec {
    struct wr_shape shape;
    size_t models, batch, windows;
    bool ragged;   /* models also differ in their windows, and the last one diverges */
    size_t visits; /* visits of an epoch, some more for some models; 0: each window once */
    struct wr_rule rule;
};

/* Cases that together use every choice of a learning rule. */
#define WR_CASE_RULES 7
extern const struct wr_case_spec wr_case_rules[WR_CASE_RULES];

wr_status wr_case_make(const struct wr_case_spec *spec, struct wr_case *made,
                       struct wr_error *error);
void wr_case_release(struct wr_case *made);

/* Opens the case on a device, without the check that the device is exact. */
wr_status wr_case_open(const struct wr_case *made, struct wr_device *device,
                       enum wr_schedule schedule, struct wr_session **session,
                       struct wr_error *error);

#endif
