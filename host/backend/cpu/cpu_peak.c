/* Measures the most that the threads of a cpu device can compute. */
#include "backend/cpu/cpu.h"

#include <sched.h>
#include <stdlib.h>

/* Short measurements, so that some of them run undisturbed while the machine has other work. */
#define MEASUREMENTS        200
#define MEASUREMENT_SECONDS 0.0005

/* Multiply-adds per second of this thread. */
static double time_chains(const struct cpu_device *cpu, size_t rounds, double *seconds) {
    alignas(64) float sums[WR_MOST_LANES];
    double began = wr_seconds();
    cpu->engine->chains(rounds, sums);
    *seconds = wr_seconds() - began;
    return (double)rounds * WR_CHAIN_FMAS * (double)cpu->engine->lanes / *seconds;
}

static double measure_best(const struct cpu_device *cpu) {
    size_t rounds = 1;
    double best = 0, seconds;
    (void)time_chains(cpu, rounds, &seconds);
    for (size_t i = 0; i < MEASUREMENTS; i++) {
        if (seconds < MEASUREMENT_SECONDS)
            rounds *= 2;
        double rate = time_chains(cpu, rounds, &seconds);
        best = rate > best ? rate : best;
    }
    return best;
}

struct peak {
    const struct cpu_device *cpu;
    size_t threads;
    atomic_size_t ready;
    double *rates; /* (threads) */
};

/* All threads measure at the same time, each by its own clock, so that starting and joining them is
 * not measured. */
static void measure_thread(void *context, size_t thread) {
    struct peak *peak = context;
    atomic_fetch_add(&peak->ready, 1);
    while (atomic_load(&peak->ready) < peak->threads)
        sched_yield();
    peak->rates[thread] = measure_best(peak->cpu);
}

wr_status wr_cpu_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error) {
    struct cpu_device *cpu = (struct cpu_device *)device;
    struct peak peak = {.cpu = cpu, .threads = wr_crew_hire(&cpu->crew, cpu->threads)};
    peak.rates = wr_alloc(peak.threads, sizeof *peak.rates, "rates", error);
    if (peak.rates == NULL)
        return WR_ERR_MEMORY;
    wr_crew_run(&cpu->crew, peak.threads, measure_thread, &peak);
    *flops_per_second = 0;
    for (size_t i = 0; i < peak.threads; i++)
        *flops_per_second += 2 * peak.rates[i];
    free(peak.rates);
    return WR_OK;
}
