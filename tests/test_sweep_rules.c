/* Sweeps over learning rules, losses and early stopping: each trial ends as wr_train ends it alone,
 * however the sweep was cut, listed or divided. */
#include "study_support.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "model/choices.h"
#include "sweep/grid.h"
#include "sweep/sweep_data.h"
#include "sweep/trial.h"
#include "windrow/train.h"

enum { ROWS = 44, HELD = 11, EPOCHS = 12, MOST = 256 };

static struct wr_device *cpu;
static struct wr_series *series;
static const size_t column = 0;

/* So that a sweep works on the calling thread, and events come after each chunk. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*work)(void *), void *argument) {
    (void)thread;
    (void)attributes;
    (void)work;
    (void)argument;
    return EAGAIN;
}

/* ---- a sweep over rules ---- */

enum { RULES = 16 };
static struct wr_rule rules[RULES];

static void make_rules(void) {
    static const enum wr_optimizer optimizers[RULES] = {
        [1] = WR_OPTIMIZER_MOMENTUM, [2] = WR_OPTIMIZER_RMSPROP,   [3] = WR_OPTIMIZER_ADAM,
        [4] = WR_OPTIMIZER_ADAM,     [6] = WR_OPTIMIZER_ADAM,      [7] = WR_OPTIMIZER_MOMENTUM,
        [8] = WR_OPTIMIZER_RMSPROP,  [14] = WR_OPTIMIZER_MOMENTUM, [15] = WR_OPTIMIZER_ADAM};
    for (size_t i = 0; i < RULES; i++)
        wr_rule_init(&rules[i], optimizers[i]);
    rules[4].weight_decay = 0.5f;
    rules[4].beta1 = 0.5f;
    rules[5].decay = WR_DECAY_LINEAR;
    rules[6].decay = WR_DECAY_COSINE;
    rules[7].order = WR_ORDER_SHUFFLED;
    rules[8].order = WR_ORDER_RECENT;
    rules[9].clipping = WR_CLIPPING_NORM;
    rules[10].activation = WR_ACTIVATION_RELU;
    rules[11].activation = WR_ACTIVATION_IDENTITY;
    rules[12].fixed = WR_FIXED_HIDDEN_BIAS | WR_FIXED_HEAD_BIAS;
    rules[13].fixed = WR_FIXED_HEAD_BIAS;
    rules[14].decay = WR_DECAY_LINEAR;
    rules[14].order = WR_ORDER_SHUFFLED;
    rules[14].fixed = WR_FIXED_HIDDEN_BIAS;
    rules[15].order = WR_ORDER_RECENT;
    rules[15].recency = 4;
    rules[15].weight_decay = 0.125f;
    rules[15].decay = WR_DECAY_COSINE;
    rules[15].clipping = WR_CLIPPING_NORM;
    rules[15].activation = WR_ACTIVATION_RELU;
}

static struct wr_sweep make_sweep(void) {
    static const enum wr_init inits[] = {WR_INIT_ORTHOGONAL, WR_INIT_GLOROT};
    static const size_t batches[] = {4, 1};
    static const float lr[] = {0.01f, 0.3f}, clip = 0.5f;
    struct wr_sweep sweep = small_sweep(series);
    sweep.grid.batch = batches;
    sweep.grid.batch_count = 2;
    sweep.grid.lr = lr;
    sweep.grid.clip = &clip;
    sweep.grid.init = inits;
    sweep.grid.init_count = 2;
    sweep.grid.seed_count = 1;
    sweep.grid.rules = rules;
    sweep.grid.rule_count = RULES;
    sweep.epochs = EPOCHS;
    sweep.scale = WR_SCALE_STANDARD;
    sweep.validate = 0.25;
    return sweep;
}
enum { TRIALS = 2 * 2 * 2 * 2 * RULES };

static struct wr_sweep make_stopping(void) {
    struct wr_sweep sweep = make_sweep();
    sweep.epochs = 30;
    sweep.validate_every = 2;
    sweep.patience = 3;
    return sweep;
}

static struct wr_sweep_result run(const char *path, const struct wr_sweep *sweep) {
    struct wr_error error = {0};
    struct wr_sweep_result result;
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1};
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    assert_ok(wr_sweep_run(sweep, study, &options, &result, &error), &error);
    wr_study_close(study);
    return result;
}

struct rows {
    size_t count;
    struct wr_trial trials[MOST];
};

static wr_status add_row(void *context, const struct wr_trial *trial) {
    struct rows *rows = context;
    assert_true(rows->count < MOST);
    rows->trials[rows->count++] = *trial;
    return WR_OK;
}

static struct rows *read_rows(const char *path) {
    static const struct wr_trial_query all = {0};
    struct wr_error error = {0};
    struct rows *rows = calloc(1, sizeof *rows);
    assert_non_null(rows);
    struct wr_study *study = open_study(path, WR_STUDY_READ);
    assert_ok(wr_study_trials(study, &all, add_row, rows, &error), &error);
    wr_study_close(study);
    return rows;
}

/* ---- one trial alone ---- */

struct alone {
    struct wr_windows *windows;
    struct wr_windows_view view;
    struct wr_stack stack;
    struct wr_rule rule;
    struct wr_session *session;
    struct wr_train_result result;
    size_t trained;
    float weight;
};

static void open_alone(struct alone *a, const struct wr_sweep *sweep,
                       const struct wr_trial_options *o) {
    struct wr_error error = {0};
    struct wr_windows_spec spec = {&column, 1, &column, 1, o->window, sweep->scale, ROWS - HELD};
    struct wr_layout layout;
    double mean, deviation;
    assert_ok(wr_windows_make(series, &spec, &a->windows, &error), &error);
    wr_windows_get(a->windows, &a->view);
    wr_windows_target_scale(a->windows, 0, &mean, &deviation);
    a->weight = (float)deviation;
    if (sweep->loss == WR_LOSS_MAE || sweep->loss == WR_LOSS_QUANTILE)
        a->view.loss_weights = &a->weight;
    a->trained = a->view.count - HELD;
    a->rule = o->rule;
    a->rule.loss = sweep->loss;
    a->rule.huber_delta = sweep->huber_delta;
    a->rule.tau = sweep->tau;
    a->rule.decay_epochs = sweep->epochs;
    a->stack = (struct wr_stack){.shape = {1, o->hidden, 1, o->window}, .count = 1};
    assert_ok(wr_layout_of(&a->stack.shape, &layout, &error), &error);
    a->stack.parameters = calloc(layout.count, sizeof(float));
    assert_ok(wr_parameters_init(&a->stack, o->init, &o->seed, &error), &error);
    wr_rule_clear_fixed(&a->rule, &layout, &a->stack);
    const struct wr_task task = {
        .count = a->trained, .lr = o->lr, .clip = o->clip, .seed = o->seed};
    const struct wr_ensemble ensemble = {
        .stack = a->stack, .tasks = &task, .batch = o->batch, .windows = a->view, .rule = a->rule};
    assert_ok(wr_session_open(cpu, &ensemble, &a->session, &error), &error);
}

static void train_alone(struct alone *a, const struct wr_sweep *sweep) {
    struct wr_error error = {0};
    static const size_t held = HELD;
    const struct wr_validation validation = {&a->trained, &held, sweep->validate_every,
                                             sweep->patience};
    struct wr_train_options how = {.epochs = sweep->epochs,
                                   .validation = sweep->patience > 0 ? &validation : NULL};
    assert_ok(wr_train(a->session, &how, &a->result, &error), &error);
    assert_ok(wr_session_read(a->session, WR_PARAMETERS, a->stack.parameters, &error), &error);
}

static void check_alone(const struct wr_sweep *sweep, const struct wr_trial *trial) {
    struct wr_error error = {0};
    struct alone a;
    open_alone(&a, sweep, &trial->options);
    train_alone(&a, sweep);
    const struct wr_train_result *r = &a.result;
    assert_true(trial->hash == wr_parameters_hash(&a.stack.shape, a.stack.parameters));
    if (r->diverged > 0) {
        assert_int_equal(trial->status, WR_TRIAL_DIVERGED);
        assert_int_equal(trial->diverged_at, r->diverged_at[0]);
        assert_int_equal(trial->epochs, r->diverged_at[0] + 1);
    } else {
        double mean;
        assert_ok(wr_evaluate(&a.stack, &a.rule, &a.view, a.trained, HELD, &mean, &error), &error);
        assert_int_equal(trial->status, WR_TRIAL_DONE);
        assert_true(trial->loss == (double)r->losses[0]);
        assert_true(trial->validation_loss == mean && trial->score == mean);
        bool stopped = sweep->patience > 0 && r->stopped_at[0] > 0;
        assert_int_equal(trial->epochs, stopped ? r->stopped_at[0] : sweep->epochs);
        if (sweep->patience > 0)
            assert_true(trial->score == r->validated[0]);
    }
    assert_int_equal(trial->best_epoch, sweep->patience > 0 ? r->best_epoch[0] : 0);
    wr_train_result_release(&a.result);
    wr_session_close(a.session);
    wr_windows_free(a.windows);
    free(a.stack.parameters);
}

/* Each trial, and that no two have the same parameters. */
static void check_all(const struct wr_sweep *sweep, const char *path) {
    struct rows *rows = read_rows(path);
    assert_int_equal(rows->count, TRIALS);
    for (size_t i = 0; i < rows->count; i++)
        check_alone(sweep, &rows->trials[i]);
    free(rows);
    assert_answer(path, "SELECT count(DISTINCT hash) > 0.9 * count(*) FROM trial", "1");
    assert_answer(path, "SELECT count(*) > 60 FROM best", "1");
}

static void test_rules(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_sweep sweep = make_sweep();
    struct wr_sweep_plan plan;
    assert_ok(wr_sweep_plan(&sweep, NULL, &cpu, 1, &plan, &error), &error);
    assert_true(plan.trials == TRIALS && plan.left == TRIALS && plan.shapes == 2 * 2 * RULES);
    assert_int_equal(run("study.db", &sweep).ran, TRIALS);
    check_all(&sweep, "study.db");
    assert_int_equal(run("study.db", &sweep).ran, 0);
}

static void test_losses(void **state) {
    (void)state;
    static const struct {
        enum wr_loss loss;
        float huber_delta, tau;
    } losses[] = {{WR_LOSS_MAE, 0, 0}, {WR_LOSS_HUBER, 0.25f, 0}, {WR_LOSS_QUANTILE, 0, 0.9f}};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        struct wr_sweep sweep = i == 1 ? make_sweep() : make_stopping();
        sweep.loss = losses[i].loss;
        sweep.huber_delta = losses[i].huber_delta;
        sweep.tau = losses[i].tau;
        run("study.db", &sweep);
        check_all(&sweep, "study.db");
        assert_answer("study.db", "SELECT value FROM study WHERE name = 'loss'",
                      wr_loss_name(sweep.loss));
        assert_int_equal(unlink("study.db"), 0);
    }
}

static void test_early_stopping(void **state) {
    (void)state;
    struct wr_sweep sweep = make_stopping();
    run("study.db", &sweep);
    check_all(&sweep, "study.db");
    assert_answer("study.db", "SELECT count(*) > 5 FROM best WHERE epochs < 30", "1");
    assert_answer("study.db", "SELECT count(*) > 5 FROM best WHERE epochs = 30", "1");
    assert_answer("study.db", "SELECT count(*) > 5 FROM best WHERE best_epoch = 30", "1");
    assert_answer("study.db",
                  "SELECT count(*) FROM best WHERE epochs < 30 AND epochs <> best_epoch + 2 * 3",
                  "0");
    assert_answer("study.db",
                  "SELECT count(*) FROM curve JOIN trial ON trial = id WHERE epoch >= epochs", "0");
}

/* ---- cut by checkpoints and stops ---- */

static volatile sig_atomic_t stop_wanted;

static wr_status stop_later(void *context, const struct wr_sweep_event *event) {
    size_t *events = context;
    (void)event;
    if (--*events == 0)
        stop_wanted = 1;
    return WR_OK;
}

/* A checkpoint after each chunk, and a stop after 1, 2, 3, ... events. Returns the stops. */
static size_t run_in_pieces(const char *path, const struct wr_sweep *sweep) {
    struct wr_error error = {0};
    struct wr_sweep often = *sweep;
    struct wr_sweep_result result;
    wr_status status = WR_ERR_STOPPED;
    size_t stops = 0;
    often.checkpoint_seconds = 0;
    while (status == WR_ERR_STOPPED) {
        size_t events = 1 + stops++;
        struct wr_sweep_options options = {.devices = &cpu,
                                           .device_count = 1,
                                           .on_event = stop_later,
                                           .context = &events,
                                           .stop = &stop_wanted};
        struct wr_study *study = open_study(path, WR_STUDY_WRITE);
        stop_wanted = 0;
        status = wr_sweep_run(&often, study, &options, &result, &error);
        assert_true(status == WR_OK || (status == WR_ERR_STOPPED && result.pending > 0));
        wr_error_release(&error);
        wr_study_close(study);
    }
    assert_true(result.pending == 0 && result.trials == result.done + result.diverged);
    return stops - 1;
}

static void test_pieces(void **state) {
    (void)state;
    for (int stopping = 0; stopping < 2; stopping++) {
        struct wr_sweep sweep = stopping ? make_stopping() : make_sweep();
        run("whole.db", &sweep);
        assert_in_range(run_in_pieces("pieces.db", &sweep), 10, 1000);
        assert_same_studies("whole.db", "pieces.db");
        assert_int_equal(system("rm ./*"), 0);
    }
}

static void stop_after(const char *path, const struct wr_sweep *sweep, size_t events) {
    struct wr_error error = {0};
    struct wr_sweep often = *sweep;
    struct wr_sweep_result result;
    struct wr_sweep_options options = {.devices = &cpu,
                                       .device_count = 1,
                                       .on_event = stop_later,
                                       .context = &events,
                                       .stop = &stop_wanted};
    struct wr_study *study = open_study(path, WR_STUDY_WRITE);
    often.checkpoint_seconds = 0;
    stop_wanted = 0;
    assert_int_equal(wr_sweep_run(&often, study, &options, &result, &error), WR_ERR_STOPPED);
    wr_error_release(&error);
    wr_study_close(study);
}

/* Another study goes on from the checkpoints of one that was stopped. */
static void test_checkpoints_move(void **state) {
    (void)state;
    for (enum wr_optimizer optimizer = WR_OPTIMIZER_MOMENTUM; optimizer <= WR_OPTIMIZER_ADAM;
         optimizer++) {
        struct wr_error error = {0};
        struct wr_sweep sweep = make_stopping();
        struct wr_merge_report report;
        struct wr_rule rule;
        wr_rule_init(&rule, optimizer);
        sweep.grid.rules = &rule;
        sweep.grid.rule_count = 1;
        run("whole.db", &sweep);
        const char *found = "0"; /* checkpoints with a best validation */
        for (size_t events = 3; strcmp(found, "0") == 0; events++) {
            assert_in_range(events, 3, 40);
            unlink("stopped.db");
            stop_after("stopped.db", &sweep, events);
            found = ask("stopped.db", "SELECT count(*) FROM checkpoint WHERE best_epoch > 0");
        }
        struct wr_study *study = open_study("merged.db", WR_STUDY_WRITE);
        struct wr_study *from = open_study("stopped.db", WR_STUDY_READ);
        assert_ok(wr_study_merge(study, from, &report, &error), &error);
        wr_study_close(from);
        wr_study_close(study);
        run("merged.db", &sweep);
        assert_same_studies("whole.db", "merged.db");
        assert_int_equal(system("rm ./*"), 0);
    }
}

/* ---- a list of trials ---- */

static const struct wr_trial *find_row(const struct rows *rows, const struct wr_trial_options *o) {
    for (size_t i = 0; i < rows->count; i++)
        if (wr_trial_options_compare(&rows->trials[i].options, o) == 0)
            return &rows->trials[i];
    fail_msg("a trial is missing");
    return NULL;
}

/* In another order, and some of them twice. */
static void test_list(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_sweep sweep = make_stopping(), listed = sweep;
    struct wr_trial_options *grid, *list;
    int64_t *ids;
    size_t count, total = 0;
    assert_ok(wr_trials_make(&sweep, 0, SIZE_MAX, &grid, &ids, &count, &error), &error);
    assert_int_equal(count, TRIALS);
    list = calloc(2 * (size_t)TRIALS, sizeof *list);
    assert_non_null(list);
    for (size_t i = 0; i < count; i++) {
        list[total++] = grid[i * 77 % count]; /* 77 and 256 have no common divisor */
        if (i % 3 == 0) {
            list[total] = grid[i * 13 % count];
            list[total].rule.tau = 0.25f; /* which means nothing here */
            list[total++].rule.loss = WR_LOSS_MAE;
        }
    }
    listed.grid = (struct wr_grid){.hidden = NULL};
    listed.trials = list;
    listed.trial_count = total;
    run("grid.db", &sweep);
    assert_int_equal(run("list.db", &listed).trials, TRIALS);
    assert_int_equal(run("list.db", &listed).ran, 0);
    struct rows *expected = read_rows("grid.db"), *rows = read_rows("list.db");
    assert_int_equal(rows->count, TRIALS);
    for (size_t i = 0; i < rows->count; i++) {
        const struct wr_trial *a = &rows->trials[i], *b = find_row(expected, &a->options);
        assert_true(a->hash == b->hash && a->status == b->status && a->epochs == b->epochs);
        assert_true(a->score == b->score || (isnan(a->score) && isnan(b->score)));
        assert_true(a->best_epoch == b->best_epoch && a->kept == b->kept);
        /* its id is its first place in the list */
        size_t place = 0;
        while (wr_trial_options_compare(&list[place], &a->options) != 0)
            place++;
        assert_int_equal(a->id, place + 1);
    }
    assert_int_equal(run("grid.db", &listed).ran, 0); /* the same trials */
    free(expected);
    free(rows);
    free(grid);
    free(ids);
    free(list);
}

/* ---- shards ---- */

/* The costs of each shard's trials, which follow one another. Returns the cost of the most
 * expensive trial. */
static double cost_shards(struct wr_sweep sweep, size_t shards, double costs[]) {
    struct wr_error error = {0};
    struct wr_sweep_data data;
    struct wr_trial_options *trials;
    int64_t *ids, first = 1;
    double most = 0;
    size_t count;
    char path[32];
    assert_ok(wr_sweep_data_make(&sweep, &data, &error), &error);
    assert_ok(wr_trials_make(&sweep, 0, SIZE_MAX, &trials, &ids, &count, &error), &error);
    sweep.shards = shards;
    for (sweep.shard = 0; sweep.shard < shards; sweep.shard++) {
        snprintf(path, sizeof path, "%zu.db", sweep.shard);
        run(path, &sweep);
        struct rows *rows = read_rows(path);
        costs[sweep.shard] = 0;
        for (size_t i = 0; i < rows->count; i++) {
            assert_int_equal(rows->trials[i].id, first++);
            assert_int_equal(
                wr_trial_options_compare(&rows->trials[i].options, &trials[rows->trials[i].id - 1]),
                0);
            double cost = wr_sweep_epoch_cost(&data, &rows->trials[i].options);
            costs[sweep.shard] += cost;
            most = cost > most ? cost : most;
        }
        free(rows);
    }
    assert_int_equal(first, TRIALS + 1);
    wr_sweep_data_release(&data);
    free(trials);
    free(ids);
    return most;
}

static void test_shards(void **state) {
    (void)state;
    static const size_t counts[] = {1, 3, 7};
    struct wr_sweep sweep = make_stopping();
    run("whole.db", &sweep);
    for (size_t n = 0; n < 3; n++) {
        double costs[7], all = 0;
        size_t shards = counts[n];
        double most = cost_shards(sweep, shards, costs);
        for (size_t i = 0; i < shards; i++)
            all += costs[i];
        for (size_t i = 0; i < shards; i++)
            assert_true(fabs(costs[i] - all / (double)shards) <= most * 1.000001);
        struct wr_study *study = open_study("merged.db", WR_STUDY_WRITE);
        for (size_t i = shards; i-- > 0;) {
            struct wr_error error = {0};
            struct wr_merge_report report;
            char path[32];
            snprintf(path, sizeof path, "%zu.db", i);
            struct wr_study *from = open_study(path, WR_STUDY_READ);
            assert_ok(wr_study_merge(study, from, &report, &error), &error);
            wr_study_close(from);
        }
        wr_study_close(study);
        assert_same_studies("whole.db", "merged.db");
        assert_int_equal(system("rm merged.db ?.db"), 0);
    }
}

/* ---- refusals ---- */

static void refuse(const struct wr_sweep *sweep, wr_status expected, const char *part) {
    struct wr_error error = {0};
    struct wr_sweep_result result;
    struct wr_sweep_options options = {.devices = &cpu, .device_count = 1};
    struct wr_study *study = open_study("study.db", WR_STUDY_WRITE);
    wr_status status = wr_sweep_run(sweep, study, &options, &result, &error);
    assert_error(status, &error, expected, "", part);
    wr_study_close(study);
}

static void test_refusals(void **state) {
    (void)state;
    struct wr_sweep sweep = make_stopping(), bad = sweep;
    bad.validate = 0;
    refuse(&bad, WR_ERR_USAGE, "`patience` 3");
    bad = sweep;
    bad.validate_every = 0;
    refuse(&bad, WR_ERR_USAGE, "`patience` 3");
    bad = sweep;
    bad.loss = WR_LOSS_HUBER;
    refuse(&bad, WR_ERR_USAGE, "huber_delta");
    bad.loss = WR_LOSS_QUANTILE;
    bad.tau = 1;
    refuse(&bad, WR_ERR_USAGE, "tau");
    bad.loss = (enum wr_loss)7;
    refuse(&bad, WR_ERR_USAGE, "loss");
    struct wr_rule rule = {.order = WR_ORDER_RECENT, .recency = 9};
    bad = sweep;
    bad.grid.rules = &rule;
    bad.grid.rule_count = 1;
    refuse(&bad, WR_ERR_USAGE, "recency");
    struct wr_trial_options trial = {.hidden = 2, .window = 3, .batch = 1, .rule = rule};
    bad = sweep;
    bad.trials = &trial;
    refuse(&bad, WR_ERR_USAGE, "0 trials: 1 to ");
    bad.trial_count = 1;
    refuse(&bad, WR_ERR_USAGE, "recency");
    trial.rule = (struct wr_rule){0};
    trial.window = 60;
    refuse(&bad, WR_ERR_DATA, "windows");
    assert_answer("study.db", "SELECT count(*) FROM trial", "0");
    assert_int_equal(unlink("study.db"), 0);

    sweep.grid.rule_count = 1;
    run("study.db", &sweep);
    bad = sweep;
    bad.loss = WR_LOSS_MAE;
    refuse(&bad, WR_ERR_DATA, "its trials have loss mse, not mae");
    bad = sweep;
    bad.patience = 4;
    refuse(&bad, WR_ERR_DATA, "its trials have patience 3, not 4");
    bad.patience = 0;
    refuse(&bad, WR_ERR_DATA, "its trials have ");
    bad = sweep;
    bad.validate_every = 1;
    refuse(&bad, WR_ERR_DATA, "its trials have validate-every 2, not 1");
    bad = sweep;
    bad.loss = WR_LOSS_QUANTILE;
    bad.tau = 0.5f;
    assert_int_equal(unlink("study.db"), 0);
    run("study.db", &bad);
    bad.tau = 0.25f;
    refuse(&bad, WR_ERR_DATA, "its trials have loss-number 0.5, not 0.25");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_rules),  IN_FOLDER(test_losses),           IN_FOLDER(test_early_stopping),
        IN_FOLDER(test_pieces), IN_FOLDER(test_checkpoints_move), IN_FOLDER(test_list),
        IN_FOLDER(test_shards), IN_FOLDER(test_refusals),
    };
    struct wr_error error = {0};
    make_rules();
    if (wr_device_open("cpu", NULL, &cpu, &error) != WR_OK ||
        wr_series_ar2(ROWS, 5, &series, &error) != WR_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wr_series_free(series);
    wr_device_close(cpu);
    return failed;
}
