/* Work on blocks of models: the stages, and whole epochs. */
#include "backend/cpu/cpu.h"

#include <fenv.h>
#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <time.h>

/* ---- the floating-point environment ---- */

/* Round to nearest, subnormals kept, no traps, whatever the host program has set in this thread. */
static void enter_arithmetic(fenv_t *saved) {
    fegetenv(saved);
    fesetenv(FE_DFL_ENV);
}

static void leave_arithmetic(const fenv_t *saved) {
    fesetenv(saved);
}

/* ---- a block and its batch ---- */

/* Everything but the batch, for training in the thread's workspace. */
static void bind_block(const struct cpu_session *s, size_t block, size_t thread,
                       struct wr_block *b) {
    const struct wr_ensemble *e = &s->base.ensemble;
    const struct wr_shape *shape = &e->shape;
    size_t P = s->layout.count, L = s->engine->lanes;
    *b = (struct wr_block){.shape = shape, .layout = &s->layout, .view = &e->windows};
    for (size_t l = 0; l < L; l++) {
        size_t m = wr_cpu_model(s, block, l);
        b->descent[l] = -e->lr[m];
        b->clip[l] = e->clip[m];
    }
    b->parameters = s->workspaces + thread * s->workspace;
    b->scratch = b->parameters + P * L;
    b->gradients = b->scratch + s->scratch * L;
    b->run = b->gradients + P * L;
}

/* The stages work in the session's memory. */
static void bind_stages(const struct cpu_session *s, size_t block, struct wr_block *b) {
    const struct wr_ensemble *e = &s->base.ensemble;
    const struct wr_shape *shape = &e->shape;
    size_t P = s->layout.count, L = s->engine->lanes, slots = e->batch * L;
    size_t steps = slots * shape->seq_len * shape->hidden;
    b->parameters = s->parameters + block * P * L;
    b->gradients = s->gradients + block * P * L;
    b->hidden = s->hidden + block * steps;
    b->deltas = s->deltas + block * steps;
    b->predictions = s->predictions + block * slots * shape->outputs;
    b->losses = s->losses + block * slots;
}

/* The batch: windows offset .. offset + count - 1 of each lane's own. Returns the number of models
 * (copies apart) that have a window in it. */
static size_t set_batch(const struct cpu_session *s, size_t block, size_t offset, size_t count,
                        struct wr_block *b) {
    const struct wr_ensemble *e = &s->base.ensemble;
    size_t L = s->engine->lanes, models = 0;
    b->windows = 0;
    b->fewest = SIZE_MAX;
    b->together = true;
    for (size_t l = 0; l < L; l++) {
        size_t m = wr_cpu_model(s, block, l), has = e->window_count[m];
        size_t left = offset < has && s->frozen[m] == WR_NOT_DIVERGED ? has - offset : 0;
        size_t n = left < count ? left : count;
        if (n != b->count[l] && n > 0)
            b->scale[l] = wr_loss_scale(e->shape.outputs, n);
        b->count[l] = n;
        b->first[l] = e->window_first[m] + offset;
        b->together = b->together && b->first[l] == b->first[0];
        b->windows = n > b->windows ? n : b->windows;
        b->fewest = n < b->fewest ? n : b->fewest;
        models += n > 0 && block * L + l == m;
    }
    return models;
}

/* Writes the block's part of the epoch's losses (M), which may be NULL, and freezes the models that
 * have diverged in this epoch. */
static void end_epoch(const struct cpu_session *s, size_t block, const struct wr_block *b,
                      uint32_t epoch, float *losses) {
    alignas(64) float poison[WR_MOST_LANES];
    size_t L = s->engine->lanes, models = s->base.ensemble.models;
    s->engine->check(b, poison);
    for (size_t l = 0; l < L && block * L + l < models; l++) {
        size_t m = block * L + l;
        bool frozen = s->frozen[m] != WR_NOT_DIVERGED;
        if (losses != NULL)
            losses[m] = frozen ? NAN : b->total[l];
        if (!frozen && !(isfinite(b->total[l]) && isfinite(poison[l])))
            s->frozen[m] = epoch;
    }
}

/* ---- stages ---- */

/* One stage of the current batch, on every block. */
static void each_block(struct cpu_session *s, void (*stage)(struct wr_block *)) {
#pragma omp parallel num_threads((int)s->threads)
    {
        fenv_t saved;
        struct wr_block b;
        enter_arithmetic(&saved);
#pragma omp for schedule(dynamic, 1)
        for (size_t block = 0; block < s->blocks; block++) {
            bind_block(s, block, (size_t)omp_get_thread_num(), &b);
            bind_stages(s, block, &b);
            if (set_batch(s, block, s->base.batch_first, s->base.batch_count, &b) > 0)
                stage(&b);
        }
        leave_arithmetic(&saved);
    }
}

static wr_status run_stage(struct wr_session *session, void (*stage)(struct wr_block *),
                           struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    wr_status status = wr_cpu_need_stages(s, error);
    if (status == WR_OK)
        each_block(s, stage);
    return status;
}

static const struct wr_engine *engine_of(const struct wr_session *session) {
    return ((const struct cpu_session *)session)->engine;
}

wr_status wr_cpu_forward(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, engine_of(session)->forward, error);
}

wr_status wr_cpu_bptt(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, engine_of(session)->bptt, error);
}

wr_status wr_cpu_clip(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, engine_of(session)->apply_clip, error);
}

wr_status wr_cpu_update(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, engine_of(session)->update, error);
}

/* ---- runs ---- */

#define TICK_SECONDS 0.1

struct run {
    struct cpu_session *session;
    size_t epochs;
    float *losses; /* (epochs, M) or NULL */
    wr_tick_fn *tick;
    void *context;
    double ticked;             /* when; the calling thread's */
    atomic_ullong updates;     /* so far, as far as the threads have told */
    atomic_size_t next, ended; /* block to take, blocks that are through */
    atomic_bool stop;
};

/* A thread of a run. */
struct worker {
    struct run *run;
    size_t thread;
    fenv_t saved;
    size_t interval, steps;     /* batches between looks at clock and flag; since the last look */
    unsigned long long updates; /* not yet told */
};

/* Calls tick if it is time to, in the caller's own floating-point environment. */
static void tick_now_and_then(struct run *run, const fenv_t *saved) {
    double now = wr_seconds();
    if (run->tick == NULL || now - run->ticked < TICK_SECONDS)
        return;
    fenv_t ours;
    fegetenv(&ours);
    leave_arithmetic(saved);
    if (run->tick(run->context, (double)atomic_load(&run->updates)) != 0)
        atomic_store(&run->stop, true);
    fesetenv(&ours);
    run->ticked = now;
}

/* After each batch; false: stop. */
static bool go_on(struct worker *w, size_t updates) {
    w->updates += updates;
    if (++w->steps < w->interval)
        return true;
    w->steps = 0;
    atomic_fetch_add(&w->run->updates, w->updates);
    w->updates = 0;
    if (w->thread == 0)
        tick_now_and_then(w->run, &w->saved);
    return !atomic_load(&w->run->stop);
}

/* The stages of a batch one after the other, in the stage buffers. Blocks do not wait for each
 * other: no stage looks beyond its block. */
static void train_staged(const struct wr_engine *engine, struct wr_block *b) {
    engine->forward(b);
    engine->account(b);
    engine->bptt(b);
    engine->apply_clip(b);
    engine->update(b);
}

static bool train_epoch(struct worker *w, size_t block, struct wr_block *b) {
    const struct cpu_session *s = w->run->session;
    size_t B = s->base.ensemble.batch, models;
    for (size_t offset = 0; (models = set_batch(s, block, offset, B, b)) > 0; offset += B) {
        if (s->base.ensemble.schedule == WR_SCHEDULE_STAGED)
            train_staged(s->engine, b);
        else
            s->engine->train(b);
        if (!go_on(w, models))
            return false;
    }
    return true;
}

static bool train_epochs(struct worker *w, size_t block, struct wr_block *b) {
    const struct run *run = w->run;
    const struct cpu_session *s = run->session;
    size_t models = s->base.ensemble.models;
    for (size_t e = 0; e < run->epochs; e++) {
        memset(b->total, 0, sizeof b->total);
        if (!train_epoch(w, block, b))
            return false;
        end_epoch(s, block, b, s->epoch + (uint32_t)e,
                  run->losses != NULL ? run->losses + e * models : NULL);
    }
    return true;
}

/* All that changes with every update lies in the thread's workspace, the parameters too:
 * see APART in session.c. */
static void train_block(struct worker *w, size_t block) {
    const struct cpu_session *s = w->run->session;
    size_t floats = s->layout.count * s->engine->lanes;
    float *home = s->parameters + block * floats;
    struct wr_block b;
    bind_block(s, block, w->thread, &b);
    if (s->base.ensemble.schedule == WR_SCHEDULE_STAGED) {
        bind_stages(s, block, &b);
        train_epochs(w, block, &b);
        return;
    }
    memcpy(b.parameters, home, floats * sizeof *home);
    if (train_epochs(w, block, &b))
        memcpy(home, b.parameters, floats * sizeof *home);
}

/* The calling thread has no block left: it goes on ticking. */
static void wait_for_others(struct run *run, const fenv_t *saved) {
    struct timespec pause = {.tv_nsec = 200000};
    while (atomic_load(&run->ended) < run->session->blocks && !atomic_load(&run->stop)) {
        nanosleep(&pause, NULL);
        tick_now_and_then(run, saved);
    }
}

/* Batches whose work is about 10^6 multiplications per lane: well below a millisecond. */
static size_t look_interval(const struct wr_ensemble *e) {
    double H = (double)e->shape.hidden, T = (double)e->shape.seq_len;
    double work = 3 * T * H * (H + (double)e->shape.inputs + 10) * (double)e->batch;
    return work < 1e6 ? (size_t)(1e6 / work) : 1;
}

static void run_blocks(struct run *run) {
    struct cpu_session *s = run->session;
    size_t interval = look_interval(&s->base.ensemble);
#pragma omp parallel num_threads((int)s->threads)
    {
        struct worker w = {
            .run = run, .thread = (size_t)omp_get_thread_num(), .interval = interval};
        enter_arithmetic(&w.saved);
        size_t block;
        while (!atomic_load(&run->stop) && (block = atomic_fetch_add(&run->next, 1)) < s->blocks) {
            train_block(&w, block);
            atomic_fetch_add(&run->ended, 1);
        }
        if (w.thread == 0)
            wait_for_others(run, &w.saved);
        leave_arithmetic(&w.saved);
    }
}

wr_status wr_cpu_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                     void *context, struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    struct run run = {.session = s,
                      .epochs = epochs,
                      .losses = losses,
                      .tick = tick,
                      .context = context,
                      .ticked = wr_seconds()};
    if (session->ensemble.schedule == WR_SCHEDULE_STAGED) {
        wr_status status = wr_cpu_need_stages(s, error);
        if (status != WR_OK)
            return status;
    }
    run_blocks(&run);
    if (atomic_load(&run.stop))
        return wr_fail(error, WR_ERR_STOPPED, "stopped in a run of %zu epochs", epochs);
    s->epoch += (uint32_t)epochs;
    return WR_OK;
}
