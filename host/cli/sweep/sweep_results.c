/* What a sweep prints: what it trains, its results, and how to continue. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/groups/csv_options.h"
#include "cli/io/json_write.h"
#include "cli/io/report_lines.h"
#include "cli/io/typed.h"
#include "cli/study/stores.h"
#include "cli/study/trials.h"
#include "cli/sweep/sweep_command.h"
#include "cli/train/report.h"

enum { BEST_SHOWN = 5 };

static void tell_halving(const struct wr_sweep *sweep) {
    printf("\nhalving   the best 1/%zu go on after", sweep->halving.eta);
    for (size_t rung = 0; rung < sweep->halving.rungs; rung++)
        printf("%s %zu", rung > 0 ? "," : "", wr_halving_epochs(sweep, rung));
    printf(" epochs, in brackets of %zu", sweep->halving.bracket);
}

static void tell_sweep(const struct run *run) {
    const struct sweep_options *o = run->options;
    report_series(&run->data, &o->data);
    report_named("columns   ", run->data.input_names);
    report_named(" -> ", run->data.target_names);
    printf(", scale %s\n", o->data.scale.text);
    printf("%s    %zu trial%s of %zu epoch%s", o->sample.given ? "sample" : "grid  ", run->trials,
           run->trials == 1 ? "" : "s", run->sweep.epochs, run->sweep.epochs == 1 ? "" : "s");
    if (run->sweep.validate > 0)
        printf(", the last %s of the rows held out", o->validate.text);
    if (run->sweep.halving.eta > 0)
        tell_halving(&run->sweep);
    char shard[SHARD_TEXT];
    if (run->sweep.shards > 0)
        printf("\nshard     %s", shard_text(run->sweep.shard, run->sweep.shards, shard));
    report_named("\nstudy     ", o->store.text);
    putchar('\n');
    cli_flush();
}

static void tell_devices(const struct run *run) {
    for (size_t i = 0; i < run->device_count; i++) {
        const struct wr_device_info *info = wr_device_get_info(run->devices[i]);
        fprintf(stderr, "device    %s: %s%s%s%s\n", info->id, info->name,
                info->detail[0] != '\0' ? " (" : "", info->detail,
                info->detail[0] != '\0' ? ")" : "");
    }
}

void sweep_tell_start(const struct run *run) {
    tell_sweep(run);
    tell_devices(run);
}

static double trials_per_second(const struct wr_sweep_result *result) {
    return result->seconds > 0 ? (double)result->ran / result->seconds : 0;
}

static wr_status print_json(struct run *run) {
    const struct wr_sweep_result *result = &run->result;
    return json_print(
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}", "store",
                  json_text(run->options->store.text), "trials", (json_int_t)result->trials, "done",
                  (json_int_t)result->done, "diverged", (json_int_t)result->diverged, "failed",
                  (json_int_t)result->failed, "pruned", (json_int_t)result->pruned, "pending",
                  (json_int_t)result->pending, "ran", (json_int_t)result->ran, "updates",
                  (json_int_t)result->updates, "seconds", result->seconds, "trials_per_second",
                  trials_per_second(result)),
        "windrow.sweep/1", run->error);
}

static wr_status print_tables(struct run *run) {
    const struct wr_sweep_result *result = &run->result;
    printf("trials    %zu done, ", result->done);
    if (result->pruned > 0)
        printf("%zu pruned, ", result->pruned);
    printf("%zu diverged, %zu failed, %zu pending\n\n", result->diverged, result->failed,
           result->pending);
    wr_status status = trials_print_best(run->study, BEST_SHOWN, run->error);
    fputs("\nMore of it: windrow show ", stdout);
    print_shell_word(stdout, run->options->store.text);
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
    if (run->options->json.given)
        return print_json(run);
    return run->tables ? print_tables(run) : WR_OK;
}

/* Tells that trials are left, and prints the command that continues: the one that was typed,
 * without --fresh, and with the shard that --shard auto found. */
static void tell_resume(const struct run *run, const char *why) {
    char shard[SHARD_TEXT];
    struct sweep_options typed = *run->options;
    typed.fresh.given = false;
    typed.shard.text = shard_text(run->sweep.shard, run->sweep.shards, shard);
    cli_flush();
    const struct option_text *data = &run->options->data.file;
    fprintf(stderr, "windrow: %s, with %zu of %zu trials left; this goes on%s:\n", why,
            run->result.pending, run->result.trials,
            data->given && !csv_can_reread(data->text) ? ", given the same data again" : "");
    if (run->ranks > 0)
        fprintf(stderr, "mpirun -n %zu ", run->ranks);
    print_command(&sweep_usage, &typed);
}

/* Saves why the first failed trial failed. context: a char[256]. */
static wr_status note_failure(void *context, const struct wr_trial *trial) {
    char *why = context;
    if (trial->status == WR_TRIAL_FAILED && *why == '\0')
        snprintf(why, 256, "%s", trial->why);
    return WR_OK;
}

/* The exit code of the command after a training that was not stopped. */
static wr_status final_status(struct run *run) {
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

wr_status sweep_finish(struct run *run, wr_status status) {
    wr_status told = tell_results(run);
    if (status == WR_OK && run->result.pending > 0)
        tell_resume(run, "the budget is used");
    if (status == WR_OK)
        return told == WR_OK ? final_status(run) : told;
    tell_resume(run, "stopped");
    wr_error_release(run->error);
    return CLI_STOPPED;
}
