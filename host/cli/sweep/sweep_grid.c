/* Reads and checks the options that say what a sweep trains. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/groups/tables.h"
#include "cli/study/stores.h"
#include "cli/sweep/sweep_command.h"
#include "sweep/sweep_data.h"

wr_status sweep_blame(struct run *run, size_t first, size_t last, wr_status status) {
    bool in_file = false;
    for (size_t i = first; i <= last; i++)
        in_file |= run->options[i].in_file;
    if (status != WR_ERR_USAGE || !in_file)
        return status;
    struct wr_error own = *run->error;
    *run->error = (struct wr_error){0};
    status = wr_fail(run->error, WR_ERR_DATA, "%s: %s", run->options[SWEEP_CONFIG].text, own.text);
    wr_error_release(&own);
    return status;
}

static wr_status read_validate(struct run *run) {
    const struct option_value *validate = &run->options[SWEEP_VALIDATE];
    run->sweep.validate = strtod(validate->text, NULL); /* a double: 0.7 of 10 rows is 7 */
    if (run->sweep.validate < 1)
        return WR_OK;
    return wr_fail(run->error, WR_ERR_USAGE, "--validate %s: needs a part of the rows, below 1",
                   validate->text);
}

static wr_status make_grid(struct run *run) {
    const struct option_value *o = run->options;
    size_t batches = o[SWEEP_BATCH].count, inits = o[SWEEP_INIT].count;
    size_t seeds = o[SWEEP_SEEDS].count;
    run->batch = wr_alloc(batches, sizeof *run->batch, "batches", run->error);
    run->init = wr_alloc(inits, sizeof *run->init, "start values", run->error);
    run->seeds = wr_alloc(seeds, sizeof *run->seeds, "seeds", run->error);
    if (run->batch == NULL || run->init == NULL || run->seeds == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < batches; i++)
        run->batch[i] =
            o[SWEEP_BATCH].sizes[i] == SIZE_MAX ? WR_BATCH_ALL : o[SWEEP_BATCH].sizes[i];
    for (size_t i = 0; i < inits; i++)
        run->init[i] = o[SWEEP_INIT].sizes[i] == 0 ? WR_INIT_NOTEBOOK : WR_INIT_PYTORCH;
    for (size_t i = 0; i < seeds; i++)
        run->seeds[i] = (uint32_t)o[SWEEP_SEEDS].sizes[i];
    run->sweep.grid = (struct wr_grid){.hidden = o[SWEEP_HIDDEN].sizes,
                                       .hidden_count = o[SWEEP_HIDDEN].count,
                                       .window = o[SWEEP_WINDOW].sizes,
                                       .window_count = o[SWEEP_WINDOW].count,
                                       .batch = run->batch,
                                       .batch_count = batches,
                                       .init = run->init,
                                       .init_count = inits,
                                       .lr = o[SWEEP_LR].reals,
                                       .lr_count = o[SWEEP_LR].count,
                                       .clip = o[SWEEP_CLIP].reals,
                                       .clip_count = o[SWEEP_CLIP].count,
                                       .seeds = run->seeds,
                                       .seed_count = seeds};
    return wr_grid_count(&run->sweep.grid, &run->trials, run->error);
}

/* Checks the sweep against its data before a study is made or a device is opened. */
static wr_status check_data(struct run *run) {
    struct wr_sweep_data made;
    wr_status status = wr_sweep_data_make(&run->sweep, &made, run->error);
    wr_sweep_data_release(&made);
    return sweep_blame(run, SWEEP_EPOCHS, SWEEP_EPOCHS, status);
}

wr_status sweep_make(struct run *run) {
    const struct option_value *o = run->options;
    wr_status status = keep_read(o[SWEEP_KEEP].text, &run->keep, run->error);
    status = sweep_blame(run, SWEEP_KEEP, SWEEP_KEEP, status);
    if (status == WR_OK)
        status = shard_read(o[SWEEP_SHARD].text, &run->sweep.shard, &run->sweep.shards, run->error);
    if (status == WR_OK)
        status = sweep_blame(run, SWEEP_VALIDATE, SWEEP_VALIDATE, read_validate(run));
    if (status == WR_OK)
        status = sweep_blame(run, SWEEP_HIDDEN, SWEEP_SEEDS, make_grid(run));
    if (status == WR_OK)
        status = sweep_blame(run, 0, DATA_OPTIONS - 1, data_read(&run->data, o, run->error));
    if (status != WR_OK)
        return status;
    run->sweep.series = run->data.series;
    run->sweep.input_columns = run->data.inputs.index;
    run->sweep.inputs = run->data.inputs.count;
    run->sweep.target_columns = run->data.targets.index;
    run->sweep.outputs = run->data.targets.count;
    run->sweep.scale = (enum wr_scale)o[DATA_SCALE].choice;
    run->sweep.epochs = o[SWEEP_EPOCHS].size;
    run->sweep.schedule = (enum wr_schedule)o[SWEEP_SCHEDULE].choice;
    run->sweep.curve_points = o[SWEEP_CURVE].size;
    run->sweep.checkpoint_seconds = (double)o[SWEEP_CHECKPOINT].real;
    return check_data(run);
}
