/* Declarations that the files of the windrow command share. */
#ifndef WR_CLI_H
#define WR_CLI_H

#include "cli/options/options.h"
#include "model/choices.h"

/* Exit codes that only the command has. CLI_DIVERGED: some models diverged, and the results are
 * kept. CLI_STOPPED: a signal stopped the command; the same command continues. */
#define CLI_DIVERGED ((wr_status)8)
#define CLI_STOPPED  ((wr_status)75)

/* Options that say how a CSV file is read. They start at any number in a command's options. */
enum csv_option { CSV_DELIMITER, CSV_DECIMAL, CSV_HEADER, CSV_IGNORE, CSV_OPTIONS };
/* The first options of the commands that train on a series. */
enum data_option {
    DATA_FILE,
    DATA_CSV, /* then the other options of enum csv_option */
    DATA_SYNTHETIC = DATA_CSV + CSV_OPTIONS,
    DATA_LENGTH,
    DATA_SEED,
    DATA_TARGET,
    DATA_INPUTS,
    DATA_SCALE,
    DATA_OPTIONS
};
/* Options of the learning rule. They start at any number in a command's options. */
#define RULE_OPTION(ID, ...) RULE_##ID,
enum rule_option {
    RULE_OPTIMIZER,
    WR_OPTIMIZER_NUMBERS(RULE_OPTION) WR_WEIGHT_NUMBERS(RULE_OPTION) RULE_LOSS,
    WR_LOSS_NUMBERS(RULE_OPTION) RULE_CLIP_BY,
    RULE_LR_DECAY,
    RULE_ORDER,
    WR_ORDER_NUMBERS(RULE_OPTION) RULE_ACTIVATION,
    RULE_BIAS,
    RULE_OPTIONS
};
enum train_option {
    TRAIN_WINDOW = DATA_OPTIONS,
    TRAIN_HIDDEN,
    TRAIN_INIT,
    TRAIN_MODELS,
    TRAIN_SEED,
    TRAIN_EPOCHS,
    TRAIN_UPDATES,
    TRAIN_LR,
    TRAIN_CLIP,
    TRAIN_BATCH,
    TRAIN_VALIDATE,
    TRAIN_VALIDATE_EVERY,
    TRAIN_PATIENCE,
    TRAIN_RULE,
    TRAIN_DEVICE = TRAIN_RULE + RULE_OPTIONS,
    TRAIN_SCHEDULE,
    TRAIN_THREADS,
    TRAIN_INEXACT,
    TRAIN_LOG_EVERY,
    TRAIN_SAVE,
    TRAIN_HISTORY,
    TRAIN_JSON,
    TRAIN_QUIET,
    TRAIN_OPTIONS
};
enum devices_option { DEVICES_JSON, DEVICES_OPTIONS };
enum verify_option { VERIFY_DEVICE, VERIFY_JSON, VERIFY_QUIET, VERIFY_OPTIONS };
enum bench_option {
    BENCH_MODELS,
    BENCH_HIDDEN,
    BENCH_WINDOW,
    BENCH_BATCH,
    BENCH_DEVICE,
    BENCH_SCHEDULE,
    BENCH_THREADS,
    BENCH_SECONDS,
    BENCH_REPEATS,
    BENCH_JSON,
    BENCH_OPTIONS
};
enum sweep_option {
    SWEEP_HIDDEN = DATA_OPTIONS,
    SWEEP_WINDOW,
    SWEEP_BATCH,
    SWEEP_INIT,
    SWEEP_LR,
    SWEEP_CLIP,
    SWEEP_SEEDS,
    SWEEP_EPOCHS,
    SWEEP_VALIDATE,
    SWEEP_DEVICE,
    SWEEP_SCHEDULE,
    SWEEP_THREADS,
    SWEEP_STORE,
    SWEEP_FRESH,
    SWEEP_SHARD,
    SWEEP_KEEP,
    SWEEP_CURVE,
    SWEEP_CHECKPOINT,
    SWEEP_JOURNAL,
    SWEEP_CONFIG,
    SWEEP_DRY_RUN,
    SWEEP_JSON,
    SWEEP_QUIET,
    SWEEP_OPTIONS
};
enum show_option { SHOW_STUDY, SHOW_BY, SHOW_BEST, SHOW_CSV, SHOW_JSON, SHOW_OPTIONS };
enum merge_option {
    MERGE_STUDY,
    MERGE_STORES,
    MERGE_KEEP,
    MERGE_JOURNAL,
    MERGE_JSON,
    MERGE_QUIET,
    MERGE_OPTIONS
};
enum export_option {
    EXPORT_STUDY,
    EXPORT_TRIAL,
    EXPORT_BEST,
    EXPORT_HIDDEN,
    EXPORT_SAVE,
    EXPORT_OPTIONS
};
enum completion_option { COMPLETION_SHELL, COMPLETION_OPTIONS };
enum version_option { VERSION_JSON, VERSION_OPTIONS };

/* The commands. Each fills *error unless it returns WR_OK, CLI_DIVERGED or CLI_STOPPED. */
wr_status train_command(const struct option_value *options, struct wr_error *error);
wr_status devices_command(const struct option_value *options, struct wr_error *error);
wr_status verify_command(const struct option_value *options, struct wr_error *error);
wr_status bench_command(const struct option_value *options, struct wr_error *error);
wr_status sweep_command(const struct option_value *options, struct wr_error *error);
wr_status show_command(const struct option_value *options, struct wr_error *error);
wr_status merge_command(const struct option_value *options, struct wr_error *error);
wr_status export_command(const struct option_value *options, struct wr_error *error);
wr_status forecast_command(const struct option_value *options, struct wr_error *error);
wr_status backtest_command(const struct option_value *options, struct wr_error *error);
wr_status completion_command(const struct option_value *options, struct wr_error *error);
wr_status version_command(const struct option_value *options, struct wr_error *error);
/* Prints the line of windrow --version. */
void version_print(void);

/* Flushes stdout. close_stdout in main.c reports a failure at the end, as WR_ERR_STORAGE. */
void cli_flush(void);
/* Prints "windrow: text" on stderr, and below it the build log if there is one. */
void cli_complain(const struct wr_error *error);

#endif
