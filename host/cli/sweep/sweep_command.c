#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/groups/csv_options.h"
#include "cli/io/interrupt.h"
#include "cli/io/json_write.h"
#include "cli/study/stores.h"
#include "cli/sweep/sweep_command.h"
#include "sweep/sweep_data.h"

/* ---- the study ---- */

wr_status sweep_save_settings(struct run *run, struct wr_study *study) {
    const struct sweep_options *o = run->options;
    const struct wr_csv_found *found = wr_series_found(run->data.series);
    const struct option_text *ignore = &o->data.csv.ignore;
    char delimiter[8], decimal[2] = "";
    wr_status status = keep_save(study, o->keep.text, NULL, run->error);
    if (status != WR_OK)
        return status;
    if (found == NULL) {
        struct wr_setting settings[] = {{"series", "ar2", false},
                                        {"data-seed", o->data.seed.text, false}};
        return wr_study_settle(study, settings, 2, run->error);
    }
    decimal[0] = found->decimal;
    struct wr_setting settings[] = {
        {"series", csv_can_reread(o->data.file.text) ? o->data.file.text : "-", false},
        {"delimiter", csv_delimiter_word(found->delimiter, delimiter), false},
        {"decimal", decimal, false},
        {"header", found->header ? "yes" : "no", false},
        {"ignore", ignore->given ? ignore->text : "", false}};
    return wr_study_settle(study, settings, sizeof settings / sizeof *settings, run->error);
}

wr_status sweep_open_study(struct run *run) {
    const char *path = run->options->store.text;
    bool fresh = run->options->fresh.given, dry = run->options->dry_run.given;
    enum wr_study_mode mode = dry ? WR_STUDY_READ : fresh ? WR_STUDY_FRESH : WR_STUDY_WRITE;
    enum wr_journal journal = (enum wr_journal)run->options->journal.value;
    wr_status status = wr_study_open_with(path, mode, journal, &run->study, run->error);
    torn_tell(run->study, path, !dry);
    if (status == WR_OK)
        status = wr_sweep_settle(&run->sweep, run->study, run->error);
    if (status == WR_OK && !dry)
        status = sweep_save_settings(run, run->study);
    if (status == WR_OK)
        wr_study_keep(run->study, run->keep);
    return status;
}

/* ---- devices ---- */

static wr_status add_device(struct run *run, const char *selector, device_open_fn *open) {
    struct wr_device_options how = {.threads = run->threads};
    struct wr_device **grown =
        realloc(run->devices, (run->device_count + 1) * sizeof(struct wr_device *));
    if (grown == NULL)
        return wr_fail(run->error, WR_ERR_MEMORY, "no memory for a list of devices");
    run->devices = grown;
    struct wr_device **device = &grown[run->device_count];
    wr_status status = open(selector, &how, device, run->error);
    if (status != WR_OK)
        return status;
    const char *id = wr_device_get_info(*device)->id;
    for (size_t i = 0; i < run->device_count; i++)
        if (strcmp(wr_device_get_info(grown[i])->id, id) == 0) {
            status = wr_fail(run->error, WR_ERR_USAGE, "--device %s: it names %s twice",
                             run->device_list, id);
            wr_device_close(*device);
            return status;
        }
    run->device_count++;
    return WR_OK;
}

static wr_status add_exact_devices(struct run *run) {
    struct wr_device_info *found;
    size_t count;
    wr_status status = devices_find(&found, &count, run->error);
    for (size_t i = 0; status == WR_OK && i < count; i++)
        if (found[i].exact)
            status = add_device(run, found[i].id, device_open_found); /* probed above */
    free(found);
    return status;
}

wr_status sweep_open_devices(struct run *run) {
    const char *list = run->device_list;
    if (strcmp(list, "all") == 0)
        return add_exact_devices(run);
    char *copy = strdup(list), *next = copy, *selector;
    wr_status status =
        copy != NULL ? WR_OK : wr_fail(run->error, WR_ERR_MEMORY, "no memory for --device");
    while (status == WR_OK && (selector = strsep(&next, ",")) != NULL)
        status = add_device(run, selector, device_open);
    free(copy);
    return status;
}

void sweep_close_devices(struct run *run) {
    for (size_t i = 0; i < run->device_count; i++)
        wr_device_close(run->devices[i]);
    free(run->devices);
    run->devices = NULL;
    run->device_count = 0;
}

/* ---- a dry run ---- */

static wr_status print_estimate(struct run *run) {
    struct wr_sweep_plan found;
    char bytes[32], seconds[32];
    wr_status status =
        wr_sweep_plan(&run->sweep, run->study, run->devices, run->device_count, &found, run->error);
    if (status != WR_OK)
        return status;
    if (run->ranks > 0)
        found.seconds /= (double)run->ranks;
    if (run->options->json.given)
        return json_print(json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:f}", "store",
                                    json_text(run->options->store.text), "trials",
                                    (json_int_t)found.trials, "left", (json_int_t)found.left,
                                    "shapes", (json_int_t)found.shapes, "ensembles",
                                    (json_int_t)found.ensembles, "memory", (json_int_t)found.memory,
                                    "seconds", found.seconds),
                          "windrow.sweep-dry-run/1", run->error);
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
             event->done + event->diverged + event->failed + event->pruned, event->trials);
    progress_show(&run->progress, event->fraction, event->seconds, event->seconds_left);
    sweep_events_tell(&run->events, event);
    return WR_OK;
}

void sweep_events_start(struct run *run) {
    const struct sweep_options *o = run->options;
    run->events = (struct sweep_events){.lines = o->json.given && !o->quiet.given,
                                        .study = run->study,
                                        .devices = run->devices,
                                        .device_count = run->device_count};
}

wr_status sweep_train(struct run *run) {
    const struct sweep_options *o = run->options;
    struct wr_sweep_options how = {.known = run->known,
                                   .devices = run->devices,
                                   .device_count = run->device_count,
                                   .on_event = on_event,
                                   .context = run,
                                   .stop = &interrupt_seen,
                                   .budget_seconds = run->budget};
    sweep_events_start(run);
    progress_start(&run->progress, o->quiet.given || o->json.given);
    wr_status status = wr_sweep_run(&run->sweep, run->study, &how, &run->result, run->error);
    progress_clear(&run->progress);
    return status;
}

/* ---- the command ---- */

/* Opens the study of --known, which must be one of the same sweep, of any shards. */
static wr_status open_known(struct run *run) {
    const struct option_text *known = &run->options->known;
    struct wr_sweep whole = run->sweep;
    whole.shard = whole.shards = 0;
    if (!known->given)
        return WR_OK;
    wr_status status = wr_study_open(known->text, WR_STUDY_READ, &run->known, run->error);
    return status == WR_OK ? wr_sweep_settle(&whole, run->known, run->error) : status;
}

wr_status sweep_alone(struct run *run) {
    const struct sweep_options *o = run->options;
    bool dry = o->dry_run.given;
    /* whether a file is made, or an old one renamed: only when all else is right */
    bool makes = o->fresh.given || access(o->store.text, F_OK) != 0;
    wr_status status = sweep_make(run);
    if (status == WR_OK)
        status = open_known(run);
    if (!dry)
        interrupt_catch(); /* before this, there is no training to continue */
    if (status == WR_OK && !makes)
        status = sweep_open_study(run);
    if (status == WR_OK)
        status = sweep_open_devices(run);
    if (status == WR_OK && makes && !dry)
        status = sweep_open_study(run);
    if (status != WR_OK || dry)
        return status == WR_OK ? print_estimate(run) : status;
    data_tell(&run->data, o->quiet.given);
    if (run->tables)
        sweep_tell_start(run);
    status = sweep_train(run);
    return status == WR_OK || status == WR_ERR_STOPPED ? sweep_finish(run, status) : status;
}

/* The number of processes that an MPI launcher has started, including this one. 0: there is no
 * launcher; SIZE_MAX: it does not say how many. */
static size_t launched(void) {
    static const char *const counts[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                         "SLURM_STEP_NUM_TASKS"};
    bool slurm_alone = getenv("PMIX_RANK") == NULL; /* then Slurm's variable does not mean MPI */
    for (size_t i = 0; i < sizeof counts / sizeof *counts - slurm_alone; i++) {
        const char *count = getenv(counts[i]);
        if (count != NULL)
            return strtoul(count, NULL, 10);
    }
    return slurm_alone ? 0 : SIZE_MAX;
}

static wr_status run_all(struct run *run) {
    size_t processes = launched();
    if (processes == 0 || (processes == 1 && run->options->shard.given))
        return sweep_alone(run);
#ifdef WINDROW_MPI
    return sweep_ranks(run, processes);
#else
    if (processes == 1)
        return sweep_alone(run);
    return wr_fail(run->error, WR_ERR_USAGE,
                   "started by an MPI launcher, but this windrow was built without MPI (configure "
                   "with -DWINDROW_MPI=ON); windrow sweep --shard I/N and windrow merge need none");
#endif
}

wr_status sweep_command(const struct sweep_options *options, struct wr_error *error) {
    struct run run = {.options = options,
                      .error = error,
                      .device_list = options->device.text,
                      .threads = options->threads.value};
    run.tables = !options->quiet.given && !options->json.given;
    wr_status status = run_all(&run);
    wr_study_close(run.study);
    wr_study_close(run.known);
    sweep_close_devices(&run);
    free(run.batch);
    free(run.init);
    free(run.seeds);
    free(run.rules);
    free(run.sample);
    data_release(&run.data);
    return status;
}
