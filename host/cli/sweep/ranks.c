/* All calls of MPI. Waits that may be long sleep between tests. MPI itself waits in a busy loop,
 * which takes a core from other processes on the node. */
#include "cli/sweep/ranks.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

enum { TAG_REPORT = 1 };

static MPI_Comm node = MPI_COMM_NULL; /* the ranks on this node */
static char stop_byte; /* content of the stop message; its arrival is all that counts */
static MPI_Request stop_request = MPI_REQUEST_NULL, sending = MPI_REQUEST_NULL;
static struct rank_report sent; /* the report in transit */

static bool is_done(MPI_Request *request) {
    int done;
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    return done != 0;
}

static void wait_asleep(MPI_Request *request) {
    const struct timespec pause = {.tv_nsec = 5000000};
    while (!is_done(request))
        nanosleep(&pause, NULL);
}

/* ---- starting and ending ---- */

/* The number of cores for this rank. Cores that several ranks may use are divided among them. */
static size_t share_of_cores(void) {
    cpu_set_t set;
    int own[CPU_SETSIZE], before[CPU_SETSIZE] = {0}, sharers[CPU_SETSIZE];
    CPU_ZERO(&set); /* stays empty if the machine has more cores than it holds */
    sched_getaffinity(0, sizeof set, &set);
    for (size_t core = 0; core < CPU_SETSIZE; core++)
        own[core] = CPU_ISSET(core, &set) ? 1 : 0;
    MPI_Exscan(own, before, CPU_SETSIZE, MPI_INT, MPI_SUM, node);
    MPI_Allreduce(own, sharers, CPU_SETSIZE, MPI_INT, MPI_SUM, node);
    int share = 0, turn = 0;
    for (size_t core = 0; core < CPU_SETSIZE; core++)
        if (own[core])
            share += turn++ % sharers[core] == before[core];
    return turn > 0 && share == 0 ? 1 : (size_t)share;
}

/* Finds PoCL's cache of kernels. It gets damaged if processes share it. The caller frees *folder.
 * It is NULL if PoCL chooses the folder itself. Returns false without memory. */
static bool find_cache(char **folder) {
    static const struct {
        const char *variable, *below;
    } places[] = {{"POCL_CACHE_DIR", ""}, {"XDG_CACHE_HOME", "/pocl"}, {"HOME", "/.cache/pocl"}};
    *folder = NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *value = getenv(places[i].variable);
        if (value == NULL || *value == '\0')
            continue;
        if (asprintf(folder, "%s%s", value, places[i].below) >= 0)
            return true;
        *folder = NULL;
        return false;
    }
    return true;
}

/* Gives this rank its own cache folder, unless it is the first rank with that folder. */
static wr_status take_cache(const struct ranks *ranks, struct wr_error *error) {
    char *folder, *own = NULL;
    bool well = find_cache(&folder);
    uint64_t hash = wr_hash(WR_HASH_START, folder, folder != NULL ? strlen(folder) : 0);
    MPI_Comm same;
    int before;
    MPI_Comm_split(MPI_COMM_WORLD, (int)(hash & INT_MAX), 0, &same);
    MPI_Comm_rank(same, &before);
    MPI_Comm_free(&same);
    if (folder != NULL && before > 0)
        well = asprintf(&own, "%s/rank-%zu", folder, ranks->rank) >= 0 &&
               setenv("POCL_CACHE_DIR", own, 1) == 0;
    free(own);
    free(folder);
    return well ? WR_OK : wr_fail(error, WR_ERR_MEMORY, "no memory for a folder's name");
}

wr_status ranks_start(struct ranks *ranks, struct wr_error *error) {
    int rank, count, local, locals, nodes, provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_rank(node, &local);
    MPI_Comm_size(node, &locals);
    int first = local == 0;
    MPI_Allreduce(&first, &nodes, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    *ranks = (struct ranks){.rank = (size_t)rank,
                            .count = (size_t)count,
                            .local = (size_t)local,
                            .locals = (size_t)locals,
                            .nodes = (size_t)nodes};
    gethostname(ranks->host, sizeof ranks->host - 1);
    ranks->threads = share_of_cores();
    return take_cache(ranks, error);
}

void ranks_end(void) {
    MPI_Request all;
    MPI_Ibarrier(MPI_COMM_WORLD, &all);
    wait_asleep(&all);
    MPI_Comm_free(&node);
    MPI_Finalize();
}

/* ---- agreeing ---- */

wr_status ranks_agree(const struct ranks *ranks, wr_status status, struct wr_error *error) {
    struct {
        wr_status status;
        char text[sizeof error->text];
    } failure = {.status = status};
    MPI_Request request;
    int mine = status == WR_OK ? (int)ranks->count : (int)ranks->rank, first;
    MPI_Iallreduce(&mine, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &request);
    wait_asleep(&request);
    if (first == (int)ranks->count)
        return WR_OK;
    if (first == 0)
        snprintf(failure.text, sizeof failure.text, "%s", error->text);
    else
        snprintf(failure.text, sizeof failure.text, "rank %zu on %s: %.*s", ranks->rank,
                 ranks->host, (int)sizeof failure.text - 96, error->text);
    MPI_Ibcast(&failure, sizeof failure, MPI_BYTE, first, MPI_COMM_WORLD, &request);
    wait_asleep(&request);
    if ((int)ranks->rank == first)
        return status;
    return wr_fail(error, failure.status, "%s", failure.text);
}

/* ---- messages during the training ---- */

void ranks_expect_stop(void) {
    MPI_Ibcast(&stop_byte, 1, MPI_BYTE, 0, MPI_COMM_WORLD, &stop_request);
}

bool ranks_stop_arrived(bool wait) {
    if (wait)
        wait_asleep(&stop_request);
    return is_done(&stop_request);
}

void ranks_send_stop(void) {
    ranks_expect_stop();
    wait_asleep(&stop_request);
}

void ranks_send_report(const struct rank_report *report) {
    if (report->ended)
        wait_asleep(&sending);
    else if (!is_done(&sending))
        return;
    sent = *report;
    MPI_Isend(&sent, sizeof sent, MPI_BYTE, 0, TAG_REPORT, MPI_COMM_WORLD, &sending);
    if (report->ended)
        wait_asleep(&sending);
}

void ranks_receive_reports(struct rank_report *reports) {
    int arrived = 1;
    MPI_Status from;
    for (;;) {
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_REPORT, MPI_COMM_WORLD, &arrived, &from);
        if (!arrived)
            return;
        MPI_Recv(&reports[from.MPI_SOURCE], sizeof *reports, MPI_BYTE, from.MPI_SOURCE, TAG_REPORT,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
}
