/* The cpu backend: its device, and the table of its operations. */
#include "backend/cpu/cpu.h"

#include "backend/registry.h"
#include "numerics.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/environment.h"

/* Limit of threads: more do not help, and products of this number fit every type. */
enum { MOST_THREADS = 1024 };

/* ---- engines ---- */

/* The engines of an instruction set: with a model in each lane, and with the rows of one model in
 * the lanes, or NULL. */
struct engines {
    const struct wr_engine *lanes, *rows;
};
enum { MOST_SETS = 3 };

/* Lists the engines of this build that this CPU can run, best first; returns their number. */
static size_t list_engines(struct engines sets[MOST_SETS]) {
    size_t count = 0;
#ifdef WR_HAVE_ENGINE_AVX512
    if (__builtin_cpu_supports("avx512f"))
        sets[count++] = (struct engines){&wr_engine_avx512, &wr_rows_avx512};
#endif
#ifdef WR_HAVE_ENGINE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        sets[count++] = (struct engines){&wr_engine_avx2, &wr_rows_avx2};
#endif
#ifdef WR_HAVE_ENGINE_NEON
    sets[count++] = (struct engines){&wr_engine_neon, &wr_rows_neon}; /* every aarch64 has it */
#endif
    sets[count++] = (struct engines){&wr_engine_scalar, NULL};
    return count;
}

/* Chooses the best engines, or the one that WINDROW_CPU names. */
static wr_status choose_engines(struct cpu_device *cpu, struct wr_error *error) {
    struct engines sets[MOST_SETS];
    size_t count = list_engines(sets), length = 0;
    const char *name = wr_variable("WINDROW_CPU");
    char names[96] = "";
    for (size_t i = 0; i < count; i++) {
        const struct wr_engine *lanes = sets[i].lanes, *rows = sets[i].rows;
        bool alone = name != NULL && strcmp(name, lanes->name) == 0;
        cpu->rows_only = name != NULL && rows != NULL && strcmp(name, rows->name) == 0;
        cpu->engine = lanes;
        cpu->rows = alone ? NULL : rows;
        if (name == NULL || alone || cpu->rows_only)
            return WR_OK;
        length +=
            (size_t)snprintf(names + length, sizeof names - length, "%s%s%s%s", i > 0 ? ", " : "",
                             lanes->name, rows != NULL ? ", " : "", rows != NULL ? rows->name : "");
    }
    return wr_fail(error, WR_ERR_DEVICE,
                   "WINDROW_CPU=%.40s: this CPU and this build have %s; unset it for the best",
                   name, names);
}

wr_status wr_cpu_engine_name(const char **name, struct wr_error *error) {
    struct cpu_device cpu;
    wr_status status = choose_engines(&cpu, error);
    if (status == WR_OK)
        *name = cpu.rows_only && cpu.rows != NULL ? cpu.rows->name : cpu.engine->name;
    return status;
}

/* How many models the rows engine trains in the time in which the lanes engine trains a block of L.
 * The formula fits measurements at O = 1. Rows are slower for few units, which wait for latency;
 * windows side by side hide some of that. A block of 16 models outgrows the innermost cache above H
 * = 20; from some H on, rows are faster for any number of models. The terms of y are added one by
 * one, hence O. */
static double rows_worth(const struct wr_ensemble *ensemble, size_t lanes) {
    const struct wr_shape *shape = &ensemble->stack.shape;
    double H = (double)shape->hidden, O = (double)shape->outputs, T = (double)shape->seq_len;
    double worth = 1 + H / 8, most = ensemble->batch > 1 ? 1.2 : 0.8;
    if (lanes >= 16 && H > 20)
        worth += (H - 20) * 3 / 8;
    if (ensemble->batch > 1)
        worth *= lanes >= 16 && ensemble->batch > 3 ? 3 : 2;
    if (lanes < 16 && worth > most * (double)lanes)
        worth = most * (double)lanes;
    return 1 / (1 / worth + O / (3 * (H * (T - 1) + O)));
}

/* Whether a team of threads shares the batches of `blocks` blocks. Sharing pays from two whole
 * segments on. */
static bool shared(const struct cpu_device *cpu, const struct wr_ensemble *ensemble,
                   size_t blocks) {
    return blocks < cpu->threads && ensemble->batch >= (size_t)2 * WR_SEGMENT;
}

/* The time for `blocks` blocks; the time for one is 1. */
static double rounds(const struct cpu_device *cpu, const struct wr_ensemble *ensemble,
                     size_t blocks) {
    size_t whole = (blocks - 1) / cpu->threads + 1;
    return shared(cpu, ensemble, blocks) ? (double)blocks / (double)cpu->threads : (double)whole;
}

const struct wr_engine *wr_cpu_engine(const struct cpu_device *cpu,
                                      const struct wr_ensemble *ensemble) {
    size_t lanes = cpu->engine->lanes, models = ensemble->stack.count;
    if (cpu->rows == NULL)
        return cpu->engine;
    double alone = rounds(cpu, ensemble, models);
    double together = rounds(cpu, ensemble, (models - 1) / lanes + 1);
    if (cpu->rows_only || alone <= together * rows_worth(ensemble, lanes))
        return cpu->rows;
    return cpu->engine;
}

bool wr_cpu_team(const struct cpu_device *cpu, const struct wr_engine *engine,
                 const struct wr_ensemble *ensemble) {
    return shared(cpu, ensemble, (ensemble->stack.count - 1) / engine->lanes + 1);
}

/* ---- the device ---- */

/* The brand string of an x86 processor without blanks around it; "" on other processors. */
static void read_brand(char brand[49]) {
    memset(brand, 0, 49);
#if defined(__x86_64__) || defined(__i386__)
    bool known = (unsigned)__get_cpuid_max(0x80000000u, NULL) >= 0x80000004u;
    for (size_t i = 0; known && i < 3; i++) {
        unsigned words[4];
        __get_cpuid(0x80000002u + (unsigned)i, &words[0], &words[1], &words[2], &words[3]);
        memcpy(brand + 16 * i, words, sizeof words);
    }
    size_t blank = strspn(brand, " "), length = strlen(brand);
    while (length > blank && brand[length - 1] == ' ')
        length--;
    brand[length] = '\0';
    memmove(brand, brand + blank, length - blank + 1);
#endif
}

/* Opens no file, so that the name does not depend on how many files can be open. */
static void read_cpu_name(char *name, size_t size) {
    struct utsname host;
    char brand[49];
    read_brand(brand);
    if (brand[0] == '\0')
        snprintf(name, size, "%s", uname(&host) == 0 ? host.machine : "CPU");
    else
        snprintf(name, size, "%s", brand);
}

/* Number of cores that the process may use. */
static size_t count_cores(void) {
    cpu_set_t cores;
    long all = sysconf(_SC_NPROCESSORS_ONLN);
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        return (size_t)CPU_COUNT(&cores);
    return all > 0 ? (size_t)all : 1;
}

/* Reads OMP_NUM_THREADS as OpenMP programs do: a list with a number for each level of nesting, of
 * which the first counts. Without it, one thread for each core. */
static wr_status default_threads(size_t *threads, struct wr_error *error) {
    const char *text = wr_variable("OMP_NUM_THREADS");
    *threads = count_cores();
    if (text == NULL)
        return WR_OK;
    char first[16];
    size_t blanks = strspn(text, " \t"), length = strcspn(text + blanks, ", \t");
    snprintf(first, sizeof first, "%.*s", (int)length, text + blanks);
    if (length < sizeof first && wr_read_whole(first, threads) && *threads > 0)
        return WR_OK;
    return wr_fail(
        error, WR_ERR_DEVICE,
        "OMP_NUM_THREADS=%.40s: needs a whole number from 1 on; unset it for a thread on "
        "each core",
        text);
}

static void fill_info(const struct cpu_device *cpu, struct wr_device_info *info) {
    const struct wr_engine *engine = cpu->rows_only && cpu->rows != NULL ? cpu->rows : cpu->engine;
    *info = (struct wr_device_info){
        .backend = "cpu", .id = "cpu", .usable = true, .exact = true, .memory = wr_memory_limit()};
    read_cpu_name(info->name, sizeof info->name);
    snprintf(info->detail, sizeof info->detail, "%zu thread%s, %s", cpu->threads,
             cpu->threads == 1 ? "" : "s", engine->detail);
}

static wr_status describe(size_t index, struct wr_device_info *info, struct wr_error *error) {
    struct cpu_device cpu = {0};
    if (index > 0)
        return wr_fail(error, WR_ERR_DEVICE, "there is one cpu device");
    wr_status status = default_threads(&cpu.threads, error);
    if (cpu.threads > MOST_THREADS)
        cpu.threads = MOST_THREADS;
    if (status == WR_OK)
        status = choose_engines(&cpu, error);
    if (status == WR_OK)
        fill_info(&cpu, info);
    return status;
}

static wr_status check_environment(struct wr_error *error) {
    struct cpu_device chosen;
    wr_status status = default_threads(&chosen.threads, error);
    return status == WR_OK ? choose_engines(&chosen, error) : status;
}

static wr_status open_device(size_t index, const struct wr_device_options *options,
                             struct wr_device **device, struct wr_error *error) {
    *device = NULL;
    if (index > 0)
        return wr_fail(error, WR_ERR_DEVICE, "there is one cpu device");
    struct cpu_device *cpu = wr_alloc(1, sizeof *cpu, "the cpu device", error);
    if (cpu == NULL)
        return WR_ERR_MEMORY;
    cpu->base.backend = &wr_backend_cpu;
    cpu->base.process = getpid();
    if (options != NULL)
        cpu->base.options = *options;
    cpu->threads = cpu->base.options.threads;
    wr_status status = cpu->threads > 0 ? WR_OK : default_threads(&cpu->threads, error);
    if (cpu->threads > MOST_THREADS)
        cpu->threads = MOST_THREADS;
    if (status == WR_OK)
        status = choose_engines(cpu, error);
    if (status == WR_OK)
        status = wr_crew_open(&cpu->crew, cpu->threads, error);
    if (status != WR_OK) {
        free(cpu);
        return status;
    }
    fill_info(cpu, &cpu->base.info);
    *device = &cpu->base;
    return WR_OK;
}

static void close_device(struct wr_device *device) {
    struct cpu_device *cpu = (struct cpu_device *)device;
    if (wr_is_ours(device))
        wr_crew_close(&cpu->crew);
    else
        wr_crew_abandon(&cpu->crew);
    free(cpu);
}

static bool fits_fused(struct wr_device *device, const struct wr_ensemble *ensemble,
                       const char **why) {
    (void)device;
    (void)ensemble;
    (void)why;
    return true;
}

const struct wr_backend wr_backend_cpu = {
    .name = "cpu",
    .title = "CPU",
    .reference = true,
    .host_memory = true,
    .closes_anywhere = true,
    .check_environment = check_environment,
    .describe = describe,
    .open_device = open_device,
    .close_device = close_device,
    .peak = wr_cpu_peak,
    .fits_fused = fits_fused,
    .memory = wr_cpu_memory,
    .session_size = sizeof(struct cpu_session),
    .open_session = wr_cpu_open,
    .close_session = wr_cpu_close,
    .read = wr_cpu_read,
    .write_state = wr_cpu_write_state,
    .forward = wr_cpu_forward,
    .bptt = wr_cpu_bptt,
    .clip = wr_cpu_clip,
    .update = wr_cpu_update,
    .run = wr_cpu_run,
    .freeze = wr_cpu_freeze,
    .diverged = wr_cpu_diverged,
};
