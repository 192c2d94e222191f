/* The crew of a device: threads that start when they are first needed and end when the device is
 * closed. They belong to this device alone: a process that fork made has none of them, and a device
 * opened there starts its own. If a thread cannot be started, the crew works without it. (OpenMP's
 * threads belong to the process: a child waits for its parent's threads for ever, and a failed
 * start ends the process.) */
#include "backend/cpu/cpu.h"

#include "base/arithmetic.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* `call` holds two numbers in one word: above, the number of the call; below, the number of threads
 * that it wants. So a helper that is not wanted never reads the work of the call. */
#define WANTED(call) ((size_t)((call)&0xffffffffu))
#define ONE_CALL     (1ull << 32)

struct helper {
    struct wr_crew *crew;
    size_t thread;
    pthread_t handle;
};

static bool is_news(const struct wr_crew *crew, unsigned long long seen) {
    return atomic_load(&crew->call) != seen || atomic_load(&crew->over);
}

/* Waits for a call other than `seen`, or for the end of the crew, and returns the current call. */
static unsigned long long await_call(struct wr_crew *crew, unsigned long long seen) {
    double since = wr_seconds();
    while (!is_news(crew, seen) && wr_seconds() - since < WR_AWAKE_SECONDS)
        continue;
    if (!is_news(crew, seen)) {
        pthread_mutex_lock(&crew->lock);
        while (!is_news(crew, seen))
            pthread_cond_wait(&crew->news, &crew->lock);
        pthread_mutex_unlock(&crew->lock);
    }
    return atomic_load(&crew->call);
}

static void *help(void *argument) {
    const struct helper *own = argument;
    struct wr_crew *crew = own->crew;
    unsigned long long seen = 0;
    WR_ARITHMETIC(creators);
    while (!atomic_load(&crew->over)) {
        seen = await_call(crew, seen);
        if (atomic_load(&crew->over) || own->thread >= WANTED(seen))
            continue;
        crew->work(crew->context, own->thread);
        atomic_fetch_sub(&crew->working, 1);
    }
    return NULL;
}

static void announce(struct wr_crew *crew) {
    pthread_mutex_lock(&crew->lock);
    pthread_cond_broadcast(&crew->news);
    pthread_mutex_unlock(&crew->lock);
}

wr_status wr_crew_open(struct wr_crew *crew, size_t threads, struct wr_error *error) {
    *crew = (struct wr_crew){.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};
    crew->helpers = wr_alloc(threads, sizeof *crew->helpers, "threads", error);
    return crew->helpers != NULL ? WR_OK : WR_ERR_MEMORY;
}

size_t wr_crew_hire(struct wr_crew *crew, size_t threads) {
    sigset_t ours, before;
    if (crew->hired + 1 >= threads)
        return threads;
    sigfillset(&ours); /* the host program's own threads handle signals */
    sigdelset(&ours, SIGSEGV);
    sigdelset(&ours, SIGBUS);
    sigdelset(&ours, SIGFPE);
    sigdelset(&ours, SIGILL);
    pthread_sigmask(SIG_BLOCK, &ours, &before);
    while (crew->hired + 1 < threads) {
        struct helper *helper = &crew->helpers[crew->hired];
        *helper = (struct helper){.crew = crew, .thread = crew->hired + 1};
        if (pthread_create(&helper->handle, NULL, help, helper) != 0)
            break;
        crew->hired++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return crew->hired + 1;
}

void wr_await_count(const atomic_size_t *count, size_t wanted) {
    const struct timespec pause = {.tv_nsec = 20000};
    double since = wr_seconds();
    while (atomic_load(count) != wanted)
        if (wr_seconds() - since > WR_AWAKE_SECONDS)
            nanosleep(&pause, NULL);
}

void wr_crew_run(struct wr_crew *crew, size_t threads, wr_crew_fn *work, void *context) {
    if (threads > 1) {
        crew->work = work;
        crew->context = context;
        atomic_store(&crew->working, threads - 1);
        atomic_store(&crew->call, (atomic_load(&crew->call) / ONE_CALL + 1) * ONE_CALL + threads);
        announce(crew);
    }
    work(context, 0);
    if (threads > 1)
        wr_await_count(&crew->working, 0);
}

void wr_crew_close(struct wr_crew *crew) {
    atomic_store(&crew->over, true);
    announce(crew);
    for (size_t i = 0; i < crew->hired; i++)
        pthread_join(crew->helpers[i].handle, NULL);
    free(crew->helpers);
}

void wr_crew_abandon(struct wr_crew *crew) {
    free(crew->helpers);
}
