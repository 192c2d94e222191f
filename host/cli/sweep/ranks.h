/* The processes (ranks) of an MPI run, and the messages between them. All ranks make every call, in
 * the same order and on the main thread, unless a call says otherwise. */
#ifndef WR_CLI_RANKS_H
#define WR_CLI_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "windrow/sweep.h"

struct ranks {
    size_t rank, count;   /* this process, of all */
    size_t local, locals; /* this process, of those on its node */
    size_t nodes;
    char host[64];  /* name of this host */
    size_t threads; /* this rank's share of the cores of its node; 0: unknown */
};

/* A report from a rank to rank 0. */
struct rank_report {
    bool heard; /* a report has arrived */
    bool ended; /* the training has ended: status and result are set; else event is set */
    wr_status status;
    struct wr_sweep_event event;
    struct wr_sweep_result result;
    char text[sizeof((struct wr_error *)0)->text]; /* text of the error */
};

wr_status ranks_start(struct ranks *ranks, struct wr_error *error);
/* Waits for all ranks, then ends MPI. */
void ranks_end(void);

/* Returns the failure of the lowest rank that failed, on all ranks, or WR_OK. */
wr_status ranks_agree(const struct ranks *ranks, wr_status status, struct wr_error *error);

/* ---- training: the ranks send reports to rank 0, which sends one stop to all ---- */

/* Other ranks: starts to wait for the stop. Called once, before the training. */
void ranks_expect_stop(void);
/* Other ranks: whether rank 0 has sent the stop. It sends it to stop the training, or when all
 * ranks have ended. wait: block until it arrives. */
bool ranks_stop_arrived(bool wait);
/* Rank 0: sends the stop to all ranks. Called once. */
void ranks_send_stop(void);
/* Other ranks: sends a report to rank 0. A report with `ended` is always sent. Another one is
 * dropped while an earlier one is still in transit. */
void ranks_send_report(const struct rank_report *report);
/* Rank 0: stores the reports that have arrived in reports (count), by rank. */
void ranks_receive_reports(struct rank_report *reports);

#endif
