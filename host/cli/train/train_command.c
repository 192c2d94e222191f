#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/io/interrupt.h"
#include "cli/io/progress.h"
#include "cli/io/report_lines.h"
#include "cli/train/history.h"
#include "cli/train/report.h"
#include "cli/train/setup.h"

/* ---- the training ---- */

/* What a run of the command owns. */
struct run {
    struct train_options options; /* given options, and those that --init FILE sets */
    struct wr_error *error;
    bool tables; /* print tables on stdout */
    size_t log_every;
    struct setup setup;
    struct wr_device *device;
    struct wr_session *session;
    struct history *history;
    struct progress progress;
    struct wr_train_result result;
};

static wr_status open_outputs(struct run *run) {
    const struct option_text *save = &run->options.save;
    const struct option_text *history = &run->options.history;
    wr_status status = WR_OK;
    interrupt_catch(); /* before this, an interrupt leaves nothing to clean up */
    if (save->given || history->given)
        signal(SIGPIPE, SIG_IGN); /* a closed pipe must be an error of the write */
    if (save->given)
        status = wr_output_try(save->text, run->error);
    if (status == WR_OK && history->given)
        status = history_open(history->text, run->setup.stack.count, run->setup.seed, &run->history,
                              run->error);
    return status;
}

static wr_status open_device(struct run *run) {
    const struct train_options *options = &run->options;
    struct wr_device_options how = {.threads = options->cpu.threads.value,
                                    .inexact = options->cpu.inexact.given};
    return device_open(options->device.text, &how, &run->device, run->error);
}

static wr_status open_session(struct run *run) {
    const struct train_options *options = &run->options;
    struct setup *setup = &run->setup;
    struct wr_ensemble ensemble = {.stack = setup->stack,
                                   .batch = options->batch.value,
                                   .schedule = (enum wr_schedule)options->schedule.value,
                                   .windows = setup->view,
                                   .rule = setup->rule};
    size_t bytes;
    wr_status status = wr_session_memory(run->device, &ensemble, &bytes, run->error);
    if (status == WR_OK)
        status = setup_models(setup, options, run->error);
    if (status != WR_OK)
        return status;
    ensemble.stack = setup->stack;
    ensemble.tasks = setup->tasks;
    return wr_session_open(run->device, &ensemble, &run->session, run->error);
}

static wr_status log_losses(struct run *run, const struct wr_train_event *event) {
    size_t models = run->setup.stack.count, every = run->log_every;
    size_t skip = (every - event->first_epoch % every) % every; /* to a multiple of `every` */
    wr_status status = WR_OK;
    for (size_t e = skip; e < event->epochs && status == WR_OK; e += every) {
        char label[48];
        snprintf(label, sizeof label, "epoch %*zu", report_epoch_width(event->epochs_total),
                 event->first_epoch + e);
        progress_clear(&run->progress);
        status = report_losses(label, event->losses + e * models, models,
                               run->setup.held > 0 ? "ended" : "diverged", run->error);
    }
    return status;
}

static wr_status on_event(void *context, const struct wr_train_event *event) {
    struct run *run = context;
    wr_status status = WR_OK;
    if (run->history != NULL && event->epochs > 0)
        status = history_append(run->history, event, run->session, run->error);
    if (status == WR_OK && run->tables)
        status = log_losses(run, event);
    progress_show(&run->progress, event->fraction, event->seconds, event->seconds_left);
    return status;
}

static wr_status train(struct run *run) {
    const struct setup *setup = &run->setup;
    struct wr_validation validation = {.first = setup->held_first,
                                       .count = setup->held_count,
                                       .every = setup->every,
                                       .patience = setup->patience};
    struct wr_train_options how = {.epochs = setup->epochs,
                                   .validation = setup->held > 0 ? &validation : NULL,
                                   .on_event = on_event,
                                   .context = run,
                                   .stop = &interrupt_seen};
    progress_start(&run->progress, run->options.quiet.given);
    wr_status status = wr_train(run->session, &how, &run->result, run->error);
    progress_clear(&run->progress);
    if (status == WR_OK)
        status =
            wr_session_read(run->session, WR_PARAMETERS, run->setup.stack.parameters, run->error);
    return status;
}

/* ---- results ---- */

static wr_status write_files(struct run *run) {
    wr_status status = WR_OK;
    if (run->options.save.given)
        status = setup_save(&run->setup, &run->options, run->error);
    if (status == WR_OK && run->history != NULL) {
        status = history_commit(run->history, run->error);
        run->history = NULL;
    }
    return status;
}

static wr_status tell_results(struct run *run) {
    const struct setup *setup = &run->setup;
    wr_status status = WR_OK;
    if (run->options.json.given)
        status = report_json(setup, run->device, run->session, &run->result,
                             setup->stack.parameters, run->error);
    else if (run->tables) {
        report_speed(run->result.updates, run->result.seconds);
        putchar('\n');
        status = report_losses("last epoch", run->result.losses, setup->stack.count, "diverged",
                               run->error);
        if (status == WR_OK)
            status = report_validation(setup, &run->result, run->error);
        if (status == WR_OK)
            status = report_forecast(setup, &run->result, run->error);
    }
    if (run->result.diverged > 0)
        report_diverged(setup, &run->result);
    return status;
}

static wr_status run_all(struct run *run) {
    const struct model_choices choices = setup_choices(&run->options);
    wr_status status = setup_init(&run->setup, &run->options, run->error);
    if (status == WR_OK)
        status = setup_shape(&run->setup, &run->options, run->error);
    run->log_every = run->setup.epochs >= 10 ? run->setup.epochs / 10 : 1;
    if (run->options.log_every.given)
        run->log_every = run->options.log_every.value;
    if (status == WR_OK)
        status = open_device(run);
    if (status == WR_OK)
        status = open_session(run);
    if (status == WR_OK)
        status = open_outputs(run);
    if (status == WR_OK)
        data_tell(&run->setup.data, run->options.quiet.given);
    if (status == WR_OK && run->tables) {
        report_setup(&run->setup, &run->options);
        report_device(run->device, run->session);
        putchar('\n');
    }
    if (status == WR_OK && run->setup.init.path != NULL && !run->options.quiet.given)
        model_file_tell(&run->setup.init, "init      ", &choices, &run->setup.data);
    if (status == WR_OK)
        report_deviation(run->device);
    if (status == WR_OK)
        status = train(run);
    if (interrupt_seen) /* an interrupt may also have caused another error */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted; no file was written");
    if (status == WR_OK)
        status = write_files(run);
    if (status == WR_ERR_STORAGE && interrupt_seen) /* the interrupt may have caused this error */
        return wr_fail(run->error, WR_ERR_STOPPED, "interrupted while the files were written");
    return status == WR_OK ? tell_results(run) : status;
}

wr_status train_command(const struct train_options *options, struct wr_error *error) {
    struct run run = {.options = *options, .error = error};
    run.tables = !options->quiet.given && !options->json.given;
    wr_status status = run_all(&run);
    if (status == WR_OK && run.result.diverged > 0)
        status = CLI_DIVERGED;
    history_abandon(run.history);
    wr_session_close(run.session);
    wr_device_close(run.device);
    wr_train_result_release(&run.result);
    setup_release(&run.setup);
    return status;
}
