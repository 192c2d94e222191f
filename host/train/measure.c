#include "windrow/bench.h"

#include "backend/optional.h"
#include "backend/session.h"
#include "base/arithmetic.h"
#include "base/pool.h"
#include "windrow/series.h"

#include <math.h>
#include <stdlib.h>

/* Batches of an epoch: as in the notebook, and the least, with which a slow device is tried first.
 */
enum { MOST_STEPS = 95, FEWEST_STEPS = 4 };
#define WARM_UP_GROWTH 8 /* the most by which epochs grow from one run to the next */

/* ---- flops ---- */

static double recurrent_products(const struct wr_shape *shape) {
    return (double)(shape->seq_len - 1) * (double)shape->hidden * (double)shape->hidden;
}

double wr_bench_flops(const struct wr_bench_cell *cell) {
    const struct wr_shape *shape = &cell->shape;
    double H = (double)shape->hidden;
    double inputs = (double)shape->seq_len * H * (double)shape->inputs;
    double outputs = (double)shape->outputs * H;
    return 2 * (double)cell->batch * (2 * inputs + 3 * recurrent_products(shape) + 3 * outputs);
}

double wr_bench_recurrent_flops(const struct wr_bench_cell *cell) {
    return 6 * (double)cell->batch * recurrent_products(&cell->shape);
}

wr_status wr_bench_peak(struct wr_device *device, double *flops_per_second,
                        struct wr_error *error) {
    WR_ARITHMETIC(callers);
    wr_status status = wr_check_process(device, error);
    return status == WR_OK ? wr_device_peak(device, flops_per_second, error) : status;
}

/* ---- a session to measure ---- */

struct bench {
    struct wr_device *device;
    const struct wr_bench_cell *cell;
    const struct wr_bench_options *options;
    struct wr_bench_result *result;
    struct wr_error *error;
    struct wr_session *session;
};

/* Makes windows for `steps` whole batches from the synthetic series. */
static wr_status make_windows(const struct bench *bench, size_t steps,
                              struct wr_windows **windows) {
    const struct wr_bench_cell *cell = bench->cell;
    struct wr_series *series = NULL;
    size_t rows;
    if (!wr_size_mul(steps, cell->batch, &rows) || !wr_size_add(rows, cell->shape.seq_len, &rows))
        return wr_fail(bench->error, WR_ERR_MEMORY, "%zu batches of %zu windows overflow", steps,
                       cell->batch);
    size_t most =
        cell->shape.inputs > cell->shape.outputs ? cell->shape.inputs : cell->shape.outputs;
    size_t *columns = wr_alloc(most, sizeof *columns, "columns", bench->error); /* all 0 */
    wr_status status =
        columns != NULL ? wr_series_ar2(rows, 0, &series, bench->error) : WR_ERR_MEMORY;
    struct wr_windows_spec spec = {.input_columns = columns,
                                   .inputs = cell->shape.inputs,
                                   .target_columns = columns,
                                   .outputs = cell->shape.outputs,
                                   .seq_len = cell->shape.seq_len};
    if (status == WR_OK)
        status = wr_windows_make(series, &spec, windows, bench->error);
    wr_series_free(series);
    free(columns);
    return status;
}

/* Fills in the models and their tasks. With these values no model diverges, because the clip bounds
 * every step. A diverged model would have no more work. */
static wr_status fill_models(const struct bench *bench, struct wr_pool *pool,
                             struct wr_ensemble *ensemble) {
    struct wr_stack *stack = &ensemble->stack;
    size_t models = stack->count, floats;
    struct wr_layout layout;
    wr_status status = wr_layout_of(&stack->shape, &layout, bench->error);
    if (status != WR_OK)
        return status;
    if (!wr_size_mul(models, layout.count, &floats))
        return wr_fail(bench->error, WR_ERR_MEMORY, "the parameters of %zu models overflow",
                       models);
    stack->parameters = wr_pool_take(pool, floats, sizeof(float), "parameters");
    struct wr_task *tasks = wr_pool_take(pool, models, sizeof *tasks, "tasks");
    uint32_t *seeds = wr_pool_take(pool, models, sizeof *seeds, "seeds");
    status = wr_pool_status(pool, bench->error);
    if (status != WR_OK)
        return status;
    for (size_t m = 0; m < models; m++) {
        seeds[m] = (uint32_t)m;
        tasks[m] = (struct wr_task){.lr = 1e-4f, .clip = 1.0f};
    }
    ensemble->tasks = tasks;
    return wr_parameters_init(stack, WR_INIT_NOTEBOOK, seeds, bench->error);
}

/* Opens bench->session with epochs of `steps` batches. */
static wr_status open_session(struct bench *bench, size_t steps) {
    const struct wr_bench_cell *cell = bench->cell;
    struct wr_ensemble ensemble = {.stack = {.shape = cell->shape, .count = cell->models},
                                   .batch = cell->batch,
                                   .schedule = cell->schedule,
                                   .rule = cell->rule};
    struct wr_windows *windows = NULL;
    struct wr_pool pool = {0};
    size_t bytes;
    wr_status status = make_windows(bench, steps, &windows);
    if (status == WR_OK) {
        wr_windows_get(windows, &ensemble.windows);
        status = wr_session_memory(bench->device, &ensemble, &bytes, bench->error);
    }
    if (status == WR_OK)
        status = fill_models(bench, &pool, &ensemble);
    double began = wr_seconds();
    if (status == WR_OK)
        status = wr_session_open(bench->device, &ensemble, &bench->session, bench->error);
    bench->result->open_seconds += wr_seconds() - began;
    bench->result->windows = ensemble.windows.count;
    wr_windows_free(windows);
    wr_pool_release(&pool);
    return status;
}

/* ---- runs ---- */

static wr_status on_tick(void *context, double updates) {
    const struct bench *bench = context;
    (void)updates;
    bool stop = bench->options->stop != NULL && *bench->options->stop != 0;
    return stop ? wr_fail(bench->error, WR_ERR_STOPPED, "stopped") : WR_OK;
}

static wr_status timed_run(struct bench *bench, size_t epochs, double *seconds) {
    *seconds = 0;
    if (on_tick(bench, 0) != WR_OK) /* short runs have no ticks */
        return WR_ERR_STOPPED;
    double began = wr_seconds();
    wr_status status = wr_session_run(bench->session, epochs, NULL, on_tick, bench, bench->error);
    *seconds = wr_seconds() - began;
    return status;
}

/* Opens a session with short epochs, which builds the kernels, and then one with as many batches as
 * fit in a repeat. */
static wr_status choose_steps(struct bench *bench) {
    double cold, warm = 0, wanted = bench->options->seconds;
    wr_status status = open_session(bench, FEWEST_STEPS);
    if (status == WR_OK)
        status = timed_run(bench, 1, &cold); /* drivers defer work to the first run */
    if (status == WR_OK)
        status = timed_run(bench, 1, &warm);
    double fitting =
        wanted < MOST_STEPS * warm / FEWEST_STEPS ? wanted * FEWEST_STEPS / warm : MOST_STEPS;
    if (status != WR_OK || fitting < FEWEST_STEPS + 1)
        return status;
    wr_session_close(bench->session);
    bench->session = NULL;
    double open_seconds = bench->result->open_seconds; /* only the first one builds */
    status = open_session(bench, (size_t)fitting);
    bench->result->open_seconds = open_seconds;
    return status;
}

/* Runs more and more epochs until a run lasts as long as a repeat. */
static wr_status choose_epochs(struct bench *bench) {
    double seconds, wanted = bench->options->seconds;
    size_t epochs = 1;
    for (;;) {
        wr_status status = timed_run(bench, epochs, &seconds);
        bench->result->epochs = epochs;
        if (status != WR_OK || seconds >= wanted)
            return status;
        double growth = 1.2 * wanted / seconds; /* so that the next run is long enough */
        if (!(growth < WARM_UP_GROWTH))
            growth = WARM_UP_GROWTH;
        epochs = (size_t)((double)epochs * growth) + 1;
    }
}

/* Measures the rate of one repeat: runs of so many epochs, one if the warm-up was not disturbed. */
static wr_status repeat(struct bench *bench, double *rate) {
    double seconds, total = 0, updates = 0;
    double each = (double)bench->result->epochs * wr_session_epoch_updates(bench->session);
    wr_status status;
    do {
        status = timed_run(bench, bench->result->epochs, &seconds);
        total += seconds;
        updates += each;
    } while (status == WR_OK && total < bench->options->seconds);
    *rate = updates / total;
    return status;
}

static int compare(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static wr_status measure(struct bench *bench) {
    struct wr_bench_result *result = bench->result;
    size_t count = bench->options->repeats;
    double *rates = wr_alloc(count, sizeof *rates, "repeats", bench->error);
    wr_status status = rates != NULL ? WR_OK : WR_ERR_MEMORY;
    for (size_t i = 0; i < count && status == WR_OK; i++)
        status = repeat(bench, &rates[i]);
    if (status == WR_OK) {
        qsort(rates, count, sizeof *rates, compare);
        result->slowest = rates[0];
        result->fastest = rates[count - 1];
        result->updates_per_second = (rates[(count - 1) / 2] + rates[count / 2]) / 2;
    }
    free(rates);
    return status;
}

wr_status wr_bench_run(struct wr_device *device, const struct wr_bench_cell *cell,
                       const struct wr_bench_options *options, struct wr_bench_result *result,
                       struct wr_error *error) {
    WR_ARITHMETIC(callers);
    struct bench bench = {
        .device = device, .cell = cell, .options = options, .result = result, .error = error};
    *result = (struct wr_bench_result){0};
    if (!isfinite(options->seconds) || options->seconds < 0)
        return wr_fail(error, WR_ERR_USAGE, "repeats of %g seconds: a number from 0 on is needed",
                       options->seconds);
    if (options->repeats == 0 || cell->models == 0 || cell->batch == 0)
        return wr_fail(error, WR_ERR_USAGE, "%zu repeats of %zu models, batch %zu: 1 is the least",
                       options->repeats, cell->models, cell->batch);
    struct wr_layout layout;
    wr_status status = wr_layout_of(&cell->shape, &layout, error); /* checks the sizes */
    if (status == WR_OK)
        status = choose_steps(&bench);
    if (status == WR_OK) {
        result->schedule = wr_session_schedule(bench.session);
        status = choose_epochs(&bench);
    }
    if (status == WR_OK)
        status = measure(&bench);
    wr_session_close(bench.session);
    return status;
}
