#include <errno.h> /* program_invocation_name */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/data.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/tables.h"
#include "cli/trials.h"
#include "sweep/data.h"

enum { BEST_SHOWN = 5 };

/* All that a run owns. */
struct run {
    const struct option_value *options;
    struct wr_error *error;
    bool tables; /* for a person, on stdout */
    struct data data;
    size_t *batch;      /* (batch_count) of the grid */
    enum wr_init *init; /* (init_count) */
    uint32_t *seeds;    /* (seed_count) */
    struct wr_sweep sweep;
    size_t trials, keep;
    struct wr_study *study;
    struct wr_device **devices; /* (device_count) */
    size_t device_count;
    struct progress progress;
    struct wr_sweep_result result;
};

/* A bad value in a file of options is the file's fault: that of any option first .. last. */
static wr_status blame(struct run *run, size_t first, size_t last, wr_status status) {
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

/* ---- what to train ---- */

static wr_status read_validate(struct run *run) {
    const struct option_value *validate = &run->options[SWEEP_VALIDATE];
    run->sweep.validate = strtod(validate->text, NULL); /* 0.7 of ten rows are seven */
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

/* Checks the sweep against its data, before a study is made or a device opened. */
static wr_status check_data(struct run *run) {
    struct wr_sweep_data made;
    wr_status status = wr_sweep_data_make(&run->sweep, &made, run->error);
    wr_sweep_data_release(&made);
    return blame(run, SWEEP_EPOCHS, SWEEP_EPOCHS, status);
}

static wr_status make_sweep(struct run *run) {
    const struct option_value *o = run->options;
    wr_status status = keep_read(o[SWEEP_KEEP].text, &run->keep, run->error);
    status = blame(run, SWEEP_KEEP, SWEEP_KEEP, status);
    if (status == WR_OK)
        status = shard_read(o[SWEEP_SHARD].text, &run->sweep.shard, &run->sweep.shards, run->error);
    if (status == WR_OK)
        status = blame(run, SWEEP_VALIDATE, SWEEP_VALIDATE, read_validate(run));
    if (status == WR_OK)
        status = blame(run, SWEEP_HIDDEN, SWEEP_SEEDS, make_grid(run));
    if (status == WR_OK)
        status = blame(run, 0, DATA_OPTIONS - 1, data_read(&run->data, o, run->error));
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

/* ---- the study ---- */

/* Whence the series is, for whoever reads the study (what it holds is compared anyway), and whose
 * parameters are kept, for windrow merge. */
static wr_status keep_words(struct run *run) {
    const struct option_value *o = run->options;
    bool file = o[DATA_FILE].given;
    struct wr_setting settings[] = {{"series", file ? o[DATA_FILE].text : "ar2", false},
                                    {"keep", o[SWEEP_KEEP].text, false},
                                    {"data-seed", o[DATA_SEED].text, false}};
    return wr_study_settle(run->study, settings, file ? 2 : 3, run->error);
}

static wr_status open_study(struct run *run) {
    const char *path = run->options[SWEEP_STORE].text;
    bool fresh = run->options[SWEEP_FRESH].given, dry = run->options[SWEEP_DRY_RUN].given;
    enum wr_study_mode mode = dry ? WR_STUDY_READ : fresh ? WR_STUDY_FRESH : WR_STUDY_WRITE;
    enum wr_journal journal = (enum wr_journal)run->options[SWEEP_JOURNAL].choice;
    wr_status status = wr_study_open_with(path, mode, journal, &run->study, run->error);
    if (status == WR_OK)
        status = wr_sweep_settle(&run->sweep, run->study, run->error);
    if (status == WR_OK && !dry)
        status = keep_words(run);
    if (status == WR_OK)
        wr_study_keep(run->study, run->keep);
    return status;
}

/* ---- devices ---- */

static wr_status add_device(struct run *run, const char *selector) {
    struct wr_device_options how = {.threads = run->options[SWEEP_THREADS].size};
    struct wr_device **grown =
        realloc(run->devices, (run->device_count + 1) * sizeof(struct wr_device *));
    if (grown == NULL)
        return wr_fail(run->error, WR_ERR_MEMORY, "no memory for a list of devices");
    run->devices = grown;
    struct wr_device **device = &grown[run->device_count];
    wr_status status = wr_device_open(selector, &how, device, run->error);
    if (status != WR_OK)
        return status;
    const char *id = wr_device_get_info(*device)->id;
    for (size_t i = 0; i < run->device_count; i++)
        if (strcmp(wr_device_get_info(grown[i])->id, id) == 0) {
            status = wr_fail(run->error, WR_ERR_USAGE, "--device %s: it names %s twice",
                             run->options[SWEEP_DEVICE].text, id);
            wr_device_close(*device);
            return status;
        }
    run->device_count++;
    return WR_OK;
}

static wr_status add_exact_devices(struct run *run) {
    struct wr_device_info *found;
    size_t count;
    wr_status status = wr_devices_list(&found, &count, run->error);
    for (size_t i = 0; status == WR_OK && i < count; i++)
        if (found[i].exact)
            status = add_device(run, found[i].id);
    free(found);
    return status;
}

static wr_status open_devices(struct run *run) {
    const char *list = run->options[SWEEP_DEVICE].text;
    if (strcmp(list, "all") == 0)
        return add_exact_devices(run);
    char *copy = strdup(list), *next = copy, *selector;
    wr_status status =
        copy != NULL ? WR_OK : wr_fail(run->error, WR_ERR_MEMORY, "no memory for --device");
    while (status == WR_OK && (selector = strsep(&next, ",")) != NULL)
        status = add_device(run, selector);
    free(copy);
    return blame(run, SWEEP_DEVICE, SWEEP_DEVICE, status);
}

static void tell_devices(const struct run *run) {
    for (size_t i = 0; i < run->device_count; i++) {
        const struct wr_device_info *info = wr_device_get_info(run->devices[i]);
        fprintf(stderr, "device    %s: %s%s%s%s\n", info->id, info->name,
                info->detail[0] != '\0' ? " (" : "", info->detail,
                info->detail[0] != '\0' ? ")" : "");
    }
}

/* ---- a dry run ---- */

static wr_status plan(struct run *run) {
    struct wr_sweep_plan found;
    char bytes[32], seconds[32];
    wr_status status =
        wr_sweep_plan(&run->sweep, run->study, run->devices, run->device_count, &found, run->error);
    if (status != WR_OK)
        return status;
    if (run->options[SWEEP_JSON].given)
        return json_print(json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:f}", "store",
                                    json_text(run->options[SWEEP_STORE].text), "trials",
                                    (json_int_t)found.trials, "left", (json_int_t)found.left,
                                    "shapes", (json_int_t)found.shapes, "ensembles",
                                    (json_int_t)found.ensembles, "memory", (json_int_t)found.memory,
                                    "seconds", found.seconds),
                          run->error);
    printf("trials     %zu, of which %zu are left\n", found.trials, found.left);
    printf("shapes     %zu\nensembles  about %zu\n", found.shapes, found.ensembles);
    printf("memory     %s on the device, for the largest ensemble\n",
           wr_bytes_text((double)found.memory, bytes));
    printf("time       about %s\n", progress_time(found.seconds, seconds));
    return WR_OK;
}

/* ---- the run ---- */

static wr_status on_event(void *context, const struct wr_sweep_event *event) {
    struct run *run = context;
    snprintf(run->progress.note, sizeof run->progress.note, "%zu of %zu trials",
             event->done + event->diverged + event->failed, event->trials);
    progress_show(&run->progress, event->fraction, event->seconds, event->seconds_left);
    return WR_OK;
}

static wr_status train(struct run *run) {
    struct wr_sweep_options how = {.devices = run->devices,
                                   .device_count = run->device_count,
                                   .on_event = on_event,
                                   .context = run,
                                   .stop = &interrupt_seen};
    progress_start(&run->progress, run->options[SWEEP_QUIET].given);
    wr_status status = wr_sweep_run(&run->sweep, run->study, &how, &run->result, run->error);
    progress_clear(&run->progress);
    return status;
}

/* ---- results ---- */

static void tell_sweep(const struct run *run) {
    const struct option_value *o = run->options;
    report_series(&run->data, o);
    printf("columns   %s -> %s, scale %s\n", run->data.input_names, run->data.target_names,
           o[DATA_SCALE].text);
    printf("grid      %zu trial%s of %zu epoch%s", run->trials, run->trials == 1 ? "" : "s",
           run->sweep.epochs, run->sweep.epochs == 1 ? "" : "s");
    if (run->sweep.validate > 0)
        printf(", the last %s of the rows held out", o[SWEEP_VALIDATE].text);
    char shard[SHARD_TEXT];
    if (run->sweep.shards > 0)
        printf("\nshard     %s", shard_text(run->sweep.shard, run->sweep.shards, shard));
    printf("\nstudy     %s\n", o[SWEEP_STORE].text);
    cli_flush();
}

static double trials_per_second(const struct wr_sweep_result *result) {
    return result->seconds > 0 ? (double)result->ran / result->seconds : 0;
}

static wr_status print_json(struct run *run) {
    const struct wr_sweep_result *result = &run->result;
    return json_print(
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "store",
                  json_text(run->options[SWEEP_STORE].text), "trials", (json_int_t)result->trials,
                  "done", (json_int_t)result->done, "diverged", (json_int_t)result->diverged,
                  "failed", (json_int_t)result->failed, "pending", (json_int_t)result->pending,
                  "ran", (json_int_t)result->ran, "updates", (json_int_t)result->updates, "seconds",
                  result->seconds, "trials_per_second", trials_per_second(result)),
        run->error);
}

static wr_status print_tables(struct run *run) {
    const struct wr_sweep_result *result = &run->result;
    printf("trials    %zu done, %zu diverged, %zu failed, %zu pending\n\n", result->done,
           result->diverged, result->failed, result->pending);
    wr_status status = trials_print_best(run->study, BEST_SHOWN, run->error);
    fputs("\nMore of it: windrow show ", stdout);
    print_shell_word(stdout, run->options[SWEEP_STORE].text);
    putchar('\n');
    cli_flush();
    return status;
}

static wr_status tell_results(struct run *run) {
    const struct wr_sweep_result *result = &run->result;
    if (run->tables) {
        cli_flush();
        fprintf(stderr, "%zu trials, %.0f updates in %.*f s: %.3g trials/s\n", result->ran,
                result->updates, result->seconds < 100 ? 3 : 0, result->seconds,
                trials_per_second(result));
    }
    if (run->options[SWEEP_JSON].given)
        return print_json(run);
    return run->tables ? print_tables(run) : WR_OK;
}

/* The command that goes on: what was typed, but for --fresh, and with the shard that --shard auto
 * found. */
static void tell_resume(const struct run *run) {
    char shard[SHARD_TEXT];
    shard_text(run->sweep.shard, run->sweep.shards, shard);
    cli_flush();
    fprintf(stderr, "windrow: stopped, with %zu of %zu trials left; this goes on:\n",
            run->result.pending, run->result.trials);
    print_shell_word(stderr, program_invocation_name);
    fputs(" sweep", stderr);
    for (size_t i = 0; i < SWEEP_OPTIONS; i++) {
        const struct option_value *option = &run->options[i];
        if (!option->given || option->in_file || i == SWEEP_FRESH)
            continue;
        fprintf(stderr, " --%s", sweep_options[i].name);
        if (sweep_options[i].kind == OPTION_FLAG)
            continue;
        fputs(strncmp(option->text, "--", 2) == 0 ? "=" : " ", stderr);
        print_shell_word(stderr, i == SWEEP_SHARD ? shard : option->text);
    }
    fputc('\n', stderr);
}

/* Keeps why the first of the failed trials did, a char[256]. */
static wr_status note_failure(void *context, const struct wr_trial *trial) {
    char *why = context;
    if (trial->status == WR_TRIAL_FAILED && *why == '\0')
        snprintf(why, 256, "%s", trial->why);
    return WR_OK;
}

/* What the command ends with, when all trials that can be trained are. */
static wr_status judge(struct run *run) {
    const struct wr_sweep_result *result = &run->result;
    static const struct wr_trial_query all = {0};
    char why[256] = "";
    if (result->diverged > 0) {
        cli_flush();
        fprintf(stderr, "windrow: %zu of %zu trials diverged; a smaller --lr or --clip may help\n",
                result->diverged, result->trials);
    }
    if (result->failed == 0)
        return result->diverged > 0 ? CLI_DIVERGED : WR_OK;
    wr_status status = wr_study_trials(run->study, &all, note_failure, why, run->error);
    return status != WR_OK
               ? status
               : wr_fail(run->error, WR_ERR_MEMORY, "%zu of %zu trials could not be trained: %s",
                         result->failed, result->trials, why);
}

static wr_status run_all(struct run *run) {
    const struct option_value *o = run->options;
    bool dry = o[SWEEP_DRY_RUN].given;
    /* A file is made, or another one renamed, when all else is right. */
    bool makes = o[SWEEP_FRESH].given || access(o[SWEEP_STORE].text, F_OK) != 0;
    wr_status status = make_sweep(run);
    if (!dry)
        interrupt_catch(); /* up to here there is nothing to go on with */
    if (status == WR_OK && !makes)
        status = open_study(run);
    if (status == WR_OK)
        status = open_devices(run);
    if (status == WR_OK && makes && !dry)
        status = open_study(run);
    if (status != WR_OK || dry)
        return status == WR_OK ? plan(run) : status;
    if (run->tables) {
        tell_sweep(run);
        tell_devices(run);
    }
    status = train(run);
    if (status != WR_OK && status != WR_ERR_STOPPED)
        return status;
    wr_status told = tell_results(run);
    if (status == WR_OK)
        return told == WR_OK ? judge(run) : told;
    tell_resume(run);
    wr_error_release(run->error);
    return CLI_STOPPED;
}

wr_status sweep_command(const struct option_value *options, struct wr_error *error) {
    struct run run = {.options = options, .error = error};
    run.tables = !options[SWEEP_QUIET].given && !options[SWEEP_JSON].given;
    wr_status status = run_all(&run);
    wr_study_close(run.study);
    for (size_t i = 0; i < run.device_count; i++)
        wr_device_close(run.devices[i]);
    free(run.devices);
    free(run.batch);
    free(run.init);
    free(run.seeds);
    data_release(&run.data);
    return status;
}
