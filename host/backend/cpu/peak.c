/* What the threads of a cpu device can do at most. */
#include "backend/cpu/cpu.h"

/* Short trials, so that some of them run undisturbed on a machine that has other work. */
#define TRIALS        200
#define TRIAL_SECONDS 0.0005

/* Multiply-adds a second of this thread. */
static double time_chains(const struct cpu_device *cpu, size_t rounds, double *seconds) {
    alignas(64) float sums[WR_MOST_LANES];
    double began = wr_seconds();
    cpu->engine->chains(rounds, sums);
    *seconds = wr_seconds() - began;
    return (double)rounds * WR_CHAIN_FMAS * (double)cpu->engine->lanes / *seconds;
}

static double best_of_trials(const struct cpu_device *cpu) {
    size_t rounds = 1;
    double best = 0, seconds;
    (void)time_chains(cpu, rounds, &seconds);
    for (size_t i = 0; i < TRIALS; i++) {
        if (seconds < TRIAL_SECONDS)
            rounds *= 2;
        double rate = time_chains(cpu, rounds, &seconds);
        best = rate > best ? rate : best;
    }
    return best;
}

/* All threads at once, each by its own clock: starting and joining them is no work. */
wr_status wr_cpu_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error) {
    const struct cpu_device *cpu = (const struct cpu_device *)device;
    double rate = 0;
    wr_status status = wr_cpu_try_threads(cpu->threads, error);
    if (status != WR_OK)
        return status;
#pragma omp parallel num_threads((int)cpu->threads) reduction(+ : rate)
    {
#pragma omp barrier
        rate += best_of_trials(cpu);
    }
    *flops_per_second = 2 * rate;
    return WR_OK;
}
