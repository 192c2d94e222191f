/* A training that goes on from a state ends with the bits of one that was never cut: every learning
 * rule, engine and schedule, wherever it is cut, with all models or with some in another order. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "windrow/train.h"

enum { MODELS = 7, EPOCHS = 36, EVERY = 3, PATIENCE = 2, TRAINED = 11 };

static const enum wr_schedule schedules[] = {WR_SCHEDULE_STAGED, WR_SCHEDULE_FUSED};

/* Noise, which models memorize: their validation losses rise in the end. Models 1 and 3 diverge. */
static const struct test_case noise = {.shape = {2, 5, 2, 3},
                                       .models = MODELS,
                                       .windows = 40,
                                       .batch = 3,
                                       .lr = 0.02f,
                                       .clip = 1,
                                       .varied = true,
                                       .diverges = true};

/* ---- learning rules ---- */

enum { RULES = 4 * 3 * 3 * 3 * 2 };

/* Rule k of RULES, and its batch. */
static struct wr_rule rule_of(size_t k, size_t *batch) {
    static const size_t batches[] = {1, 3, SIZE_MAX};
    struct wr_rule rule;
    wr_rule_init(&rule, (enum wr_optimizer)(k % 4));
    rule.decay = (enum wr_decay)(k / 4 % 3);
    rule.decay_epochs = EPOCHS - 5; /* later epochs have the last rate */
    rule.order = (enum wr_order)(k / 12 % 3);
    *batch = batches[k / 36 % 3];
    rule.clipping = (enum wr_clipping)(k / 108 % 2);
    rule.fixed = (unsigned)(k % 3 == 0 ? k % 4 : 0);
    rule.weight_decay = k % 5 == 0 ? 0.01f : 0.0f;
    return rule;
}

static const char *rule_text(const char *where, enum wr_schedule schedule,
                             const struct wr_ensemble *e, char text[160]) {
    const struct wr_rule *rule = &e->rule;
    snprintf(text, 160, "%s, %s: %s, %s, %s, batch %zu, clipping %d, fixed %u", where,
             wr_schedule_name(schedule), wr_optimizer_name(rule->optimizer),
             wr_decay_name(rule->decay), wr_order_name(rule->order), e->batch, (int)rule->clipping,
             rule->fixed);
    return text;
}

static void ensemble_make(struct test_ensemble *e, size_t rule) {
    test_ensemble_make(e, &noise);
    e->ensemble.rule = rule_of(rule, &e->ensemble.batch);
    for (size_t m = 0; m < MODELS; m++) {
        e->tasks[m].count = TRAINED + m % 2;
        e->tasks[m].seed = (uint32_t)(7 * m + 1);
    }
    if (rule % 2 == 1) { /* epochs that end within an order, or go around it */
        e->tasks[2].visits = 5;
        e->tasks[5].visits = 30;
    }
}

/* ---- some models of an ensemble ---- */

struct some {
    struct wr_ensemble ensemble;
    struct wr_task tasks[MODELS];
    size_t first[MODELS], count[MODELS]; /* their validation windows; in half of the rules model 4
                                            has none, so that it trains to the end */
    struct wr_validation validation;
    float *starts; /* (M, P) */
};

static void some_make(struct some *s, const struct test_ensemble *e, const size_t *which,
                      size_t models) {
    memset(s, 0, sizeof *s);
    s->starts = test_zeros(models * e->count, sizeof *s->starts);
    for (size_t i = 0; i < models; i++) {
        size_t m = which[i];
        s->tasks[i] = e->tasks[m];
        s->first[i] = TRAINED + 2 + m % 2;
        s->count[i] = m == 4 && e->ensemble.rule.fixed == 0 ? 0 : 20 + m % 3;
        memcpy(s->starts + i * e->count, e->parameters + m * e->count, e->count * sizeof(float));
    }
    s->ensemble = e->ensemble;
    s->ensemble.stack.count = models;
    s->ensemble.stack.parameters = s->starts;
    s->ensemble.tasks = s->tasks;
    s->validation = (struct wr_validation){s->first, s->count, EVERY, PATIENCE};
}

/* from (M, width) to (models, width), or back. */
static void gather(float *to, const float *from, const size_t *which, size_t models, size_t width) {
    for (size_t i = 0; i < models; i++)
        memcpy(to + i * width, from + which[i] * width, width * sizeof *to);
}

/* ---- sessions ---- */

/* All models train EPOCHS epochs; some of them, in another order, go on after `cut`. */
static void check_session(struct wr_device *device, const struct test_ensemble *e,
                          enum wr_schedule schedule, size_t cut, const char *text) {
    static const size_t which[] = {5, 3, 0, 4, 2, 6}; /* without model 1, which diverges at once */
    enum { SOME = 6, LAST = 12 };
    struct wr_error error = {0};
    size_t P = e->count, S = wr_rule_states(&e->ensemble.rule), later = LAST - cut;
    struct wr_session *whole = test_session(device, &e->ensemble, schedule);
    free(test_run(whole, &e->ensemble, cut));
    float *parameters = test_read(whole, WR_PARAMETERS), *state = test_read(whole, WR_STATE);
    float *losses = test_run(whole, &e->ensemble, later);
    float *end = test_read(whole, WR_PARAMETERS), *end_state = test_read(whole, WR_STATE);
    uint32_t *diverged = test_diverged(whole, &e->ensemble);
    assert_true(diverged[3] >= cut); /* otherwise it could not go on */

    struct some some;
    some_make(&some, e, which, SOME);
    struct wr_session *again = test_session(device, &some.ensemble, schedule);
    float *from = test_zeros(SOME * P, sizeof *from);
    float *from_state = test_zeros(SOME * S * P, sizeof *from_state);
    gather(from, parameters, which, SOME, P);
    gather(from_state, state, which, SOME, S * P);
    free(test_run(again, &some.ensemble, 2)); /* must have no effect */
    TEST_OK(wr_session_write_state(again, cut, from, S > 0 ? from_state : NULL, &error));
    float *read = test_read(again, WR_PARAMETERS), *read_state = test_read(again, WR_STATE);
    test_same_floats(text, from, read, SOME * P);
    test_same_floats(text, from_state, read_state, SOME * S * P);
    float *more = test_run(again, &some.ensemble, later);
    float *more_end = test_read(again, WR_PARAMETERS), *more_state = test_read(again, WR_STATE);
    uint32_t *more_diverged = test_diverged(again, &some.ensemble);
    for (size_t epoch = 0; epoch < later; epoch++) {
        float expected[SOME];
        gather(expected, losses + epoch * MODELS, which, SOME, 1);
        test_same_floats(text, expected, more + epoch * SOME, SOME);
    }
    gather(from, end, which, SOME, P);
    gather(from_state, end_state, which, SOME, S * P);
    test_same_floats(text, from, more_end, SOME * P);
    test_same_floats(text, from_state, more_state, SOME * S * P);
    for (size_t i = 0; i < SOME; i++)
        assert_int_equal(more_diverged[i], diverged[which[i]]);
    float *const arrays[] = {parameters, state, losses, end,      end_state,  from,
                             from_state, read,  more,   more_end, more_state, read_state};
    for (size_t i = 0; i < TEST_COUNT_OF(arrays); i++)
        free(arrays[i]);
    free(diverged);
    free(more_diverged);
    free(some.starts);
    wr_session_close(whole);
    wr_session_close(again);
}

/* The epoch in which model 3 diverges alone: it can be written before. */
static size_t last_cut(struct wr_device *device, const struct test_ensemble *e) {
    struct wr_session *session = test_session(device, &e->ensemble, WR_SCHEDULE_FUSED);
    free(test_run(session, &e->ensemble, 12));
    uint32_t *diverged = test_diverged(session, &e->ensemble);
    size_t cut = diverged[3] < 7 ? diverged[3] : 7;
    free(diverged);
    wr_session_close(session);
    return cut;
}

static void check_sessions(struct wr_device *device, const char *where, size_t rule) {
    struct test_ensemble e;
    char text[160];
    ensemble_make(&e, rule);
    size_t last = last_cut(device, &e), cuts[] = {last, last / 2};
    for (size_t s = 0; s < TEST_COUNT_OF(schedules); s++)
        for (size_t c = 0; c < TEST_COUNT_OF(cuts) - (last == 0); c++)
            check_session(device, &e, schedules[s], cuts[c],
                          rule_text(where, schedules[s], &e.ensemble, text));
    test_ensemble_free(&e);
}

/* ---- states ---- */

/* A state with room for every model. */
struct room {
    struct wr_train_state state;
    size_t P, S;
    double validated[MODELS];
    size_t best_epoch[MODELS], waited[MODELS];
};

static void room_make(struct room *r, const struct test_ensemble *e, bool validates) {
    memset(r, 0, sizeof *r);
    r->P = e->count;
    r->S = wr_rule_states(&e->ensemble.rule);
    r->state.parameters = test_zeros(MODELS * r->P, sizeof(float));
    r->state.optimizer = r->S > 0 ? test_zeros(MODELS * r->S * r->P, sizeof(float)) : NULL;
    if (!validates)
        return;
    r->state.best = test_zeros(MODELS * r->P, sizeof(float));
    r->state.validated = r->validated;
    r->state.best_epoch = r->best_epoch;
    r->state.waited = r->waited;
}

static void room_free(struct room *r) {
    free(r->state.parameters);
    free(r->state.optimizer);
    free(r->state.best);
}

/* Copies model i of a state to place j of another. */
static void copy_model(const struct room *from, size_t i, struct room *to, size_t j) {
    size_t P = from->P, SP = from->S * P;
    memcpy(to->state.parameters + j * P, from->state.parameters + i * P, P * sizeof(float));
    if (SP > 0)
        memcpy(to->state.optimizer + j * SP, from->state.optimizer + i * SP, SP * sizeof(float));
    if (from->state.best == NULL)
        return;
    memcpy(to->state.best + j * P, from->state.best + i * P, P * sizeof(float));
    to->validated[j] = from->validated[i];
    to->best_epoch[j] = from->best_epoch[i];
    to->waited[j] = from->waited[i];
}

/* ---- trainings ---- */

/* What a training gave each model, by its number in the whole ensemble. */
struct outcome {
    struct room at; /* where it ended */
    float *losses;  /* (EPOCHS, M) NaN after a model's end */
    float *end;     /* (M, P) the result: the best parameters, or the last */
    float last[MODELS];
    size_t stopped_at[MODELS];
    uint32_t diverged_at[MODELS];
    double updates;
};

static void outcome_make(struct outcome *o, const struct test_ensemble *e, bool validates) {
    static const uint32_t none = 0x7fc00000u;
    memset(o, 0, sizeof *o);
    room_make(&o->at, e, validates);
    o->end = test_zeros(MODELS * e->count, sizeof(float));
    o->losses = test_zeros((size_t)EPOCHS * MODELS, sizeof(float));
    for (size_t i = 0; i < (size_t)EPOCHS * MODELS; i++)
        memcpy(&o->losses[i], &none, sizeof none);
}

static void outcome_free(struct outcome *o) {
    room_free(&o->at);
    free(o->losses);
    free(o->end);
}

/* One call of wr_train. */
struct piece {
    struct outcome *outcome;
    const size_t *which; /* (models) */
    size_t models, start;
    size_t wanted; /* epochs after which it is enough */
};

static bool is_enough(void *context, const struct wr_train_event *event) {
    const struct piece *piece = context;
    return event->first_epoch + event->epochs >= piece->wanted;
}

static wr_status on_event(void *context, const struct wr_train_event *event) {
    struct piece *piece = context;
    for (size_t e = 0; e < event->epochs; e++)
        for (size_t i = 0; i < piece->models; i++)
            piece->outcome->losses[(event->first_epoch + e) * MODELS + piece->which[i]] =
                event->losses[e * piece->models + i];
    assert_int_equal(event->epochs_total, EPOCHS);
    double reached = (double)(event->first_epoch + event->epochs);
    if (event->epochs > 0)
        assert_true(fabs(event->fraction * EPOCHS - reached) < 1e-9);
    double left = event->seconds * EPOCHS * (1 - event->fraction) /
                  (event->fraction * EPOCHS - (double)piece->start);
    /* Models that have ended, or may end early, leave less to do. */
    double slack = 1e-9 * (event->seconds + left);
    bool whole = event->epochs > 0 && piece->outcome->at.state.best == NULL;
    for (size_t i = 0; i < piece->models && whole; i++)
        whole = isfinite(event->losses[(event->epochs - 1) * piece->models + i]);
    assert_true(event->seconds_left >= 0 && event->seconds_left <= left + slack);
    assert_true(!whole || event->seconds_left >= left - slack);
    return WR_OK;
}

static bool has_ended(const struct wr_train_result *result, size_t i) {
    return result->diverged_at[i] != WR_NOT_DIVERGED || result->epochs == EPOCHS ||
           (result->stopped_at != NULL && result->stopped_at[i] > 0);
}

/* end (P): the model's parameters as a result. */
static void take_model(struct outcome *o, size_t m, const struct wr_train_result *result,
                       const struct room *at, size_t i, const float *end) {
    copy_model(at, i, &o->at, m);
    memcpy(o->end + m * at->P, end, at->P * sizeof(float));
    o->last[m] = result->losses[i];
    o->diverged_at[m] = result->diverged_at[i];
    if (at->state.best == NULL) {
        assert_null(result->stopped_at);
        return;
    }
    o->stopped_at[m] = result->stopped_at[i];
    assert_memory_equal(&result->validated[i], &at->validated[i], sizeof(double));
    assert_int_equal(result->best_epoch[i], at->best_epoch[i]);
}

/* Takes the models that have ended; the others stay in `which` and go to the front of the state.
 * Returns how many these are. now (models, P): the parameters that the session holds. */
static size_t take_ended(struct outcome *o, const struct wr_train_result *result, struct room *at,
                         const float *now, size_t *which, size_t models) {
    size_t left = 0, P = at->P;
    for (size_t i = 0; i < models; i++)
        left += !has_ended(result, i);
    if (left > 0)
        test_same_floats("parameters at a pause", at->state.parameters, now, models * P);
    bool best_is_kept = left > 0 && at->state.best != NULL;
    left = 0;
    for (size_t i = 0; i < models; i++)
        if (has_ended(result, i)) {
            bool best = best_is_kept && at->best_epoch[i] > 0;
            take_model(o, which[i], result, at, i, (best ? at->state.best : now) + i * P);
        } else {
            copy_model(at, i, at, left);
            which[left++] = which[i];
        }
    return left;
}

/* Turns the models around. spare: room. */
static void reverse(struct room *at, size_t *which, size_t models, struct room *spare) {
    size_t kept[MODELS];
    for (size_t i = 0; i < models; i++) {
        copy_model(at, models - 1 - i, spare, i);
        kept[i] = which[models - 1 - i];
    }
    for (size_t i = 0; i < models; i++) {
        copy_model(spare, i, at, i);
        which[i] = kept[i];
    }
}

/* Trains to the end in pieces of about `length` epochs, each with the models that have not ended,
 * in another order than the last. */
static void train(struct wr_device *device, const struct test_ensemble *e,
                  enum wr_schedule schedule, bool validates, size_t length, struct outcome *o) {
    struct wr_error error = {0};
    struct room at, spare;
    struct some some;
    size_t which[MODELS], models = MODELS;
    room_make(&at, e, validates);
    room_make(&spare, e, validates);
    for (size_t m = 0; m < MODELS; m++)
        which[m] = m;
    while (models > 0) {
        some_make(&some, e, which, models);
        struct wr_session *session = test_session(device, &some.ensemble, schedule);
        struct piece piece = {o, which, models, at.state.epochs, at.state.epochs + length};
        const struct wr_train_options how = {.epochs = EPOCHS,
                                             .validation = validates ? &some.validation : NULL,
                                             .on_event = on_event,
                                             .enough = is_enough,
                                             .context = &piece,
                                             .from = at.state.epochs > 0 ? &at.state : NULL,
                                             .to = &at.state};
        struct wr_train_result result;
        TEST_OK(wr_train(session, &how, &result, &error));
        assert_true(result.epochs > piece.start && at.state.epochs == result.epochs);
        o->updates += result.updates;
        float *now = test_read(session, WR_PARAMETERS);
        models = take_ended(o, &result, &at, now, which, models);
        reverse(&at, which, models, &spare);
        free(now);
        free(some.starts);
        wr_train_result_release(&result);
        wr_session_close(session);
    }
    room_free(&at);
    room_free(&spare);
}

static void same_outcome(const struct outcome *a, const struct outcome *b, const char *text) {
    const struct wr_train_state *x = &a->at.state, *y = &b->at.state;
    size_t P = a->at.P, M = MODELS;
    test_same_floats(text, a->losses, b->losses, EPOCHS * M);
    test_same_floats(text, a->end, b->end, M * P);
    test_same_floats(text, a->last, b->last, M);
    test_same_floats(text, x->parameters, y->parameters, M * P);
    if (a->at.S > 0)
        test_same_floats(text, x->optimizer, y->optimizer, M * a->at.S * P);
    assert_memory_equal(a->diverged_at, b->diverged_at, sizeof a->diverged_at);
    assert_memory_equal(a->stopped_at, b->stopped_at, sizeof a->stopped_at);
    assert_memory_equal(a->at.best_epoch, b->at.best_epoch, sizeof a->at.best_epoch);
    assert_memory_equal(a->at.waited, b->at.waited, sizeof a->at.waited);
    assert_memory_equal(a->at.validated, b->at.validated, sizeof a->at.validated);
    if (x->best != NULL)
        test_same_floats(text, x->best, y->best, M * P);
    assert_true(a->updates == b->updates);
}

/* What all trainings together have seen. Where it is little, the tests show nothing. */
static size_t stopped, went_on, diverged;

static void count(const struct outcome *o) {
    for (size_t m = 0; m < MODELS; m++) {
        bool has_diverged = o->diverged_at[m] != WR_NOT_DIVERGED;
        diverged += has_diverged;
        stopped += o->stopped_at[m] > 0 && o->stopped_at[m] < EPOCHS;
        went_on += !has_diverged && o->stopped_at[m] == 0;
    }
}

static void check_trainings(struct wr_device *device, const char *where, size_t rule) {
    static const size_t lengths[] = {1, 5};
    struct test_ensemble e;
    char text[160];
    ensemble_make(&e, rule);
    for (int validates = 0; validates <= 1; validates++)
        for (size_t s = 0; s < TEST_COUNT_OF(schedules); s++) {
            struct outcome whole, pieces;
            outcome_make(&whole, &e, validates);
            train(device, &e, schedules[s], validates, EPOCHS, &whole);
            count(&whole);
            rule_text(where, schedules[s], &e.ensemble, text);
            for (size_t l = 0; l < TEST_COUNT_OF(lengths); l++) {
                outcome_make(&pieces, &e, validates);
                train(device, &e, schedules[s], validates, lengths[l], &pieces);
                same_outcome(&whole, &pieces, text);
                outcome_free(&pieces);
            }
            outcome_free(&whole);
        }
    test_ensemble_free(&e);
}

/* ---- every device ---- */

/* Calls `check` for rules on every device: on OpenCL's for a few that together have each choice,
 * since each has kernels of its own; on each engine for every `apart`th. */
static void for_devices(void (*check)(struct wr_device *device, const char *where, size_t rule),
                        size_t apart) {
    static const size_t few[] = {28, 153, 90, 207};
    for (size_t n = 0; n < TEST_ENGINES; n++) {
        struct wr_device *device = test_engine(test_engines[n], 2);
        for (size_t rule = n; rule < RULES && device != NULL; rule += apart)
            check(device, test_engines[n], rule);
        wr_device_close(device);
    }
    const char *id;
    for (size_t n = 0; (id = test_opencl_device(n)) != NULL; n++) {
        struct wr_device *device = test_device(id, 0);
        for (size_t r = 0; r < TEST_COUNT_OF(few); r++)
            check(device, id, few[r]);
        wr_device_close(device);
    }
}

static void test_write_state(void **state) {
    (void)state;
    for_devices(check_sessions, 5);
}

static void test_train(void **state) {
    (void)state;
    stopped = went_on = diverged = 0;
    for_devices(check_trainings, 43);
    print_message("%zu models were stopped, %zu went on, %zu diverged\n", stopped, went_on,
                  diverged);
    assert_true(stopped > went_on / 4 && went_on > 0 && diverged > 0);
}

/* ---- the ends ---- */

enum { LATE = 2 };

/* Trains all but model 1 for LATE epochs after so many. Returns parameters (6, P) and the epoch in
 * which model 3 diverges. */
static float *train_late(struct wr_device *device, const struct test_ensemble *e,
                         enum wr_schedule schedule, size_t epochs, uint32_t *at) {
    static const size_t which[] = {0, 2, 3, 4, 5, 6};
    struct wr_error error = {0};
    struct some some;
    some_make(&some, e, which, TEST_COUNT_OF(which));
    struct wr_session *session = test_session(device, &some.ensemble, schedule);
    TEST_OK(wr_session_write_state(session, epochs, some.starts, NULL, &error));
    free(test_run(session, &some.ensemble, LATE));
    float *parameters = test_read(session, WR_PARAMETERS);
    uint32_t *diverged_at = test_diverged(session, &some.ensemble);
    *at = diverged_at[2];
    free(diverged_at);
    free(some.starts);
    wr_session_close(session);
    return parameters;
}

/* After billions of epochs, whose updates and visits take 64 bits, every device still does the
 * same. */
static void check_late(struct wr_device *device, const char *where, size_t rule) {
    static const size_t epochs[] = {70000, 3000000000u, WR_FROZEN - 1 - LATE};
    char text[160];
    struct test_ensemble e;
    ensemble_make(&e, rule);
    e.ensemble.rule.decay_epochs = 4000000000u;
    struct wr_device *scalar = test_engine("scalar", 1);
    float *before = NULL;
    for (size_t i = 0; i < TEST_COUNT_OF(epochs); i++) {
        uint32_t at, expected_at;
        float *expected = train_late(scalar, &e, WR_SCHEDULE_STAGED, epochs[i], &expected_at);
        assert_true(expected_at >= epochs[i]);
        if (before != NULL && e.ensemble.rule.order == WR_ORDER_SHUFFLED)
            assert_memory_not_equal(before, expected, e.count * sizeof *before);
        for (size_t s = 0; s < TEST_COUNT_OF(schedules); s++) {
            float *found = train_late(device, &e, schedules[s], epochs[i], &at);
            test_same_floats(rule_text(where, schedules[s], &e.ensemble, text), expected, found,
                             6 * e.count);
            assert_int_equal(at, expected_at);
            free(found);
        }
        free(before);
        before = expected;
    }
    free(before);
    wr_device_close(scalar);
    test_ensemble_free(&e);
}

static void test_late(void **state) {
    (void)state;
    for_devices(check_late, 29);
}

static void refused(wr_status status, struct wr_error *error, const char *words) {
    assert_int_equal(status, WR_ERR_USAGE);
    if (strstr(error->text, words) == NULL)
        fail_msg("%s: not in: %s", words, error->text);
    wr_error_release(error);
}

/* A refused write changes nothing; the last epoch that has a number is the end. */
static void check_refused_writes(struct wr_device *device, const char *where, size_t rule) {
    (void)where;
    struct wr_error error = {0};
    struct test_ensemble e;
    ensemble_make(&e, rule);
    struct wr_session *session = test_session(device, &e.ensemble, WR_SCHEDULE_FUSED);
    free(test_run(session, &e.ensemble, 2));
    float *before = test_read(session, WR_PARAMETERS);
    refused(wr_session_write_state(session, WR_NOT_DIVERGED, e.parameters, NULL, &error), &error,
            "`epochs` 4294967295: 0 to 4294967294 needed");
    refused(wr_session_write_state(session, 1, NULL, NULL, &error), &error, "without parameters");
    float *after = test_read(session, WR_PARAMETERS);
    test_same_floats("after refused writes", before, after, MODELS * e.count);
    TEST_OK(wr_session_write_state(session, WR_NOT_DIVERGED - 1, e.parameters, NULL, &error));
    refused(wr_session_run(session, 1, NULL, NULL, NULL, &error), &error, "after 4294967294");
    free(before);
    free(after);
    wr_session_close(session);

    session = test_session(device, &e.ensemble, WR_SCHEDULE_FORWARD);
    TEST_OK(wr_session_write_state(session, 0, e.parameters, NULL, &error));
    refused(wr_session_write_state(session, 1, e.parameters, NULL, &error), &error,
            "does not train");
    refused(wr_session_write_state(session, 0, e.parameters, e.parameters, &error), &error,
            "does not train");
    wr_session_close(session);
    test_ensemble_free(&e);
}

static void test_refused_writes(void **state) {
    (void)state;
    for_devices(check_refused_writes, RULES);
}

/* Each fault of a state is told, and the session can still be trained. */
static void test_refused_states(void **state) {
    (void)state;
    static const char *const words[] = {
        "`epochs` 36 after 36: more needed",
        "to go on from has no parameters",
        "to go on from has no optimizer",
        "to go on from has no arrays of the validation",
        "model 2 of the state to go on from: validation loss nan after 3 of 4 epochs",
        "model 2 of the state to go on from: validation loss 0.5 after 5 of 4 epochs",
        "model 2 of the state to go on from: validation loss 0.5 after 0 of 4 epochs",
        "model 2 of the state to go on from has ended, since `patience` is 2: leave it out",
        "to fill in has no parameters",
        "to fill in has no optimizer",
        "to fill in has no arrays of the validation"};
    static const size_t which[] = {0, 2, 3, 4, 5, 6};
    enum { SOME = 6 };
    struct wr_error error = {0};
    struct test_ensemble e;
    struct some some;
    struct room good;
    ensemble_make(&e, 3);
    some_make(&some, &e, which, SOME);
    room_make(&good, &e, true);
    good.state.epochs = 4;
    memcpy(good.state.parameters, some.starts, SOME * e.count * sizeof(float));
    for (size_t i = 0; i < SOME; i++)
        good.validated[i] = (double)NAN;
    struct wr_device *device = test_device("cpu", 1);
    struct wr_session *session = test_session(device, &some.ensemble, WR_SCHEDULE_FUSED);
    struct wr_train_result result;
    for (size_t k = 0; k <= TEST_COUNT_OF(words); k++) { /* none in the end */
        struct wr_train_state from = good.state, to = good.state;
        const struct wr_train_options how = {
            .epochs = EPOCHS, .validation = &some.validation, .from = &from, .to = &to};
        from.epochs = k == 0 ? EPOCHS : 4;
        from.parameters = k == 1 ? NULL : from.parameters;
        from.optimizer = k == 2 ? NULL : from.optimizer;
        from.waited = k == 3 ? NULL : from.waited;
        good.validated[2] = k == 5 || k == 6 ? 0.5 : (double)NAN;
        good.best_epoch[2] = k == 4 ? 3 : k == 5 ? 5 : 0;
        good.waited[2] = k == 7 ? PATIENCE : PATIENCE - 1;
        to.parameters = k == 8 ? NULL : to.parameters;
        to.optimizer = k == 9 ? NULL : to.optimizer;
        to.best = k == 10 ? NULL : to.best;
        wr_status status = wr_train(session, &how, &result, &error);
        if (k < TEST_COUNT_OF(words))
            refused(status, &error, words[k]);
        else
            TEST_OK(status);
    }
    wr_train_result_release(&result);
    wr_session_close(session);
    wr_device_close(device);
    room_free(&good);
    free(some.starts);
    test_ensemble_free(&e);
}

/* A paused session keeps its place: it goes on by wr_session_run, by wr_train from the state, and,
 * once the state is written, by wr_train without one. */
static void test_same_session(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct test_ensemble e;
    struct room at;
    ensemble_make(&e, 3 + 12); /* Adam, shuffled */
    size_t M = MODELS, P = e.count;
    room_make(&at, &e, false);
    struct wr_device *device = test_device("cpu", 0);
    struct wr_session *session = test_session(device, &e.ensemble, WR_SCHEDULE_FUSED);
    free(test_run(session, &e.ensemble, EPOCHS));
    float *expected = test_read(session, WR_PARAMETERS);
    TEST_OK(wr_session_write_parameters(session, e.parameters, &error));
    struct outcome o;
    outcome_make(&o, &e, false);
    static const size_t all[] = {0, 1, 2, 3, 4, 5, 6};
    struct piece piece = {&o, all, M, 0, 9};
    struct wr_train_options how = {
        .epochs = EPOCHS, .enough = is_enough, .context = &piece, .to = &at.state};
    struct wr_train_result result;
    TEST_OK(wr_train(session, &how, &result, &error));
    assert_true(result.epochs >= 9 && result.epochs < EPOCHS);
    uint32_t first_diverged = result.diverged_at[1];
    wr_train_result_release(&result);
    for (int way = 0; way < 3; way++) {
        how = (struct wr_train_options){.epochs = EPOCHS, .from = way == 1 ? &at.state : NULL};
        if (way == 2)
            TEST_OK(wr_session_write_state(session, at.state.epochs, at.state.parameters,
                                           at.state.optimizer, &error));
        if (way == 0)
            free(test_run(session, &e.ensemble, EPOCHS - at.state.epochs));
        else {
            TEST_OK(wr_train(session, &how, &result, &error));
            assert_int_equal(result.epochs, EPOCHS);
            assert_int_equal(result.diverged_at[0], WR_NOT_DIVERGED);
            wr_train_result_release(&result);
        }
        float *found = test_read(session, WR_PARAMETERS);
        for (size_t m = 0; m < M; m++)
            if (m != 1 && m != 3) /* they have diverged, and go on from what that left */
                test_same_floats("paused", expected + m * P, found + m * P, P);
        free(found);
    }
    assert_int_equal(first_diverged, 0);
    free(expected);
    outcome_free(&o);
    room_free(&at);
    wr_session_close(session);
    wr_device_close(device);
    test_ensemble_free(&e);
}

int main(void) {
    test_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_state),    cmocka_unit_test(test_train),
        cmocka_unit_test(test_late),           cmocka_unit_test(test_refused_writes),
        cmocka_unit_test(test_refused_states), cmocka_unit_test(test_same_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
