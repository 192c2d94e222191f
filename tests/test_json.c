/* The reader of JSON against Jansson's: both give the same result, unless memory is exhausted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static const char *const texts[] = {
    "{\"a\":[1,2.5,-3e-7,true,false,null,\"x\\u00e9\\ud83d\\ude00\\n\\\"\"],\"b\":{\"c\":{}}}",
    "[[],[{}],\"\\u0041\xc3\xa9\",0,-0,1E5,123456789012345678,0.1]",
    " { \"k\" : 9223372036854775807 , \"l\":-9223372036854775808 } ",
    "[9223372036854775808]",
    "[1e999]",
    "[\"\\ud800\"]",
    "[\"\\u0000\"]",
    "[01]",
    "[1.]",
    "[.5]",
    "[1e]",
    "[-]",
    "[+1]",
    "[tru]",
    "[\"\t\"]",
    "[\"\xff\"]",
    "{\"a\":1,\"a\":2}",
    "{\"a\"}",
    "[1,]",
    "[,]",
    "[1 2]",
    "[1]]",
    "1",
    "",
    "[\"a",
    "[\"a\\",
    "[nulll]",
    "{1:2}",
    "[\"\\x\"]",
    "[0.1000000000000000055511151231257827021181583404541015625, 4.9e-324, "
    "1.7976931348623157e308]"};
enum { TEXTS = sizeof texts / sizeof *texts };

/* The text is in memory of exactly its size, so that a sanitizer detects a read beyond it. */
static void assert_same(const char *text, size_t length) {
    struct wr_json_flaw flaw;
    json_error_t why;
    char *own = malloc(length + (length == 0));
    assert_non_null(own);
    memcpy(own, text, length);
    json_t *value = wr_json_read(own, length, &flaw);
    json_t *other = json_loadb(own, length, JSON_REJECT_DUPLICATES, &why);
    if ((value == NULL) != (other == NULL) || (value != NULL && !json_equal(value, other)))
        fail_msg("%.*s: %s, but Jansson: %s", (int)length, text, value ? "a value" : flaw.what,
                 other ? "a value" : why.text);
    assert_false(flaw.exhausted);
    json_decref(value);
    json_decref(other);
    free(own);
}

static void texts_are_read_as_by_jansson(void **state) {
    (void)state;
    for (size_t i = 0; i < TEXTS; i++)
        assert_same(texts[i], strlen(texts[i]));
}

/* Texts with some bytes left out, inserted or changed. */
static void changed_texts_are_read_as_by_jansson(void **state) {
    static const char bytes[] = "{}[]\",:\\u0123456789eE.-+ tfn\x80\xc3\xa9\xf0\n";
    (void)state;
    srand(1);
    for (int n = 0; n < 100000; n++) {
        char text[160];
        const char *from = texts[rand() % TEXTS];
        size_t length = strlen(from);
        memcpy(text, from, length);
        for (int change = rand() % 4; change >= 0 && length > 0; change--) {
            size_t at = (size_t)rand() % length;
            char byte = bytes[(size_t)rand() % (sizeof bytes - 1)];
            int how = rand() % 3;
            if (how == 0) {
                memmove(text + at, text + at + 1, --length - at);
            } else if (how == 1) {
                memmove(text + at + 1, text + at, length++ - at);
                text[at] = byte;
            } else {
                text[at] = byte;
            }
        }
        assert_same(text, length);
    }
}

static void parts_that_are_missing_make_all_missing(void **state) {
    (void)state;
    assert_null(wr_json_put(json_object(), "a", NULL));
    assert_null(wr_json_put(NULL, "a", json_true()));
    assert_null(wr_json_push(json_array(), NULL));
    assert_null(wr_json_push(NULL, json_true()));
    json_t *text = wr_json_text("a\xff\xc3\xa9", "?");
    assert_string_equal(json_string_value(text), "a???");
    json_decref(text);
    size_t length;
    assert_null(wr_json_write(NULL, 0, &length));
    char *bytes = wr_json_write(json_true(), JSON_ENCODE_ANY, &length);
    assert_string_equal(bytes, "true");
    assert_int_equal(length, 4);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_as_by_jansson),
        cmocka_unit_test(changed_texts_are_read_as_by_jansson),
        cmocka_unit_test(parts_that_are_missing_make_all_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
