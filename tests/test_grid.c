/* The shards of a grid, against their definition. */
#include "study_support.h"

#include <math.h>

#include "sweep/grid.h"
#include "sweep/trial.h"
#include "windrow/sweep.h"

/* Costs whose sums are exact in a double. */
static double cost_of(const void *context, const struct wr_trial_options *trial) {
    (void)context;
    return (double)(trial->hidden * trial->hidden + trial->window * (trial->batch + 1));
}

/* Checks each shard against the definition: the trials whose middle lies in its part of the whole
 * cost; one each where there are no more trials than shards. */
static void check_shards(const struct wr_grid *grid, size_t shards) {
    struct wr_error error = {0};
    struct wr_sweep sweep = {.grid = *grid};
    struct wr_trial_options *all, *own;
    int64_t *all_ids, *ids;
    size_t count, found, last = 0;
    double work = 0, before = 0, most = 0;
    assert_ok(wr_trials_make(&sweep, 0, SIZE_MAX, &all, &all_ids, &count, &error), &error);
    for (size_t i = 0; i < count; i++) {
        work += cost_of(NULL, &all[i]);
        most = fmax(most, cost_of(NULL, &all[i]));
    }
    for (size_t shard = 0; shard < shards; shard++) {
        size_t first, end;
        double part = 0;
        assert_ok(wr_grid_part(grid, shard, shards, cost_of, NULL, &first, &end, &error), &error);
        assert_int_equal(first, last); /* none twice, none left out */
        assert_true(end >= first && end <= count);
        assert_ok(wr_trials_make(&sweep, first, end, &own, &ids, &found, &error), &error);
        assert_int_equal(found, end - first);
        for (size_t i = 0; i < found; i++) {
            double cost = cost_of(NULL, &all[first + i]), middle = before + cost / 2;
            assert_int_equal(ids[i], first + i + 1);
            assert_int_equal(wr_trial_options_compare(&own[i], &all[first + i]), 0);
            if (count > shards)
                assert_int_equal((size_t)(middle / work * (double)shards), shard);
            before += cost;
            part += cost;
        }
        if (count > shards) /* equal work, but for a trial */
            assert_true(fabs(part - work / (double)shards) <= most);
        else
            assert_int_equal(found, shard < count);
        last = end;
        free(own);
        free(ids);
    }
    assert_int_equal(last, count);
    free(all);
    free(all_ids);
}

static void test_shards_of_grids(void **state) {
    (void)state;
    static const size_t hidden[] = {20, 3, 64, 1}, window[] = {9, 2}, batch[] = {1, WR_BATCH_ALL};
    static const float lr[] = {0.1f, 0.01f, 0.3f}, clip[] = {1};
    static const enum wr_init init[] = {WR_INIT_NOTEBOOK, WR_INIT_PYTORCH};
    static const uint32_t seeds[] = {4, 3, 2, 1, 0, 9, 9};
    struct wr_grid grid = {hidden, window, batch, lr, clip, init, seeds, 4,
                           2,      2,      3,     1,  2,    7,    NULL,  0};
    static const size_t shards[] = {1, 2, 3, 7, 64, 100, 575, 576, 577, 1000};
    for (size_t i = 0; i < sizeof shards / sizeof *shards; i++)
        check_shards(&grid, shards[i]);
    grid.hidden_count = grid.window_count = grid.batch_count = grid.lr_count = 1;
    grid.init_count = grid.seed_count = 1;
    for (size_t i = 1; i <= 3; i++) /* one trial */
        check_shards(&grid, i);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shards_of_grids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
