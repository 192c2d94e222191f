/* libFuzzer: any bytes as a fit's metadata, beside the parameters of two models, give a fit or a
 * one-line error. Files live in memory (Linux).
 *
 *   fuzz_fit -max_len=2048 -max_total_time=120 NEW-CORPUS tests/corpus/fit */
#include <jansson.h>
#include <string.h>

#include "forecast/fit.h"
#include "fuzz.h"
#include "windrow/forecast.h"

static float zeros[64];

static void check(int holds) {
    if (!holds)
        abort();
}

/* One tensor of the two models; *at: where its bytes begin, then where they end. */
static json_t *tensor(size_t rows, size_t columns, size_t *at) {
    size_t begin = *at, count = 2 * rows * (columns > 0 ? columns : 1);
    *at += 4 * count;
    json_t *shape = json_pack("[i, i]", 2, (int)rows);
    if (columns > 0)
        json_array_append_new(shape, json_integer((json_int_t)columns));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)*at);
}

/* The head of a file of two models of 2 inputs, 2 hidden units and 2 outputs, all parameters 0.
 * NULL: the text is not UTF-8. */
static char *header(const uint8_t *data, size_t size, size_t *bytes) {
    json_t *text = json_stringn((const char *)data, size), *head = json_object();
    static const char *const names[] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0",
                                        "rnn.bias_hh_l0",   "head.weight",      "head.bias"};
    static const size_t columns[] = {2, 2, 0, 0, 2, 0};
    static const struct wr_shape shape = {2, 2, 2, 1};
    char hash[17];
    *bytes = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_object_set_new(head, names[i], tensor(2, columns[i], bytes));
    char *dumped = NULL;
    if (text != NULL) {
        const struct wr_stack stack = {.shape = shape, .count = 2, .parameters = zeros};
        wr_fit_hash(json_string_value(text), &stack, hash);
        json_object_set_new(head, "__metadata__",
                            json_pack("{s:o, s:s}", "windrow_fit", text, WR_FIT_HASH_KEY, hash));
        dumped = json_dumps(head, JSON_COMPACT);
    }
    json_decref(head);
    return dumped;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wr_error error = {0};
    struct wr_fit *fit;
    size_t bytes;
    char *text = header(data, size, &bytes);
    if (text == NULL)
        return -1;
    uint8_t length[8] = {(uint8_t)(strlen(text) & 0xff), (uint8_t)(strlen(text) >> 8 & 0xff)};
    struct fuzz_file input = fuzz_file_open();
    check(strlen(text) < 65536 && bytes <= sizeof zeros);
    fuzz_write(&input, length, sizeof length);
    fuzz_write(&input, text, strlen(text));
    fuzz_write(&input, zeros, bytes);
    wr_status status = wr_fit_load(input.path, &fit, &error);
    check(status == WR_OK ? fit != NULL
                          : status == WR_ERR_DATA && fit == NULL && error.text[0] != '\0' &&
                                strpbrk(error.text, "\r\n") == NULL);
    wr_error_release(&error);
    wr_fit_free(fit);
    free(text);
    close(input.descriptor);
    return 0;
}
