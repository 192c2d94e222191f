/* Known cases: small ensembles made from the counter-based generator, the same on every host, to
 * hold a device against the cpu backend. */
#ifndef WR_CASE_H
#define WR_CASE_H

#include "backend/backend.h"

struct wr_case {
    struct wr_ensemble ensemble; /* arrays in `memory` */
    void *memory;
};

/* What a case is made of. Models differ in learning rate and clip (every third has none). */
struct wr_case_plan {
    struct wr_shape shape;
    size_t models, batch, windows;
    bool ragged;   /* models differ in their windows too, and the last one diverges */
    size_t visits; /* of an epoch, and some more for some models; 0: each window once */
    struct wr_rule rule;
};

/* Plans that between them have every choice of a learning rule, ragged, with seeds and clips that
 * differ from model to model. */
#define WR_CASE_RULES 7
extern const struct wr_case_plan wr_case_rules[WR_CASE_RULES];

wr_status wr_case_make(const struct wr_case_plan *plan, struct wr_case *made,
                       struct wr_error *error);
void wr_case_release(struct wr_case *made);

/* Opens the case on a device without the check that the device is exact. */
wr_status wr_case_open(const struct wr_case *made, struct wr_device *device,
                       enum wr_schedule schedule, struct wr_session **session,
                       struct wr_error *error);

#endif
