/* Whether threads can be had. OpenMP ends the process, with exit code 1, where it finds no memory
 * or cannot start a thread, and nothing can keep it from that: so it is found out before. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "base/base.h"

static void *wait_for_all(void *gate) {
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

wr_status wr_cpu_try_threads(size_t threads, struct wr_error *error) {
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    size_t more = threads - 1, started = 0; /* the caller is one */
    int cause = 0;
    pthread_t *all = wr_alloc(more, sizeof *all, "threads", error);
    if (all == NULL)
        return WR_ERR_MEMORY;
    pthread_mutex_lock(&gate); /* so that all are there at once */
    while (started < more && cause == 0) {
        cause = pthread_create(&all[started], NULL, wait_for_all, &gate);
        started += cause == 0;
    }
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < started; i++)
        pthread_join(all[i], NULL);
    free(all);
    if (cause == 0) {
#pragma omp parallel num_threads((int)threads)
        { /* what OpenMP allocates for them it does now, before there is much to lose */
#pragma omp barrier
        }
        return WR_OK;
    }
    return wr_fail(error, WR_ERR_MEMORY,
                   "cpu: thread %zu of %zu cannot be started: %s; fewer --threads, or "
                   "OMP_NUM_THREADS, would do",
                   started + 2, threads, strerror(cause));
}
