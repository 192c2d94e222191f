/* Reads and checks the options that say what a sweep trains. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/study/stores.h"
#include "cli/sweep/sweep_command.h"
#include "cli/sweep/sweep_rules.h"
#include "sweep/sweep_data.h"

static wr_status read_validate(struct run *run) {
    const struct option_real *validate = &run->options->validate;
    run->sweep.validate = strtod(validate->text, NULL); /* a double: 0.7 of 10 rows is 7 */
    if (run->sweep.validate < 1)
        return WR_OK;
    return wr_fail(run->error, WR_ERR_USAGE, "--validate %s: needs a part of the rows, below 1",
                   validate->text);
}

/* Reads when trials stop early. Either option turns that on. */
static wr_status read_patience(struct run *run) {
    const struct sweep_options *o = run->options;
    struct wr_sweep *sweep = &run->sweep;
    enum { VALIDATIONS = 20, PATIENCE = 5 };
    if (!o->patience.given && !o->validate_every.given)
        return WR_OK;
    if (sweep->validate == 0)
        return wr_fail(run->error, WR_ERR_USAGE, "--%s goes with --validate",
                       o->patience.given ? "patience" : "validate-every");
    sweep->patience = o->patience.given ? o->patience.value : PATIENCE;
    sweep->validate_every = o->epochs.value >= VALIDATIONS ? o->epochs.value / VALIDATIONS : 1;
    if (o->validate_every.given)
        sweep->validate_every = o->validate_every.value;
    return WR_OK;
}

/* Reads successive halving. Its numbers are checked with the sweep. */
static wr_status read_halving(struct run *run) {
    const struct sweep_options *o = run->options;
    if (!o->halving.given && (o->rungs.given || o->bracket.given))
        return wr_fail(run->error, WR_ERR_USAGE, "--%s goes with --halving",
                       o->rungs.given ? "rungs" : "bracket");
    if (o->halving.given)
        run->sweep.halving =
            (struct wr_halving){o->halving.value, o->rungs.value, o->bracket.value};
    return WR_OK;
}

static wr_status draw_sample(struct run *run) {
    const struct sweep_options *o = run->options;
    wr_status status = sweep_sample(&o->grid, (uint32_t)o->sample_seed.value, o->sample.value,
                                    &run->sample, run->error);
    run->sweep.trials = run->sample;
    run->sweep.trial_count = run->trials = o->sample.value;
    return status;
}

static wr_status make_grid(struct run *run) {
    const struct sweep_options *o = run->options;
    size_t batches = o->grid.batch.count, inits = o->grid.init.count;
    size_t seeds = o->grid.seeds.count;
    run->batch = wr_alloc(batches, sizeof *run->batch, "batches", run->error);
    run->init = wr_alloc(inits, sizeof *run->init, "start values", run->error);
    run->seeds = wr_alloc(seeds, sizeof *run->seeds, "seeds", run->error);
    if (run->batch == NULL || run->init == NULL || run->seeds == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < batches; i++)
        run->batch[i] =
            o->grid.batch.values[i] == SIZE_MAX ? WR_BATCH_ALL : o->grid.batch.values[i];
    for (size_t i = 0; i < inits; i++)
        run->init[i] = (enum wr_init)o->grid.init.values[i];
    for (size_t i = 0; i < seeds; i++)
        run->seeds[i] = (uint32_t)o->grid.seeds.values[i];
    size_t rules;
    wr_status status = sweep_rules_make(&o->grid, &run->rules, &rules, run->error);
    if (status != WR_OK)
        return status;
    run->sweep.grid = (struct wr_grid){.hidden = o->grid.hidden.values,
                                       .hidden_count = o->grid.hidden.count,
                                       .window = o->grid.window.values,
                                       .window_count = o->grid.window.count,
                                       .batch = run->batch,
                                       .batch_count = batches,
                                       .init = run->init,
                                       .init_count = inits,
                                       .lr = o->grid.lr.values,
                                       .lr_count = o->grid.lr.count,
                                       .clip = o->grid.clip.values,
                                       .clip_count = o->grid.clip.count,
                                       .seeds = run->seeds,
                                       .seed_count = seeds,
                                       .rules = run->rules,
                                       .rule_count = rules};
    return wr_grid_count(&run->sweep.grid, &run->trials, run->error);
}

/* Checks the sweep against its data before a study is made or a device is opened. */
static wr_status check_data(struct run *run) {
    struct wr_sweep_data made;
    wr_status status = wr_sweep_data_make(&run->sweep, &made, run->error);
    wr_sweep_data_release(&made);
    return status;
}

wr_status sweep_make(struct run *run) {
    const struct sweep_options *o = run->options;
    wr_status status = keep_read(o->keep.text, &run->keep, run->error);
    if (status == WR_OK)
        status = shard_read(o->shard.text, &run->sweep.shard, &run->sweep.shards, run->error);
    if (status == WR_OK)
        status = read_validate(run);
    if (status == WR_OK)
        status = read_patience(run);
    if (status == WR_OK)
        status = sweep_loss_read(o, &run->sweep, run->error);
    if (status == WR_OK)
        status = read_halving(run);
    if (status == WR_OK && o->budget.given && !(o->budget.value > 0))
        status = wr_fail(run->error, WR_ERR_USAGE, "--budget %s: above 0 needed", o->budget.text);
    if (status == WR_OK && o->sample_seed.given && !o->sample.given)
        status = wr_fail(run->error, WR_ERR_USAGE, "--sample-seed goes with --sample");
    if (status == WR_OK)
        status = sweep_lists_check(&o->grid, o->sample.given, run->error);
    if (status == WR_OK)
        status = o->sample.given ? draw_sample(run) : make_grid(run);
    if (status == WR_OK)
        status = data_read(&run->data, &o->data, run->error);
    if (status != WR_OK)
        return status;
    run->sweep.series = run->data.series;
    run->sweep.input_columns = run->data.inputs.index;
    run->sweep.inputs = run->data.inputs.count;
    run->sweep.target_columns = run->data.targets.index;
    run->sweep.outputs = run->data.targets.count;
    run->sweep.scale = (enum wr_scale)o->data.scale.value;
    run->sweep.epochs = o->epochs.value;
    run->sweep.schedule = (enum wr_schedule)o->schedule.value;
    run->sweep.curve_points = o->curve.value;
    run->sweep.checkpoint_seconds = (double)o->checkpoint.value;
    run->budget = (double)o->budget.value;
    return check_data(run);
}
