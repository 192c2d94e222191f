/* Shares work among the threads of a team, of which one leads. Each free thread takes the next
 * item. The leader takes items too, and waits only for threads that have taken one: it does not
 * wait for a thread whose core runs another program. (With barriers, on a loaded machine, two
 * threads were 20 times slower than one.) */
#include "backend/cpu/cpu.h"

/* `todo` holds two numbers in one word: above, the number of the call; below, the number of items
 * that are left. So a thread always takes an item of the call that it has seen. */
#define ITEMS_LEFT(todo) ((size_t)((todo)&0xffffffffu))
#define ONE_CALL         (1ull << 32)

void wr_team_init(struct wr_team *team, size_t threads) {
    *team = (struct wr_team){
        .threads = threads, .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
}

/* Does one item; false if none is left. Once the item is taken, the call cannot end, so that work,
 * context and items stay as they are. */
static bool do_item(struct wr_team *team, size_t thread) {
    unsigned long long todo = atomic_load(&team->todo);
    do {
        if (ITEMS_LEFT(todo) == 0)
            return false;
    } while (!atomic_compare_exchange_weak(&team->todo, &todo, todo - 1));
    team->work(team->context, team->items - ITEMS_LEFT(todo), thread);
    atomic_fetch_add(&team->done, 1);
    return true;
}

static void wake(struct wr_team *team) {
    pthread_mutex_lock(&team->lock);
    pthread_cond_broadcast(&team->more);
    pthread_mutex_unlock(&team->lock);
}

void wr_team_share(struct wr_team *team, size_t items, wr_work_fn *work, void *context) {
    if (team->threads == 1 || items == 1) {
        for (size_t item = 0; item < items; item++)
            work(context, item, 0);
        return;
    }
    team->work = work;
    team->context = context;
    team->items = items;
    atomic_store(&team->done, 0);
    atomic_store(&team->todo, (atomic_load(&team->todo) / ONE_CALL + 1) * ONE_CALL + items);
    if (atomic_load(&team->asleep) > 0)
        wake(team);
    while (do_item(team, 0))
        continue;
    wr_await_count(&team->done, items);
}

static bool is_idle(struct wr_team *team) {
    return ITEMS_LEFT(atomic_load(&team->todo)) == 0 && !atomic_load(&team->over);
}

void wr_team_help(struct wr_team *team, size_t thread) {
    while (!atomic_load(&team->over)) {
        while (do_item(team, thread))
            continue;
        double since = wr_seconds();
        while (is_idle(team) && wr_seconds() - since < WR_AWAKE_SECONDS)
            continue;
        if (!is_idle(team))
            continue;
        pthread_mutex_lock(&team->lock);
        atomic_fetch_add(&team->asleep, 1);
        while (is_idle(team))
            pthread_cond_wait(&team->more, &team->lock);
        atomic_fetch_sub(&team->asleep, 1);
        pthread_mutex_unlock(&team->lock);
    }
}

void wr_team_end(struct wr_team *team) {
    atomic_store(&team->over, true);
    wake(team);
}
