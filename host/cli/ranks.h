/* The processes of an MPI run: who they are, and the little that they tell each other. Every call
 * is made by all ranks, in the same order and on the main thread, unless it says otherwise. */
#ifndef WR_CLI_RANKS_H
#define WR_CLI_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/sweep.h"

struct ranks {
    size_t rank, count;   /* this process among all */
    size_t local, locals; /* among those of its node */
    size_t nodes;
    char host[64];  /* this one */
    size_t threads; /* this rank's share of the cores that its node's ranks may use; 0: unknown */
};

/* What a rank tells rank 0. */
struct rank_report {
    bool heard; /* anything */
    bool ended; /* its training, with status and result; else event says how far it is */
    wr_status status;
    struct wr_sweep_event event;
    struct wr_sweep_result result;
    char text[sizeof((struct wr_error *)0)->text]; /* of the error */
};

wr_status ranks_start(struct ranks *ranks, struct wr_error *error);
/* Waits for all of them. */
void ranks_end(void);

/* The first failure, by rank, among what the ranks come with: all of them get it. */
wr_status ranks_agree(const struct ranks *ranks, wr_status status, struct wr_error *error);

/* ---- training, from which on only rank 0 has something to tell all ---- */

/* Ranks but 0, before any of them trains. */
void ranks_expect_stop(void);
/* Ranks but 0: whether rank 0 has given its word, to stop or that all have ended. With wait, when
 * it has. */
bool ranks_stop_arrived(bool wait);
/* Rank 0, once. */
void ranks_send_stop(void);
/* Ranks but 0: to rank 0. One that is no end is dropped while the last one is on its way. */
void ranks_send_report(const struct rank_report *report);
/* Rank 0: what has arrived, by rank, in reports (count). */
void ranks_receive_reports(struct rank_report *reports);

#endif
