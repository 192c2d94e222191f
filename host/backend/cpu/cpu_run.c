/* Trains blocks of models: single stages, and whole epochs. */
#include "backend/cpu/cpu.h"

#include "model/choices.h"

#include <math.h>
#include <time.h>

/* ---- a block and its batch ---- */

/* Fills everything of a block but the batch. The parameters, state, gradients and scratch are those
 * of the thread's workspace. */
static void bind_block(const struct cpu_session *s, size_t block, size_t thread,
                       struct wr_block *b) {
    const struct wr_ensemble *e = &s->base.ensemble;
    *b = (struct wr_block){.shape = &e->stack.shape,
                           .layout = &s->layout,
                           .view = &e->windows,
                           .at_once = s->at_once,
                           .rule = &e->rule,
                           .loss_number = wr_loss_number(&e->rule),
                           .direct = wr_is_direct(&e->rule)};
    size_t L = s->engine->lanes;
    for (size_t l = 0; l < L; l++) {
        size_t m = wr_cpu_model(s, block, l);
        b->descent[l] = -e->tasks[m].lr;
        b->clip[l] = e->tasks[m].clip;
    }
    b->visited = s->visited != NULL ? s->visited + thread * e->batch * L : NULL;
    b->parameters = s->workspaces + thread * s->workspace;
    if (!wr_trains(e)) { /* bind_slots sets the parameters */
        b->scratch = b->parameters;
        return;
    }
    b->state = b->parameters + s->model_size * L;
    b->gradients = b->state + s->states * s->layout.count * L;
    b->rests = b->gradients + s->layout.count * L;
    b->scratch = b->rests + s->rests * L;
}

/* Where the sums of a segment are kept. */
static struct wr_sums sums_at(const struct cpu_session *s, size_t place) {
    float *sums = s->sums + place * s->sums_apart;
    return (struct wr_sums){.gradient = sums, .losses = sums + s->layout.count * s->engine->lanes};
}

static void bind_slots(const struct cpu_session *s, size_t block, struct wr_block *b) {
    const struct wr_shape *shape = &s->base.ensemble.stack.shape;
    size_t slots = s->base.ensemble.batch * s->engine->lanes;
    size_t steps = slots * shape->seq_len * shape->hidden;
    b->hidden = s->hidden + block * steps;
    b->deltas = s->deltas != NULL ? s->deltas + block * steps : NULL;
    b->predictions = s->predictions + block * slots * shape->outputs;
    b->losses = s->losses + block * slots;
}

/* Whether learning rates or Adam's corrections vary from update to update. */
static bool updates_vary(const struct wr_rule *rule) {
    return rule->decay != WR_DECAY_CONSTANT || wr_is_corrected(rule);
}

/* Sets a lane's learning rate and Adam's corrections for update u. */
static void set_update(const struct cpu_session *s, size_t model, uint64_t u, size_t lane,
                       struct wr_block *b) {
    const struct wr_ensemble *e = &s->base.ensemble;
    size_t pair = u < s->correction_count ? (size_t)u : s->correction_count - 1;
    if (e->rule.decay != WR_DECAY_CONSTANT)
        b->descent[lane] =
            -(e->tasks[model].lr *
              wr_decay_left((int)e->rule.decay, u, wr_decay_per_update(&s->base, model)));
    b->correct[lane] = s->corrections[2 * pair];
    b->correct2[lane] = s->corrections[2 * pair + 1];
}

/* Lists the windows that a lane visits in `epoch`, from visit `offset` on. */
static void set_visited(const struct cpu_session *s, size_t model, uint64_t epoch, size_t offset,
                        size_t lane, struct wr_block *b) {
    const struct wr_rule *rule = &s->base.ensemble.rule;
    const struct wr_task *task = &s->base.ensemble.tasks[model];
    uint64_t visit = epoch * task->visits + offset;
    for (size_t slot = 0; slot < b->count[lane]; slot++)
        b->visited[slot * s->engine->lanes + lane] =
            task->first + (size_t)wr_visited((int)rule->order, rule->recency, task->seed,
                                             task->count, visit + slot);
}

/* set_update and set_visited for the lanes of a block. */
static void set_updates(const struct cpu_session *s, size_t block, uint64_t epoch, size_t offset,
                        struct wr_block *b) {
    size_t update = offset / s->base.ensemble.batch;
    for (size_t l = 0; l < s->engine->lanes; l++) {
        size_t m = wr_cpu_model(s, block, l);
        if (b->count[l] > 0)
            set_update(s, m, epoch * s->base.epoch_steps[m] + update, l, b);
    }
}

static void set_visits(const struct cpu_session *s, size_t block, uint64_t epoch, size_t offset,
                       struct wr_block *b) {
    for (size_t l = 0; l < s->engine->lanes; l++)
        set_visited(s, wr_cpu_model(s, block, l), epoch, offset, l, b);
}

/* Sets the batch: visits offset .. offset + count - 1 of each lane's `epoch`. Returns the number of
 * models that have a window in it; copies do not count. */
static size_t set_batch(const struct cpu_session *s, size_t block, uint64_t epoch, size_t offset,
                        size_t count, struct wr_block *b) {
    const struct wr_ensemble *e = &s->base.ensemble;
    size_t L = s->engine->lanes, models = 0;
    b->windows = 0;
    b->fewest = SIZE_MAX;
    b->together = s->base.in_order;
    for (size_t l = 0; l < L; l++) {
        size_t m = wr_cpu_model(s, block, l), has = e->tasks[m].visits;
        size_t left = offset < has && s->frozen[m] == WR_NOT_DIVERGED ? has - offset : 0;
        size_t n = left < count ? left : count;
        if (n != b->count[l] && n > 0)
            b->scale[l] = wr_gradient_factor(e->rule.loss, e->stack.shape.outputs, n);
        b->count[l] = n;
        b->first[l] = e->tasks[m].first + offset;
        b->together = b->together && b->first[l] == b->first[0];
        b->windows = n > b->windows ? n : b->windows;
        b->fewest = n < b->fewest ? n : b->fewest;
        models += n > 0 && block * L + l == m;
    }
    if (models > 0 && updates_vary(&e->rule))
        set_updates(s, block, epoch, offset, b);
    if (!s->base.in_order)
        set_visits(s, block, epoch, offset, b);
    return models;
}

/* Writes the block's losses of the epoch to losses (M), which may be NULL, and freezes the models
 * that diverged in this epoch. */
static void end_epoch(const struct cpu_session *s, size_t block, const struct wr_block *b,
                      uint32_t epoch, float *losses) {
    alignas(64) float poison[WR_MOST_LANES];
    size_t L = s->engine->lanes, models = s->base.ensemble.stack.count;
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

static size_t count_segments(const struct wr_block *b) {
    return (b->windows - 1) / WR_SEGMENT + 1;
}

/* Number of windows of a segment. */
static size_t segment_length(const struct wr_block *b, size_t segment) {
    size_t left = b->windows - segment * WR_SEGMENT;
    return left < WR_SEGMENT ? left : WR_SEGMENT;
}

/* One stage on a block's batch, in the memory of the session, by a thread. */
typedef void stage_fn(const struct cpu_session *s, const struct wr_block *b, size_t thread);

static void forward_stage(const struct cpu_session *s, const struct wr_block *b, size_t thread) {
    (void)thread;
    for (size_t i = 0; i < count_segments(b); i++)
        s->engine->forward(b, i * WR_SEGMENT, segment_length(b, i));
}

static void bptt_stage(const struct cpu_session *s, const struct wr_block *b, size_t thread) {
    struct wr_sums sums = sums_at(s, thread);
    for (size_t i = 0; i < count_segments(b); i++) {
        s->engine->bptt(b, i * WR_SEGMENT, segment_length(b, i), &sums);
        s->engine->add(b, i, &sums, 0, s->layout.count);
    }
}

static void clip_stage(const struct cpu_session *s, const struct wr_block *b, size_t thread) {
    (void)thread;
    s->engine->apply_clip(b);
}

static void update_stage(const struct cpu_session *s, const struct wr_block *b, size_t thread) {
    (void)thread;
    s->engine->update(b);
}

/* One stage of the current batch on every block. */
struct blocks {
    const struct cpu_session *session;
    stage_fn *stage;
    atomic_size_t next; /* the next block to take */
};

static void take_stages(void *context, size_t thread) {
    struct blocks *blocks = context;
    const struct cpu_session *s = blocks->session;
    size_t L = s->engine->lanes, block;
    struct wr_block b;
    while ((block = atomic_fetch_add(&blocks->next, 1)) < s->blocks) {
        bind_block(s, block, thread, &b);
        bind_slots(s, block, &b);
        b.parameters = s->parameters + block * s->model_size * L;
        if (s->gradients != NULL)
            b.gradients = s->gradients + block * s->layout.count * L;
        if (s->states > 0)
            b.state = s->state + block * s->states * s->layout.count * L;
        if (set_batch(s, block, s->epoch, s->base.batch_first, s->base.batch_count, &b) > 0)
            blocks->stage(s, &b, thread);
    }
}

static struct wr_crew *crew_of(const struct cpu_session *s) {
    return &((struct cpu_device *)s->base.device)->crew;
}

static wr_status run_stage(struct wr_session *session, stage_fn *stage, struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    wr_status status = wr_cpu_need_stages(s, error);
    struct blocks blocks = {.session = s, .stage = stage};
    if (status == WR_OK)
        wr_crew_run(crew_of(s), wr_crew_hire(crew_of(s), s->threads), take_stages, &blocks);
    return status;
}

wr_status wr_cpu_forward(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, forward_stage, error);
}

wr_status wr_cpu_bptt(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, bptt_stage, error);
}

wr_status wr_cpu_clip(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, clip_stage, error);
}

wr_status wr_cpu_update(struct wr_session *session, struct wr_error *error) {
    return run_stage(session, update_stage, error);
}

/* ---- runs ---- */

#define TICK_SECONDS 0.1
/* For fewer floats than this, a second thread does not pay. */
#define LEAST_SHARE 16384

struct run {
    struct cpu_session *session;
    size_t epochs;
    float *losses;   /* (epochs, M) or NULL */
    size_t interval; /* after so many windows a thread looks at the clock and the stop flag */
    wr_tick_fn *tick;
    void *context;
    double ticked;             /* when tick was last called; only the calling thread uses it */
    atomic_ullong updates;     /* so far, as reported by the threads */
    atomic_size_t next, ended; /* next block to take, number of finished blocks */
    atomic_bool stop;
    struct wr_team team; /* of all threads, or of one */
};

/* A thread of a run. */
struct worker {
    struct run *run;
    size_t thread;
    size_t windows;             /* since its last look at the clock and the flag */
    unsigned long long updates; /* not yet reported */
};

/* Calls tick if TICK_SECONDS have passed. */
static void tick_now_and_then(struct run *run) {
    double now = wr_seconds();
    if (run->tick == NULL || now - run->ticked < TICK_SECONDS)
        return;
    if (run->tick(run->context, (double)atomic_load(&run->updates)) != WR_OK)
        atomic_store(&run->stop, true);
    run->ticked = now;
}

/* Counts some windows and updates; returns false if the run is to stop. */
static bool go_on(struct worker *w, size_t windows, size_t updates) {
    w->updates += updates;
    w->windows += windows;
    if (w->windows < w->run->interval)
        return true;
    w->windows = 0;
    atomic_fetch_add(&w->run->updates, w->updates);
    w->updates = 0;
    if (w->thread == 0)
        tick_now_and_then(w->run);
    return !atomic_load(&w->run->stop);
}

/* Some segments of a batch, and where their sums are. */
struct segments {
    const struct cpu_session *session;
    const struct wr_block *block;
    size_t first, count;
    size_t place;
    size_t shares; /* shares of the parameters, each added by one thread */
};

/* Where the sums of segment i are. The first segment of a batch is summed in the gradients
 * themselves. */
static struct wr_sums sums_in(const struct segments *segments, size_t i) {
    struct wr_sums sums = sums_at(segments->session, segments->place + i);
    if (segments->first + i == 0)
        sums.gradient = segments->block->gradients;
    return sums;
}

/* Computes the sums of one segment: stage by stage, or in one call of the engine. */
static void add_up(void *context, size_t item, size_t thread) {
    const struct segments *segments = context;
    const struct cpu_session *s = segments->session;
    struct wr_block b = *segments->block;
    struct wr_sums sums = sums_in(segments, item);
    size_t index = segments->first + item, count = segment_length(&b, index);
    size_t first = index * WR_SEGMENT;
    if (s->team)
        b.scratch =
            s->workspaces + thread * s->workspace +
            (s->model_size + (s->states + 1) * s->layout.count + s->rests) * s->engine->lanes;
    if (s->base.ensemble.schedule == WR_SCHEDULE_STAGED) {
        s->engine->forward(&b, first, count);
        s->engine->bptt(&b, first, count, &sums);
    } else
        s->engine->add_windows(&b, first, count, &sums);
}

/* Where a share of P elements starts. Shares are cut between cache lines. */
static size_t share_start(size_t P, size_t share, size_t shares) {
    return share == shares ? P : P / 16 * share / shares * 16;
}

/* Adds a share of each sum to the sums of the first segment. */
static void add_share(void *context, size_t share, size_t thread) {
    const struct segments *segments = context;
    const struct cpu_session *s = segments->session;
    size_t P = s->layout.count, end = share_start(P, share + 1, segments->shares);
    (void)thread;
    for (size_t i = segments->first == 0; i < segments->count; i++) {
        struct wr_sums sums = sums_in(segments, i);
        s->engine->add(segments->block, segments->first + i, &sums,
                       share_start(P, share, segments->shares), end);
    }
}

static void add_losses(const struct segments *segments, struct wr_block *b) {
    size_t L = segments->session->engine->lanes;
    for (size_t i = 0; i < segments->count; i++) {
        struct wr_sums sums = sums_in(segments, i);
        for (size_t j = 0; j < segment_length(b, segments->first + i) * L; j++)
            wr_add_long(&b->total[j % L], &b->rest[j % L], sums.losses[j]);
    }
}

/* Trains a batch segment by segment, or with a team by several segments at a time. */
static bool train_segments(struct worker *w, struct wr_block *b) {
    const struct cpu_session *s = w->run->session;
    struct wr_team *team = &w->run->team;
    size_t all = count_segments(b), P = s->layout.count * s->engine->lanes;
    struct segments segments = {.session = s, .block = b, .place = s->team ? 0 : w->thread};
    for (; segments.first < all; segments.first += segments.count) {
        size_t left = all - segments.first;
        segments.count = left < s->segments ? left : s->segments;
        segments.shares = P * segments.count / LEAST_SHARE + 1;
        if (segments.shares > team->threads)
            segments.shares = team->threads;
        wr_team_share(team, segments.count, add_up, &segments);
        wr_team_share(team, segments.shares, add_share, &segments);
        add_losses(&segments, b);
        if (!go_on(w, segments.count * WR_SEGMENT, 0))
            return false;
    }
    s->engine->descend(b);
    return true;
}

static bool train_epoch(struct worker *w, size_t block, uint64_t epoch, struct wr_block *b) {
    const struct cpu_session *s = w->run->session;
    const struct wr_ensemble *e = &s->base.ensemble;
    size_t models;
    for (size_t offset = 0; (models = set_batch(s, block, epoch, offset, e->batch, b)) > 0;
         offset += e->batch) {
        bool small = b->windows <= b->at_once && e->schedule != WR_SCHEDULE_STAGED;
        if (small)
            s->engine->train(b);
        else if (!train_segments(w, b))
            return false;
        if (!go_on(w, small ? b->windows : 0, models))
            return false;
    }
    return true;
}

static bool train_epochs(struct worker *w, size_t block, struct wr_block *b) {
    const struct run *run = w->run;
    const struct cpu_session *s = run->session;
    size_t models = s->base.ensemble.stack.count;
    for (size_t e = 0; e < run->epochs; e++) {
        memset(b->total, 0, sizeof b->total);
        memset(b->rest, 0, sizeof b->rest);
        if (!train_epoch(w, block, s->epoch + e, b))
            return false;
        end_epoch(s, block, b, s->epoch + (uint32_t)e,
                  run->losses != NULL ? run->losses + e * models : NULL);
    }
    return true;
}

/* All that an update changes lies in the thread's workspace, the parameters too: see APART in
 * cpu_session.c. */
static void train_block(struct worker *w, size_t block) {
    const struct cpu_session *s = w->run->session;
    size_t floats = s->model_size * s->engine->lanes;
    size_t kept = s->states * s->layout.count * s->engine->lanes;
    float *home = s->parameters + block * floats;
    struct wr_block b;
    bind_block(s, block, w->thread, &b);
    if (s->base.ensemble.schedule == WR_SCHEDULE_STAGED)
        bind_slots(s, block, &b);
    memcpy(b.parameters, home, floats * sizeof *home);
    if (kept > 0 && b.state != NULL)
        memcpy(b.state, s->state + block * kept, kept * sizeof *home);
    if (!train_epochs(w, block, &b))
        return;
    memcpy(home, b.parameters, floats * sizeof *home);
    if (kept > 0 && b.state != NULL)
        memcpy(s->state + block * kept, b.state, kept * sizeof *home);
}

/* Goes on ticking while other threads still train: the calling thread has no block left. */
static void wait_for_others(struct run *run) {
    struct timespec pause = {.tv_nsec = 200000};
    while (atomic_load(&run->ended) < run->session->blocks && !atomic_load(&run->stop)) {
        nanosleep(&pause, NULL);
        tick_now_and_then(run);
    }
}

/* Number of windows whose work is about 10^6 multiplications per lane: well below a millisecond. */
static size_t look_interval(const struct wr_ensemble *e) {
    double H = (double)e->stack.shape.hidden, T = (double)e->stack.shape.seq_len;
    double work = 3 * T * H * (H + (double)e->stack.shape.inputs + 10);
    return work < 1e6 ? (size_t)(1e6 / work) : 1;
}

/* Trains blocks that no thread has taken yet, until none is left. */
static void take_blocks(struct worker *w) {
    struct run *run = w->run;
    size_t block;
    while (!atomic_load(&run->stop) &&
           (block = atomic_fetch_add(&run->next, 1)) < run->session->blocks) {
        train_block(w, block);
        atomic_fetch_add(&run->ended, 1);
    }
}

static void work(void *context, size_t thread) {
    struct run *run = context;
    struct worker w = {.run = run, .thread = thread};
    if (run->session->team && thread > 0)
        wr_team_help(&run->team, thread);
    else
        take_blocks(&w);
    if (thread == 0) {
        wait_for_others(run);
        wr_team_end(&run->team);
    }
}

wr_status wr_cpu_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                     void *context, struct wr_error *error) {
    struct cpu_session *s = (struct cpu_session *)session;
    struct run run = {.session = s,
                      .epochs = epochs,
                      .losses = losses,
                      .interval = look_interval(&session->ensemble),
                      .tick = tick,
                      .context = context,
                      .ticked = wr_seconds()};
    if (epochs >= WR_FROZEN - s->epoch)
        return wr_fail(error, WR_ERR_USAGE,
                       "%zu epochs after %u: a model has at most %u; write parameters", epochs,
                       s->epoch, WR_FROZEN - 1);
    if (session->ensemble.schedule == WR_SCHEDULE_STAGED) {
        wr_status status = wr_cpu_need_stages(s, error);
        if (status != WR_OK)
            return status;
    }
    size_t threads = wr_crew_hire(crew_of(s), s->threads);
    wr_team_init(&run.team, s->team ? threads : 1);
    wr_crew_run(crew_of(s), threads, work, &run);
    if (atomic_load(&run.stop))
        return wr_fail(error, WR_ERR_STOPPED, "stopped in a run of %zu epochs", epochs);
    s->epoch += (uint32_t)epochs;
    return WR_OK;
}
