/* What the files of the cpu backend share: device and session. */
#ifndef WR_CPU_H
#define WR_CPU_H

#include "backend/backend.h"
#include "backend/cpu/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* How long a thread waits awake before it sleeps. To sleep and wake takes about as long. */
#define WR_AWAKE_SECONDS 50e-6
/* crew.c: waits until other threads have brought *count to `wanted`; first awake, then in short
 * sleeps. */
void wr_await_count(const atomic_size_t *count, size_t wanted);

/* crew.c: the pool of threads of a device. The calling thread is thread 0 of its work. */
typedef void wr_crew_fn(void *context, size_t thread);
struct wr_crew {
    struct helper *helpers; /* threads 1 .. hired */
    size_t hired;
    wr_crew_fn *work;
    void *context;
    atomic_ullong call;
    atomic_size_t working;
    atomic_bool over;
    pthread_mutex_t lock;
    pthread_cond_t news;
};
/* Opens a crew of at most `threads` threads, the calling one included; starts none yet. */
wr_status wr_crew_open(struct wr_crew *crew, size_t threads, struct wr_error *error);
/* Starts threads until there are `threads`, the calling one included. Returns how many there are,
 * at least 1: the system may give fewer. */
size_t wr_crew_hire(struct wr_crew *crew, size_t threads);
/* Calls work once on each of `threads` threads, all at the same time, and waits for them.
 * wr_crew_hire has returned at least `threads`. */
void wr_crew_run(struct wr_crew *crew, size_t threads, wr_crew_fn *work, void *context);
/* Ends the threads and frees the crew. */
void wr_crew_close(struct wr_crew *crew);
/* Frees the crew in a child that fork made: the threads are not there. */
void wr_crew_abandon(struct wr_crew *crew);

struct cpu_device {
    struct wr_device base;
    struct wr_crew crew;
    const struct wr_engine *engine; /* a model in each lane */
    const struct wr_engine *rows;   /* the rows of one model in the lanes; NULL: not used */
    bool rows_only;
    size_t threads;
};

/* A session: N blocks of L models. Copies of the last model fill the last block. */
struct cpu_session {
    struct wr_session base;
    const struct wr_engine *engine;
    struct wr_layout layout; /* P and offsets in a block, padded */
    size_t model_size;       /* floats of a model's parameters in a block */
    size_t blocks;           /* N = M / L, rounded up */
    size_t threads;          /* threads that have work */
    bool team;               /* they share each batch; otherwise each takes whole blocks */
    size_t at_once;          /* windows that fit the scratch */
    size_t scratch;          /* floats of a block's scratch, per lane */
    size_t states;           /* S: floats of the optimizer's state per parameter */
    size_t rests;            /* P where wr_needs_rests, else 0 */
    size_t workspace;        /* floats per thread: parameters, state, gradients, rests, scratch;
                                the scratch alone where the session does not train */
    float *workspaces;       /* (threads, workspace) */
    size_t segments;         /* segments whose sums are kept at the same time: 1 without a team */
    size_t sums_apart;       /* floats from the sums of one segment to those of the next */
    float *sums;             /* (threads, or with a team at least `segments`; sums_apart) */
    float *parameters;       /* (N, model_size, L) */
    float *state;            /* (N, S, P, L), or NULL without any */
    float *corrections;      /* (correction_count, 2): wr_corrections */
    size_t correction_count;
    size_t *visited;  /* (threads, B, L) windows of a batch, or NULL where they are in order */
    uint32_t *frozen; /* (M) the epoch in which a model diverged, WR_NOT_DIVERGED or WR_FROZEN */
    uint32_t epoch;   /* epochs that the models have trained */
    /* Stage buffers: one allocation, NULL until the first stage. */
    float *stages;
    float *gradients;   /* (N, P, L); NULL where the session does not train */
    float *deltas;      /* (N, B, T, H, L); NULL where the session does not train */
    float *hidden;      /* (N, B, T, H, L) */
    float *predictions; /* (N, B, O, L) */
    float *losses;      /* (N, B, L) */
};

/* cpu.c: the engine that trains an ensemble, and whether a team of threads shares its batches. */
const struct wr_engine *wr_cpu_engine(const struct cpu_device *device,
                                      const struct wr_ensemble *ensemble);
/* cpu.c: the name of the engine that a device would use, of those with a model in each lane unless
 * WINDROW_CPU names another. WR_ERR_DEVICE if that variable names none. */
wr_status wr_cpu_engine_name(const char **name, struct wr_error *error);
bool wr_cpu_team(const struct cpu_device *device, const struct wr_engine *engine,
                 const struct wr_ensemble *ensemble);

/* cpu_session.c */
wr_status wr_cpu_memory(struct wr_device *device, const struct wr_ensemble *ensemble, size_t *bytes,
                        struct wr_error *error);
wr_status wr_cpu_open(struct wr_session *session, struct wr_error *error);
void wr_cpu_close(struct wr_session *session);
wr_status wr_cpu_read(struct wr_session *session, enum wr_tensor tensor, float *values,
                      struct wr_error *error);
wr_status wr_cpu_write_state(struct wr_session *session, size_t epochs, const float *parameters,
                             const float *state, struct wr_error *error);
wr_status wr_cpu_freeze(struct wr_session *session, const unsigned char *frozen,
                        struct wr_error *error);
wr_status wr_cpu_diverged(struct wr_session *session, uint32_t *diverged, struct wr_error *error);
/* Allocates the stage buffers if they are not there. */
wr_status wr_cpu_need_stages(struct cpu_session *session, struct wr_error *error);
/* The model in a lane. Lanes beyond the last model are copies of it. */
static inline size_t wr_cpu_model(const struct cpu_session *s, size_t block, size_t lane) {
    size_t model = block * s->engine->lanes + lane, models = s->base.ensemble.stack.count;
    return model < models ? model : models - 1;
}

/* cpu_run.c */
wr_status wr_cpu_forward(struct wr_session *session, struct wr_error *error);
wr_status wr_cpu_bptt(struct wr_session *session, struct wr_error *error);
wr_status wr_cpu_clip(struct wr_session *session, struct wr_error *error);
wr_status wr_cpu_update(struct wr_session *session, struct wr_error *error);
wr_status wr_cpu_run(struct wr_session *session, size_t epochs, float *losses, wr_tick_fn *tick,
                     void *context, struct wr_error *error);

/* team.c: threads that share work. One thread leads and calls wr_team_share; the others call
 * wr_team_help, which returns when the leader ends the team. `work` is called once for each item, 0
 * .. items-1 < 2^32, by the next free thread; the leader is thread 0. */
typedef void wr_work_fn(void *context, size_t item, size_t thread);
struct wr_team {
    size_t threads;
    wr_work_fn *work;
    void *context;
    size_t items;
    atomic_ullong todo;
    atomic_size_t done, asleep;
    atomic_bool over;
    pthread_mutex_t lock;
    pthread_cond_t more;
};
void wr_team_init(struct wr_team *team, size_t threads);
void wr_team_share(struct wr_team *team, size_t items, wr_work_fn *work, void *context);
void wr_team_help(struct wr_team *team, size_t thread);
void wr_team_end(struct wr_team *team);

/* cpu_peak.c */
wr_status wr_cpu_peak(struct wr_device *device, double *flops_per_second, struct wr_error *error);

#endif
