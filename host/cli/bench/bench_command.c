#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"
#include "cli/bench/bench_options.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/io/interrupt.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "windrow/bench.h"
#include "windrow/version.h"

/* The axes of the grid. */
enum { MODELS, HIDDEN, WINDOW, BATCH, AXES };
struct list {
    size_t count;
    const size_t *values; /* (count) */
};
#define LIST(...)                                                                                  \
    {                                                                                              \
        sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t), (const size_t[]) {                 \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
static const struct {
    const char *name;
    struct list point, curve; /* point: the value if the option is not given but another list is */
} axes[AXES] = {[MODELS] = {"models", LIST(64), LIST(1, 8, 16, 32, 64, 256, 1000)},
                [HIDDEN] = {"hidden", LIST(20), LIST(4, 8, 16, 32, 64, 128, 256)},
                [WINDOW] = {"window", LIST(5), LIST(2, 5, 10, 20, 50)},
                [BATCH] = {"batch", LIST(1), LIST(1, 4, 16, 64, 256)}};

enum { SCHEDULE_BOTH = WR_SCHEDULE_FUSED + 1 }; /* a choice of --schedule */

/* The benchmark of one device. */
struct bench {
    const struct bench_options *options;
    struct wr_device *device;
    double peak;  /* flops per second */
    json_t *rows; /* for --json; NULL after an allocation failed */
};

/* ---- rows ---- */

/* Prints a rate with at least three digits: "0.0123", "1.23", "12345". */
static void print_rate(double rate, int width) {
    int decimals = rate >= 100 ? 0 : rate >= 10 ? 1 : rate >= 1 ? 2 : 3;
    printf("  %*.*f", width, decimals, rate);
}

static void print_row(const struct bench *bench, const struct wr_bench_cell *cell,
                      const struct wr_bench_result *result, const char *why) {
    printf("%7zu %5zu %4zu %6zu  %-8s", cell->models, cell->shape.hidden, cell->shape.seq_len,
           cell->batch, wr_schedule_name(why == NULL ? result->schedule : cell->schedule));
    if (why == NULL) {
        double rate = result->updates_per_second;
        printf(" %7.3f", result->open_seconds);
        print_rate(rate, 10);
        printf("  %5.1f%%", 100 * (result->fastest - result->slowest) / rate);
        print_rate(rate * wr_bench_flops(cell) / 1e9, 8);
        printf("  %6.2f%%\n", 100 * rate * wr_bench_recurrent_flops(cell) / bench->peak);
    } else {
        printf("  %s\n", why);
    }
    cli_flush();
}

static void print_head(const struct bench *bench) {
    const struct wr_device_info *info = wr_device_get_info(bench->device);
    printf("%s: %s (%s)%s, peak", info->id, info->name, info->detail,
           info->exact ? "" : ", not exact");
    print_rate(bench->peak / 1e9, 1);
    printf(" Gflop/s\n%7s %5s %4s %6s  %-8s %7s  %10s  %6s  %8s  %7s\n", "M", "H", "T", "B",
           "schedule", "open s", "updates/s", "spread", "Gflop/s", "of peak");
    cli_flush();
}

/* null for a number that was not measured. */
static json_t *measured(double value, const char *why) {
    return why == NULL ? json_real(value) : json_null();
}

static json_t *row_object(const struct bench *bench, const char *curve,
                          const struct wr_bench_cell *cell, const struct wr_bench_result *result,
                          const char *why) {
    double rate = result->updates_per_second;
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "curve",
        curve, "models", (json_int_t)cell->models, "hidden", (json_int_t)cell->shape.hidden,
        "window", (json_int_t)cell->shape.seq_len, "batch", (json_int_t)cell->batch, "schedule",
        wr_schedule_name(why == NULL ? result->schedule : cell->schedule), "refused",
        why != NULL ? json_text(why) : json_null(), "windows", (json_int_t)result->windows,
        "epochs", (json_int_t)result->epochs, "open_seconds", measured(result->open_seconds, why),
        "updates_per_second", measured(rate, why), "slowest", measured(result->slowest, why),
        "fastest", measured(result->fastest, why), "spread",
        measured((result->fastest - result->slowest) / rate, why), "flops_per_second",
        measured(rate * wr_bench_flops(cell), why), "of_peak",
        measured(rate * wr_bench_recurrent_flops(cell) / bench->peak, why));
}

/* ---- cells ---- */

/* Measures a cell. A cell that the device cannot run is a row that says why, not an error. */
static wr_status measure_cell(struct bench *bench, const char *curve,
                              const struct wr_bench_cell *cell, struct wr_error *error) {
    struct wr_bench_options how = {.seconds = (double)bench->options->seconds.value,
                                   .repeats = bench->options->repeats.value,
                                   .stop = &interrupt_seen};
    struct wr_bench_result result;
    struct wr_error own = {0};
    wr_status status = wr_bench_run(bench->device, cell, &how, &result, &own);
    bool refused = status == WR_ERR_DEVICE || status == WR_ERR_MEMORY;
    if (interrupt_seen) {
        wr_error_release(&own);
        return wr_fail(error, WR_ERR_STOPPED, "interrupted");
    }
    if (status != WR_OK && !refused) {
        wr_error_move(&own, error);
        return status;
    }
    if (!bench->options->json.given)
        print_row(bench, cell, &result, refused ? own.text : NULL);
    else
        bench->rows = wr_json_push(
            bench->rows, row_object(bench, curve, cell, &result, refused ? own.text : NULL));
    wr_error_release(&own);
    return WR_OK;
}

static wr_status measure_schedules(struct bench *bench, const char *curve,
                                   struct wr_bench_cell *cell, struct wr_error *error) {
    size_t schedule = bench->options->schedule.value;
    cell->schedule = schedule == SCHEDULE_BOTH ? WR_SCHEDULE_FUSED : (enum wr_schedule)schedule;
    wr_status status = measure_cell(bench, curve, cell, error);
    cell->schedule = WR_SCHEDULE_STAGED;
    if (status == WR_OK && schedule == SCHEDULE_BOTH)
        status = measure_cell(bench, curve, cell, error);
    return status;
}

/* Measures every combination of the lists; the last list varies fastest. */
static wr_status measure_grid(struct bench *bench, const char *curve, const struct list lists[AXES],
                              struct wr_error *error) {
    struct wr_bench_cell cell = {.shape = {.inputs = 1, .outputs = 1}};
    size_t *const places[AXES] = {[MODELS] = &cell.models,
                                  [HIDDEN] = &cell.shape.hidden,
                                  [WINDOW] = &cell.shape.seq_len,
                                  [BATCH] = &cell.batch};
    size_t at[AXES] = {0}, axis;
    wr_status status = WR_OK;
    do {
        for (axis = 0; axis < AXES; axis++)
            *places[axis] = lists[axis].values[at[axis]];
        status = measure_schedules(bench, curve, &cell, error);
        while (axis > 0 && ++at[axis - 1] == lists[axis - 1].count)
            at[--axis] = 0;
    } while (status == WR_OK && axis > 0);
    return status;
}

static wr_status measure_curves(struct bench *bench, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t curve = 0; curve < AXES && status == WR_OK; curve++) {
        struct list lists[AXES];
        for (size_t axis = 0; axis < AXES; axis++)
            lists[axis] = axis == curve ? axes[axis].curve : axes[axis].point;
        if (curve > 0 && bench->rows == NULL)
            putchar('\n');
        status = measure_grid(bench, axes[curve].name, lists, error);
    }
    return status;
}

static wr_status measure_cells(struct bench *bench, struct wr_error *error) {
    const struct bench_options *options = bench->options;
    const struct option_sizes *const given_of[AXES] = {[MODELS] = &options->models,
                                                       [HIDDEN] = &options->hidden,
                                                       [WINDOW] = &options->window,
                                                       [BATCH] = &options->batch};
    struct list lists[AXES];
    bool given = false;
    for (size_t axis = 0; axis < AXES; axis++) {
        const struct option_sizes *option = given_of[axis];
        given |= option->given;
        lists[axis] =
            option->given ? (struct list){option->count, option->values} : axes[axis].point;
    }
    return given ? measure_grid(bench, "grid", lists, error) : measure_curves(bench, error);
}

/* ---- devices ---- */

/* Opens a device. One that is not exact is accepted too: only its speed is measured. */
static wr_status open_device(const char *selector, device_open_fn *open,
                             const struct bench_options *options, struct wr_device **device,
                             struct wr_error *error) {
    struct wr_device_options how = {.threads = options->threads.value};
    wr_status status = open(selector, &how, device, error);
    if (status != WR_OK || wr_device_get_info(*device)->exact)
        return status;
    const struct wr_device_info inexact = *wr_device_get_info(*device);
    wr_device_close(*device);
    how.inexact = true;
    return device_open_found(inexact.id, &how, device, error);
}

/* The object of a device. Takes over the reference to bench->rows. */
static json_t *device_object(const struct bench *bench) {
    const struct wr_device_info *info = wr_device_get_info(bench->device);
    return json_pack("{s:s, s:s, s:o, s:o, s:b, s:f, s:o}", "id", info->id, "backend",
                     info->backend, "name", json_text(info->name), "detail",
                     json_text(info->detail), "exact", (int)info->exact, "peak_flops_per_second",
                     bench->peak, "rows", bench->rows);
}

/* Measures one device. *list: the devices of --json. */
static wr_status bench_device(const char *selector, device_open_fn *open,
                              const struct bench_options *options, json_t **list,
                              struct wr_error *error) {
    bool json = options->json.given;
    struct bench bench = {.options = options};
    wr_status status = open_device(selector, open, options, &bench.device, error);
    if (status != WR_OK)
        return status;
    status = wr_bench_peak(bench.device, &bench.peak, error);
    if (json)
        bench.rows = json_array();
    else if (status == WR_OK)
        print_head(&bench);
    if (status == WR_OK)
        status = measure_cells(&bench, error);
    if (status == WR_OK && json)
        *list = wr_json_push(*list, device_object(&bench));
    else
        json_decref(bench.rows);
    report_deviation(bench.device);
    wr_device_close(bench.device);
    return status;
}

/* Measures every usable device, and reports the others. A device that fails does not stop the
 * others: its error is printed at once. Returns the status of the last device that failed. */
static wr_status bench_all(const struct bench_options *options, json_t **list, size_t *told,
                           struct wr_error *error) {
    struct wr_device_info *devices;
    size_t count, measured_devices = 0;
    wr_status status = devices_find(&devices, &count, error), worst = WR_OK;
    for (size_t i = 0; status == WR_OK && i < count; i++) {
        if (!devices[i].usable) {
            if (!device_is_absent(&devices[i]))
                device_tell_left_out(&devices[i]);
            continue;
        }
        if (measured_devices++ > 0 && !options->json.given)
            putchar('\n');
        struct wr_error own = {0};
        status = bench_device(devices[i].id, device_open_found, options, list, &own);
        *told += status == WR_OK;
        if (status == WR_ERR_DEVICE || status == WR_ERR_MEMORY) {
            cli_complain(&own);
            worst = status;
            status = WR_OK;
        } else if (status != WR_OK) {
            wr_error_move(&own, error);
            break;
        }
        wr_error_release(&own);
    }
    free(devices);
    return status == WR_OK ? worst : status;
}

wr_status bench_command(const struct bench_options *options, struct wr_error *error) {
    bool json = options->json.given;
    json_t *list = json ? json_array() : NULL;
    size_t told = 0; /* devices in the list */
    interrupt_catch();
    wr_status status = options->device.given
                           ? bench_device(options->device.text, device_open, options, &list, error)
                           : bench_all(options, &list, &told, error);
    if (!json || (status != WR_OK && told == 0) || status == WR_ERR_STOPPED) {
        json_decref(list);
        return status;
    }
    json_t *object = json_pack("{s:s, s:f, s:I, s:o}", "version", wr_version(), "seconds",
                               strtod(options->seconds.text, NULL), "repeats",
                               (json_int_t)options->repeats.value, "devices", list);
    wr_status printed = json_print(object, "windrow.bench/1", status == WR_OK ? error : NULL);
    return status == WR_OK ? printed : status;
}
