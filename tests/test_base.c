/* Errors, checked sizes, memory. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "base/pool.h"
#include "libc_faults.h"

static void test_fail(void **state) {
    (void)state;
    assert_int_equal(wr_fail(NULL, WR_ERR_DATA, "%d", 1), WR_ERR_DATA);
    struct wr_error error = {0};
    error.log = malloc(4); /* an earlier error's log must be released */
    assert_int_equal(wr_fail(&error, WR_ERR_DEVICE, "%s: line %d", "a.csv", 7), WR_ERR_DEVICE);
    assert_int_equal(error.status, WR_ERR_DEVICE);
    assert_string_equal(error.text, "a.csv: line 7");
    assert_null(error.log);
    char *long_text = malloc(5000);
    assert_non_null(long_text);
    memset(long_text, 'x', 4999);
    long_text[4999] = '\0';
    wr_fail(&error, WR_ERR_DATA, "%s: line 7 of %s.csv: a cell is empty", long_text, long_text);
    assert_string_equal(error.text,
                        "xxxxxxxxxxxxxxxxxxxxxxxx..."
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: line 7 of "
                        "xxxxxxxxxxxxxxxxxxxxxxxx..."
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.csv: a cell is empty");
    for (size_t i = 0; i + 3 < 5000; i += 3)
        memcpy(long_text + i, "\u6f22", 3); /* three bytes, which stay together */
    wr_fail(&error, WR_ERR_DATA, "a%sb is missing", long_text);
    assert_string_equal(
        error.text,
        "a\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22..."
        "\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22\u6f22"
        "\u6f22xb is missing");
    for (size_t i = 0; i + 2 < 5000; i += 2)
        memcpy(long_text + i, "x ", 2); /* no long word: the end is cut */
    wr_fail(&error, WR_ERR_DATA, "%s", long_text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    free(long_text);
    wr_error_release(&error);
    assert_int_equal(error.status, WR_OK);
    wr_error_release(NULL);
}

/* Control sequences are shown as text, and an error is one line. */
static void test_shown(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"a b~\\x1b", "a b~\\x1b"},
        {"\x1b]0;x\a", "\\x1b]0;x\\x07"},
        {"a\nb\r\t\x7f", "a\\x0ab\\x0d\\x09\\x7f"},
        {"\u00e9 \u20ac \U0001f40c", "\u00e9 \u20ac \U0001f40c"},
        {"\xc2\x9b"
         "31m\xc2\xa0",
         "\\xc2\\x9b31m\xc2\xa0"},                    /* C1's CSI */
        {"\x9b\xff\xc0\x80", "\\x9b\\xff\\xc0\\x80"}, /* not UTF-8 */
        {"\u061c\u200e\u200f\u0622\u200d", "\\xd8\\x9c\\xe2\\x80\\x8e\\xe2\\x80\\x8f\u0622\u200d"},
        {"a\u202ecod.exe\u2066\u2069", "a\\xe2\\x80\\xaecod.exe\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
        {"\u2028\u202a\u2029", "\\xe2\\x80\\xa8\\xe2\\x80\\xaa\\xe2\\x80\\xa9"},
        {"\u2027\u202f\u2065\u206a \u6f22", "\u2027\u202f\u2065\u206a \u6f22"},
        {"\xe2\x82", "\\xe2\\x82"},                                              /* cut off */
        {"\xed\xa0\x80\xf4\x90\x80\x80", "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"}, /* no character */
    };
    char shown[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(wr_shown(cases[i].text, shown, sizeof shown), cases[i].shown);
        FILE *file = tmpfile();
        assert_non_null(file);
        wr_print_shown(file, cases[i].text);
        rewind(file);
        size_t length = fread(shown, 1, sizeof shown - 1, file);
        shown[length] = '\0';
        assert_string_equal(shown, cases[i].shown);
        fclose(file);
    }
    assert_string_equal(wr_shown("ab\u20ac", shown, 5), "ab"); /* whole characters */
    assert_string_equal(wr_shown("ab\u20ac", shown, 6), "ab\u20ac");
    assert_string_equal(wr_shown("abc\x1b", shown, 7), "abc");
    assert_string_equal(wr_shown("abc", shown, 1), "");
    struct wr_error error = {0};
    wr_fail(&error, WR_ERR_USAGE, "--store %s: no", "a\nwindrow: all is well\x1b[2K");
    assert_string_equal(error.text, "--store a\\x0awindrow: all is well\\x1b[2K: no");
    wr_error_release(&error);
}

/* An excerpt has at most 40 bytes as shown and is cut between characters; lines stay lines. */
static void test_excerpts(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"\x1b\a\x7f\x9b\xc2\x9b", "\\x1b\\x07\\x7f\\x9b\\xc2\\x9b"},
        {"\u00e9 \u6f22 \U0001f40c", "\u00e9 \u6f22 \U0001f40c"},
        {"0123456789012345678901234567890123456789", "0123456789012345678901234567890123456789"},
        {"01234567890123456789012345678901234567890", "0123456789012345678901234567890123456..."},
        {"012345678901234567890123456789012345\u6f220123",
         "012345678901234567890123456789012345..."},
        {"01234567890123456789012345678901234567\x1b", "0123456789012345678901234567890123456..."},
        {"\u202e\u202e\u202e\u202e", "\\xe2\\x80\\xae\\xe2\\x80\\xae\\xe2\\x80\\xae..."},
    };
    char excerpt[WR_EXCERPT], *lines;
    size_t size;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(wr_excerpt(cases[i].text, excerpt), cases[i].shown);
    FILE *file = open_memstream(&lines, &size);
    assert_non_null(file);
    wr_print_lines(file, "a\tb\n\x9b\x1b\xc2\x9b\r\u00e9\n");
    fclose(file);
    assert_string_equal(lines, "a\tb\n\\x9b\\x1b\\xc2\\x9b\\x0d\u00e9\n");
    free(lines);
}

/* Numbers keep the decimal point in a host program whose locale has a comma. */
static void test_locale(void **state) {
    (void)state;
    static const char make[] =
        "localedef -i de_DE -f UTF-8 '" WR_TEST_BINARY_DIR "/de_DE.UTF-8' >/dev/null 2>&1";
    struct wr_error error = {0};
    char text[8];
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && system(make) == 0)
        setenv("LOCPATH", WR_TEST_BINARY_DIR, 1);
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        print_message("tested in \"C\" alone: no locale de_DE, and none can be made\n");
    wr_fail(&error, WR_ERR_USAGE, "clip %g", -0.5);
    assert_string_equal(error.text, "clip -0.5");
    wr_format(text, sizeof text, "%g %s", 2.5, "and more");
    assert_string_equal(text, "2.5 and");
    setlocale(LC_ALL, "C");
    wr_error_release(&error);
}

static void test_status_names(void **state) {
    (void)state;
    for (int i = -1; i < 200; i++)
        assert_non_null(wr_status_name((wr_status)i));
    assert_string_equal(wr_status_name(WR_OK), "ok");
    assert_string_equal(wr_status_name(WR_ERR_STORAGE), "storage");
    assert_string_equal(wr_status_name((wr_status)99), "unknown");
}

static void test_sizes(void **state) {
    (void)state;
    size_t result;
    assert_true(wr_size_mul(3, 5, &result) && result == 15);
    assert_true(wr_size_mul(SIZE_MAX, 1, &result) && result == SIZE_MAX);
    assert_true(wr_size_mul(SIZE_MAX, 0, &result) && result == 0);
    assert_false(wr_size_mul(SIZE_MAX / 2 + 1, 2, &result));
    assert_true(wr_size_add(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
    assert_false(wr_size_add(SIZE_MAX, 1, &result));
}

static void test_alloc(void **state) {
    (void)state;
    struct wr_error error = {0};
    for (size_t count = 0; count < 300; count++) {
        unsigned char *memory = wr_alloc(count, 3, "test", &error);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        for (size_t i = 0; i < 3 * count; i++)
            assert_int_equal(memory[i], 0);
        free(memory);
    }
    assert_null(wr_alloc(SIZE_MAX / 2, 3, "hidden states", &error));
    assert_int_equal(error.status, WR_ERR_MEMORY);
    assert_non_null(strstr(error.text, "hidden states"));
    assert_null(wr_alloc(SIZE_MAX, 1, "test", &error));
    test_faults.allocation = 0;
    assert_null(wr_alloc(1 << 20, 1, "hidden states", &error));
    assert_int_equal(error.status, WR_ERR_MEMORY);
    assert_non_null(strstr(error.text, "1.0 MiB"));
}

/* Pieces are as those of wr_alloc. After a failure the pool gives no more, and keeps the reason. */
static void test_pool(void **state) {
    (void)state;
    struct wr_error error = {0};
    struct wr_pool pool = {0};
    unsigned char *pieces[40];
    for (size_t i = 0; i < 40; i++) {
        pieces[i] = wr_pool_take(&pool, i, 7, "test");
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 64, 0);
        for (size_t k = 0; k < 7 * i; k++)
            assert_int_equal(pieces[i][k], 0);
        memset(pieces[i], (int)i, 7 * i);
    }
    for (size_t i = 0; i < 40; i++)
        for (size_t k = 0; k < 7 * i; k++)
            assert_int_equal(pieces[i][k], i);
    assert_int_equal(wr_pool_status(&pool, &error), WR_OK);
    assert_null(wr_pool_take(&pool, SIZE_MAX / 2, 3, "hidden states"));
    assert_null(wr_pool_take(&pool, 1, 1, "test"));
    assert_int_equal(wr_pool_status(&pool, &error), WR_ERR_MEMORY);
    assert_non_null(strstr(error.text, "hidden states: 9223372036854775807 times 3 bytes"));
    wr_pool_release(&pool);
    assert_int_equal(wr_pool_status(&pool, &error), WR_OK);
    assert_null(wr_pool_take(&pool, SIZE_MAX, 1, "test"));
    assert_int_equal(wr_pool_status(&pool, NULL), WR_ERR_MEMORY);
    wr_pool_release(&pool);

    for (long n = 0; n < 4; n++) { /* each allocation fails in turn */
        test_faults.allocation = n;
        void *first = wr_pool_take(&pool, 1 << 20, 1, "the first");
        void *second = wr_pool_take(&pool, 3 << 20, 1, "the second");
        void *third = wr_pool_take(&pool, 1, 1, "the third");
        test_faults.allocation = -1;
        assert_int_equal(first != NULL, n > 0);
        assert_int_equal(second != NULL, n > 1);
        assert_int_equal(third != NULL, n > 2);
        assert_int_equal(wr_pool_status(&pool, &error), n > 2 ? WR_OK : WR_ERR_MEMORY);
        if (n < 3)
            assert_string_equal(error.text, n == 0   ? "the first: cannot allocate 1.0 MiB"
                                            : n == 1 ? "the second: cannot allocate 3.0 MiB"
                                                     : "the third: cannot allocate 1 bytes");
        wr_pool_release(&pool);
    }
    wr_error_release(&error);
}

static void test_texts(void **state) {
    (void)state;
    char text[32];
    assert_string_equal(wr_bytes_text(0, text), "0 bytes");
    assert_string_equal(wr_bytes_text(1023, text), "1023 bytes");
    assert_string_equal(wr_bytes_text(1536, text), "1.5 KiB");
    assert_string_equal(wr_bytes_text(3.0 * (1 << 30), text), "3.0 GiB");
    assert_string_equal(wr_bytes_text((double)SIZE_MAX, text), "16.0 EiB");
    assert_true(wr_memory_limit() > 1 << 20);
    double before = wr_seconds();
    assert_true(wr_seconds() >= before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),        cmocka_unit_test(test_excerpts),
        cmocka_unit_test(test_fail),         cmocka_unit_test(test_locale),
        cmocka_unit_test(test_status_names), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_alloc),        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
