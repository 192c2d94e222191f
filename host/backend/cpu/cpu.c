/* The cpu backend: its device, and the table of its operations. */
#include "backend/cpu/cpu.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

/* More cannot help, and the number is to fit everywhere. */
enum { MOST_THREADS = 1024 };

/* ---- engines ---- */

/* The engines of this build that this CPU can run, best first; returns their number. */
static size_t list_engines(const struct wr_engine *engines[4]) {
    size_t count = 0;
#ifdef WR_HAVE_ENGINE_AVX512
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        engines[count++] = &wr_engine_avx512;
#endif
#ifdef WR_HAVE_ENGINE_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        engines[count++] = &wr_engine_avx2;
#endif
#ifdef WR_HAVE_ENGINE_NEON
    engines[count++] = &wr_engine_neon; /* every aarch64 has it */
#endif
    engines[count++] = &wr_engine_scalar;
    return count;
}

/* The best engine, or the one that WINDROW_CPU names. */
static wr_status choose_engine(const struct wr_engine **engine, struct wr_error *error) {
    const struct wr_engine *engines[4];
    size_t count = list_engines(engines), length = 0;
    const char *name = getenv("WINDROW_CPU");
    char names[64] = "";
    for (size_t i = 0; i < count; i++) {
        *engine = engines[i];
        if (name == NULL || strcmp(name, engines[i]->name) == 0) {
            return WR_OK;
        }
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "",
                                   engines[i]->name);
    }
    return wr_fail(error, WR_ERR_DEVICE,
                   "WINDROW_CPU=%s: this CPU and this build have %s; unset it for the first", name,
                   names);
}

/* ---- the device ---- */

static void read_cpu_name(char *name, size_t size) {
    struct utsname host;
    snprintf(name, size, "%s", uname(&host) == 0 ? host.machine : "CPU");
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256], model[128];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "model name : %127[^\n]", model) == 1) {
            snprintf(name, size, "%s", model);
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

static size_t default_threads(void) {
    return (size_t)omp_get_max_threads();
}

static void fill_info(const struct wr_engine *engine, size_t threads, struct wr_device_info *info) {
    *info = (struct wr_device_info){
        .backend = "cpu", .id = "cpu", .usable = true, .exact = true, .memory = wr_memory_limit()};
    read_cpu_name(info->name, sizeof info->name);
    snprintf(info->detail, sizeof info->detail, "%zu thread%s, %s", threads,
             threads == 1 ? "" : "s", engine->detail);
}

static wr_status describe(size_t index, struct wr_device_info *info, struct wr_error *error) {
    const struct wr_engine *engine;
    struct wr_error why = {0};
    if (index > 0)
        return wr_fail(error, WR_ERR_DEVICE, "there is one cpu device");
    wr_status status = choose_engine(&engine, &why);
    fill_info(engine, default_threads(), info);
    if (status != WR_OK) {
        info->usable = info->exact = false;
        snprintf(info->detail, sizeof info->detail, "%.255s", why.text);
    }
    return WR_OK;
}

static wr_status open_device(size_t index, const struct wr_device_options *options,
                             struct wr_device **device, struct wr_error *error) {
    const struct wr_engine *engine;
    *device = NULL;
    if (index > 0)
        return wr_fail(error, WR_ERR_DEVICE, "there is one cpu device");
    wr_status status = choose_engine(&engine, error);
    if (status != WR_OK)
        return status;
    struct cpu_device *cpu = wr_alloc(1, sizeof *cpu, "the cpu device", error);
    if (cpu == NULL)
        return WR_ERR_MEMORY;
    cpu->base.backend = &wr_backend_cpu;
    if (options != NULL)
        cpu->base.options = *options;
    cpu->engine = engine;
    cpu->threads = cpu->base.options.threads > 0 ? cpu->base.options.threads : default_threads();
    if (cpu->threads > MOST_THREADS)
        cpu->threads = MOST_THREADS;
    fill_info(engine, cpu->threads, &cpu->base.info);
    *device = &cpu->base;
    return WR_OK;
}

static void close_device(struct wr_device *device) {
    free(device);
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
    .write_parameters = wr_cpu_write_parameters,
    .forward = wr_cpu_forward,
    .bptt = wr_cpu_bptt,
    .clip = wr_cpu_clip,
    .update = wr_cpu_update,
    .run = wr_cpu_run,
    .diverged = wr_cpu_diverged,
};
