/* Named recipes, what is refused, and the sizes that follow from a recipe. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forecast/prepare.h"

static struct wr_recipe named(const char *name) {
    struct wr_recipe recipe;
    assert_int_equal(wr_recipe_named(name, &recipe, NULL), WR_OK);
    recipe.horizon = 12;
    return recipe;
}

static void test_named(void **state) {
    (void)state;
    const char *about;
    struct wr_error error = {0};
    size_t count = 0;
    for (const char *name; (name = wr_recipe_name(count, &about)); count++) {
        struct wr_recipe recipe = named(name);
        assert_string_equal(recipe.name, name);
        assert_true(strlen(about) > 0);
        if (wr_recipe_check(&recipe, &error) != WR_OK)
            fail_msg("%s: %s", name, error.text);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(wr_recipe_name(i, NULL), name);
    }
    static const char *const needed[] = {"hourly",    "daily",  "weekly",   "monthly",
                                         "quarterly", "yearly", "notebook", "m4-rnn"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        named(needed[i]);
    struct wr_recipe recipe;
    assert_int_equal(wr_recipe_named("hourl", &recipe, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "there is no recipe \"hourl\"; there are hourly, "));
    for (size_t i = 0; i < count; i++)
        assert_non_null(strstr(error.text, wr_recipe_name(i, NULL)));
    struct wr_recipe hourly = named("hourly");
    assert_int_equal(wr_recipe_named("hourly", &recipe, NULL), WR_OK);
    assert_int_equal(recipe.horizon, 0); /* the caller fills it in */
    assert_int_equal(wr_recipe_check(&recipe, &error), WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "`horizon` 0"));
    assert_int_equal(hourly.window * hourly.chunk, 168);
}

#define REFUSED(member, bad, says)                                                                 \
    do {                                                                                           \
        struct wr_error error = {0};                                                               \
        struct wr_recipe recipe = named("hourly");                                                 \
        recipe.member = (bad);                                                                     \
        assert_int_equal(wr_recipe_check(&recipe, &error), WR_ERR_USAGE);                          \
        if (!strstr(error.text, says))                                                             \
            fail_msg("\"%s\" does not say \"%s\"", error.text, says);                              \
    } while (0)

static void test_refused(void **state) {
    (void)state;
    REFUSED(window, 0, "`window` 0: 1 to 1000000");
    REFUSED(window, 1000001, "`window` 1000001");
    REFUSED(chunk, 0, "`chunk` 0");
    REFUSED(horizon, SIZE_MAX, "`horizon` 18446744073709551615");
    REFUSED(season, 0, "`season` 0");
    REFUSED(difference, 1000001, "`difference` 1000001: 0 to");
    REFUSED(residual, 1000001, "residual");
    REFUSED(hidden, 0, "`hidden` 0");
    REFUSED(seeds, 0, "`seeds` 0");
    REFUSED(seed, UINT32_MAX - 14, "at most 4294967295");
    REFUSED(batch, 0, "`batch` 0");
    REFUSED(updates, 0, "updates");
    REFUSED(transform, (enum wr_transform)3, "`transform` 3: 0 to 2");
    REFUSED(normalize, (enum wr_normalize)4, "`normalize` 4");
    REFUSED(init, (enum wr_init)4, "`init` 4");
    REFUSED(combine, (enum wr_combine)2, "`combine` 2");
    REFUSED(lr, NAN, "`lr` nan");
    REFUSED(lr, -1.0f, "`lr` -1");
    REFUSED(clip, -1.0f, "`clip` -1");
    REFUSED(validate, 1.0, "`validate` 1");
    REFUSED(validate, 0.25, "validate` goes with");
    REFUSED(rule.epsilon, 0.0f, "epsilon");
    REFUSED(updates, SIZE_MAX, "`updates` ");
    REFUSED(epochs, SIZE_MAX, "`epochs` ");
    REFUSED(validations, SIZE_MAX, "`validations` ");
    REFUSED(patience, SIZE_MAX, "`patience` ");
    REFUSED(name[0], '\xff', "UTF-8");
    struct wr_recipe recipe = named("hourly");
    recipe.adjust = true;
    assert_int_equal(wr_recipe_check(&recipe, NULL), WR_OK);
    recipe.season = 1; /* nothing to adjust */
    assert_int_equal(wr_recipe_check(&recipe, NULL), WR_OK);
    recipe = named("hourly");
    recipe.seed = UINT32_MAX - 15; /* 16 seeds end at the largest seed */
    recipe.clip = INFINITY;
    assert_int_equal(wr_recipe_check(&recipe, NULL), WR_OK);
}

static void test_sizes(void **state) {
    (void)state;
    struct wr_recipe recipe = {.window = 7, .chunk = 24, .horizon = 48};
    assert_int_equal(wr_recipe_length(&recipe, 1), 168 + 48);
    assert_int_equal(wr_recipe_windows(&recipe, 168 + 48), 1);
    assert_int_equal(wr_recipe_windows(&recipe, 168 + 47), 0);
    assert_int_equal(wr_recipe_windows(&recipe, 700), 485);
    recipe.difference = 10;
    recipe.residual = 170; /* reaches back before the inputs */
    assert_int_equal(wr_recipe_length(&recipe, 3), 10 + 170 + 48 + 2);
    recipe.recursive = true;
    assert_int_equal(wr_recipe_outputs(&recipe), 1);
    assert_int_equal(wr_recipe_length(&recipe, 3), 10 + 170 + 1 + 2);
}

/* The longest window of which there are enough; one value more would leave too few. */
static void test_shorten(void **state) {
    (void)state;
    struct wr_recipe recipe = {.window = 7, .chunk = 24, .horizon = 48}, shorter;
    size_t naive = 0, whole = 0;
    for (size_t length = 1; length < 400; length++) {
        if (!wr_recipe_shorten(&recipe, length, &shorter)) {
            naive++;
            continue;
        }
        assert_true(wr_recipe_windows(&shorter, length) >= 25);
        assert_true(shorter.window >= 1 && shorter.window <= 7);
        whole += shorter.window == 7;
        shorter.window++;
        assert_true(shorter.window == 8 || wr_recipe_windows(&shorter, length) < 25);
    }
    assert_int_equal(naive, 24 + 48 + 24 - 1);
    assert_int_equal(whole, 400 - (168 + 48 + 24));
    recipe.residual = 168; /* reaches as far back with every window */
    assert_false(wr_recipe_shorten(&recipe, 168 + 48 + 23, &shorter));
    assert_true(wr_recipe_shorten(&recipe, 168 + 48 + 24, &shorter));
    assert_int_equal(shorter.window, 7);
    assert_false(wr_recipe_shorten(&recipe, 0, &shorter));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_shorten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
