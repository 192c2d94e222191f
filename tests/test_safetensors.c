/* Parameters to a file and back, and files made to break the reader. */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libc_faults.h"
#include "windrow/model.h"

static char folder[] = "/tmp/windrow-test-XXXXXX";
static char path[sizeof folder + 32];
static char absent[sizeof folder + 32]; /* in a folder that does not exist */

static int make_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    snprintf(absent, sizeof absent, "%s/absent/model", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails if another file was left */
}

static void write_file(const void *bytes, size_t size) {
    unlink(path); /* a new file: some file systems flush one that is truncated */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t read_file(unsigned char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

/* Makes a file: header length, header, `data` bytes of data. length 0: the length of the header. */
static size_t compose(unsigned char *bytes, const char *header, uint64_t length, size_t data) {
    size_t text = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((length ? length : text) >> 8 * i & 0xff);
    memcpy(bytes + 8, header, text);
    for (size_t i = 0; i < data; i++)
        bytes[8 + text + i] = i % 4 == 3 ? 0x3f : (unsigned char)i;
    return 8 + text + data;
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* I = 1, H = 2, O = 1: w_xh 2, w_hh 4, b_h 2, w_hy 2, b_y 1 */
static float small_values[11] = {1, -2, 0.5f, 0.25f, -0.125f, 3, 4, 5, 6, 7, 8};
static const struct wr_stack small = {{1, 2, 1, 0}, 1, small_values};

static void a_file_has_these_bytes(void **state) {
    (void)state;
    const char *header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"rnn.weight_ih_l0\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"rnn.weight_hh_l0\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[8,24]},"
        "\"rnn.bias_ih_l0\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"
        "\"rnn.bias_hh_l0\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[32,40]},"
        "\"head.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[40,48]},"
        "\"head.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[48,52]}}";
    const unsigned char data[52] = {0, 0, 0x80, 0x3f, 0, 0, 0,    0xc0, /* 1 -2 */
                                    0, 0, 0,    0x3f, 0, 0, 0x80, 0x3e,
                                    0, 0, 0,    0xbe, 0, 0, 0x40, 0x40, /* 0.5 0.25 -0.125 3 */
                                    0, 0, 0x80, 0x40, 0, 0, 0xa0, 0x40, /* 4 5 */
                                    0, 0, 0,    0,    0, 0, 0,    0,    /* bias_hh */
                                    0, 0, 0xc0, 0x40, 0, 0, 0xe0, 0x40, /* 6 7 */
                                    0, 0, 0,    0x41};                  /* 8 */
    const struct wr_metadata metadata = {"format", "pt"};
    unsigned char bytes[2048];
    assert_int_equal(wr_parameters_save(path, &small, &metadata, 1, NULL), WR_OK);
    size_t size = read_file(bytes, sizeof bytes), text = strlen(header);
    size_t padded = (text + 7) / 8 * 8;
    assert_int_equal(size, 8 + padded + 52);
    assert_int_equal(bytes[0] | bytes[1] << 8, padded);
    for (int i = 2; i < 8; i++)
        assert_int_equal(bytes[i], 0);
    assert_memory_equal(bytes + 8, header, text);
    for (size_t i = text; i < padded; i++)
        assert_int_equal(bytes[8 + i], ' ');
    assert_memory_equal(bytes + 8 + padded, data, sizeof data);
}

static void round_trip(struct wr_shape shape, size_t models) {
    struct wr_layout layout;
    struct wr_stack stack = {.shape = shape, .count = models}, back = {.shape.seq_len = 99};
    struct wr_error error = {0};
    uint32_t seeds[5] = {3, 1, 4, 1, 5};
    int stacked = -1;
    assert_int_equal(wr_layout_of(&shape, &layout, NULL), WR_OK);
    float *parameters = stack.parameters = calloc(models * layout.count, sizeof *parameters);
    assert_non_null(parameters);
    assert_int_equal(wr_parameters_init(&stack, WR_INIT_PYTORCH, seeds, NULL), WR_OK);
    parameters[layout.b_h] = from_bits(0x80000000); /* not changed, although 0 is added to it */
    parameters[layout.b_y] = from_bits(0x00000001);
    parameters[layout.w_hh] = INFINITY;
    parameters[layout.w_xh] = from_bits(0x7fc00000);
    assert_int_equal(wr_parameters_save(path, &stack, NULL, 0, &error), WR_OK);
    assert_int_equal(wr_parameters_load(path, &back, &stacked, &error), WR_OK);
    assert_int_equal(back.shape.inputs, shape.inputs);
    assert_int_equal(back.shape.hidden, shape.hidden);
    assert_int_equal(back.shape.outputs, shape.outputs);
    assert_int_equal(back.shape.seq_len, 99);
    assert_int_equal(back.count, models);
    assert_int_equal(stacked, models > 1);
    assert_memory_equal(parameters, back.parameters, models * layout.count * sizeof(float));
    free(parameters);
    free(back.parameters);
}

static void what_is_saved_is_loaded(void **state) {
    (void)state;
    round_trip((struct wr_shape){1, 1, 1, 1}, 1);
    round_trip((struct wr_shape){1, 20, 1, 5}, 1);
    round_trip((struct wr_shape){3, 7, 2, 5}, 5);
    round_trip((struct wr_shape){2, 70, 3, 5}, 2); /* more floats than one buffer of the writer */
}

static void a_nan_is_stored_one_way(void **state) {
    (void)state;
    float values[11];
    const struct wr_stack saved = {small.shape, 1, values};
    struct wr_stack back;
    unsigned char bytes[2048];
    memcpy(values, small_values, sizeof values);
    values[10] = from_bits(0xffabcdef); /* b_y: the last four bytes of the file */
    assert_int_equal(wr_parameters_save(path, &saved, NULL, 0, NULL), WR_OK);
    size_t size = read_file(bytes, sizeof bytes);
    assert_memory_equal(bytes + size - 4, "\x00\x00\xc0\x7f", 4);
    memcpy(bytes + size - 4, "\x01\x02\x83\xff", 4);
    write_file(bytes, size);
    assert_int_equal(wr_parameters_load(path, &back, NULL, NULL), WR_OK);
    values[10] = from_bits(0x7fc00000);
    assert_memory_equal(values, back.parameters, sizeof values);
    free(back.parameters);
}

/* Tensors of the small model, in the order of the file. */
#define TENSOR(name, shape, offsets)                                                               \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define IH TENSOR("rnn.weight_ih_l0", "[2,1]", "[0,8]") ","
#define HH TENSOR("rnn.weight_hh_l0", "[2,2]", "[8,24]") ","
#define BI TENSOR("rnn.bias_ih_l0", "[2]", "[24,32]") ","
#define BH TENSOR("rnn.bias_hh_l0", "[2]", "[32,40]") ","
#define HW TENSOR("head.weight", "[1,2]", "[40,48]") ","
#define HB TENSOR("head.bias", "[1]", "[48,52]")
#define AS(dtype, shape, offsets)                                                                  \
    "{" IH HH BI BH HW "\"head.bias\":{\"dtype\":" dtype ",\"shape\":" shape                       \
    ",\"data_offsets\":" offsets "}}"
#define BIAS(shape, offsets) AS("\"F32\"", shape, offsets)

/* Tensors in any order, two biases that are not 0, a stack of one layer, metadata. */
static void a_file_from_elsewhere_is_loaded(void **state) {
    (void)state;
    const char *header = "{" TENSOR("head.bias", "[1,1]", "[0,4]") "," TENSOR(
        "rnn.bias_hh_l0", "[1,2]",
        "[4,12]") ","
                  "\"__metadata__\":{\"made by\":\"hand\"}," TENSOR(
                      "head.weight", "[1,1,2]",
                      "[44,52]") "," TENSOR("rnn.weight_hh_l0", "[1,2,2]",
                                            "[12,28]") "," TENSOR("rnn.weight_ih_l0", "[1,2,1]",
                                                                  "[28,36]") "," TENSOR("rnn.bias_"
                                                                                        "ih_l0",
                                                                                        "[1,2]",
                                                                                        "[36,44]") "}  ";
    const float data[13] = {8, 0.5f, 0.75f, 0.5f, 0.25f, -0.125f, 3, 1, -2, 4, 5, 6, 7};
    unsigned char bytes[2048];
    size_t size = compose(bytes, header, 0, sizeof data);
    for (size_t i = 0; i < sizeof data; i++) { /* little endian on every machine */
        uint32_t word;
        memcpy(&word, &data[i / 4], sizeof word);
        bytes[size - sizeof data + i] = (unsigned char)(word >> 8 * (i % 4) & 0xff);
    }
    write_file(bytes, size);
    struct wr_stack stack = {0};
    int stacked = 0;
    float expected[11];
    char *text;
    assert_int_equal(wr_parameters_load(path, &stack, &stacked, NULL), WR_OK);
    assert_int_equal(stack.count, 1);
    assert_int_equal(stacked, 1);
    assert_int_equal(stack.shape.hidden, 2);
    memcpy(expected, small_values, sizeof expected);
    expected[6] += 0.5f;
    expected[7] += 0.75f;
    assert_memory_equal(stack.parameters, expected, sizeof expected);
    free(stack.parameters);
    assert_int_equal(wr_metadata_load(path, "made by", &text, NULL), WR_OK);
    assert_string_equal(text, "hand");
    free(text);
    assert_int_equal(wr_metadata_load(path, "made", &text, NULL), WR_OK);
    assert_null(text);
}

static void a_pipe_is_loaded(void **state) {
    (void)state;
    unsigned char bytes[2048];
    char name[64];
    int ends[2];
    struct wr_stack stack;
    struct wr_error error = {0};
    size_t size = compose(bytes, "{" IH HH BI BH HW HB "}", 0, 52);
    for (size_t cut = 0; cut < 2; cut++) { /* whole, then one byte short */
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], bytes, size - cut), size - cut);
        close(ends[1]);
        snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
        assert_int_equal(wr_parameters_load(name, &stack, NULL, &error), cut ? WR_ERR_DATA : WR_OK);
        close(ends[0]);
        free(stack.parameters);
    }
    assert_non_null(strstr(error.text, "truncated: 51 bytes"));
}

/* Metadata of any text are read back; text that is not UTF-8 does not make the file unreadable. */
static void metadata_round_trip(void **state) {
    (void)state;
    const struct wr_metadata metadata[] = {
        {"quote\"d", "line\nbreak"}, {"größe", "µ"}, {"latin", "Gr\xf6\xdf."}, {"empty", ""}};
    const char *expected[] = {"line\nbreak", "µ", "Gr\xef\xbf\xbd\xef\xbf\xbd.", ""};
    assert_int_equal(wr_parameters_save(path, &small, metadata, 4, NULL), WR_OK);
    for (size_t i = 0; i < 4; i++) {
        char *value;
        assert_int_equal(wr_metadata_load(path, metadata[i].key, &value, NULL), WR_OK);
        assert_non_null(value);
        assert_string_equal(value, expected[i]);
        free(value);
    }
    struct wr_stack stack = {0};
    struct wr_metadata *all;
    size_t count;
    assert_int_equal(wr_parameters_load_described(path, &stack, NULL, &all, &count, NULL), WR_OK);
    assert_int_equal(count, 4);
    for (size_t k = 0; k < 4; k++) {
        assert_string_equal(all[k].key, metadata[k].key);
        assert_string_equal(all[k].value, expected[k]);
    }
    free(all);
    free(stack.parameters);
    assert_int_equal(wr_parameters_save(path, &small, NULL, 0, NULL), WR_OK);
    assert_int_equal(wr_parameters_load_described(path, &stack, NULL, &all, &count, NULL), WR_OK);
    assert_int_equal(count, 0);
    assert_null(all);
    free(stack.parameters);
}

static void assert_refused(const char *what, const char *word) {
    struct wr_stack stack = {{7, 7, 7, 7}, 7, small_values};
    struct wr_error error = {0};
    int stacked = 7;
    wr_status status = wr_parameters_load(path, &stack, &stacked, &error);
    if (status != WR_ERR_DATA || strstr(error.text, word) == NULL ||
        strncmp(error.text, path, strlen(path)) != 0 || strchr(error.text, '\n') != NULL)
        fail_msg("%s: status %d, \"%s\" where \"%s\" was expected", what, (int)status, error.text,
                 word);
    assert_int_equal(error.status, WR_ERR_DATA);
    assert_null(stack.parameters);
    assert_true(stack.shape.inputs == 7 && stack.shape.hidden == 7 && stack.shape.outputs == 7 &&
                stack.shape.seq_len == 7 && stack.count == 7 && stacked == 7);
    wr_error_release(&error);
}

static void hostile_files_are_refused(void **state) {
    (void)state;
    const struct {
        const char *header;
        uint64_t length; /* 0: the header's own */
        size_t data;
        const char *word;
    } cases[] = {
        /* the length */
        {"{}", 3, 0, "holds 2 bytes more"},
        {"{" IH HH BI BH HW HB "}", 100000000, 52, "goes beyond the end"},
        {"{}", 100000001, 0, "over 100 MB"},
        {"{}", UINT64_MAX, 0, "over 100 MB"},
        /* the JSON */
        {"", 0, 0, "does not begin with {"},
        {"[]", 0, 0, "does not begin with {"},
        {" {}", 0, 0, "does not begin with {"},
        {"{" IH HH BI BH HW HB, 0, 52, "not the JSON"},
        {"{\"\xff\":{}}", 0, 0, "not the JSON"},
        {"{\"a\\u0000b\":{}}", 0, 0, "not the JSON"},
        {"{}{}", 0, 0, "not the JSON"},
        {"{" IH HH BI BH HW HB "," HB "}", 0, 52, "duplicate"},
        {"{" IH HH BI BH HW "\"head.bias\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],"
         "\"data_offsets\":[48,52]}}",
         0, 52, "duplicate"},
        {"{" IH HH BI BH HW "\"head.bias\":7}", 0, 52, "\"head.bias\" is not a JSON object"},
        {"{\"__metadata__\":[]," IH HH BI BH HW HB "}", 0, 52,
         "__metadata__\" is not a JSON object"},
        {"{\"__metadata__\":{\"a\":1}," IH HH BI BH HW HB "}", 0, 52, "\"a\" is not a string"},
        /* the names */
        {"{}", 0, 0, "\"rnn.weight_ih_l0\" is missing"},
        {"{" IH HH BI BH HB "}", 0, 52, "\"head.weight\" is missing"},
        {"{" IH HH BI BH HW HB "," TENSOR("rnn.weight_ih_l1", "[1]", "[52,56]") "}", 0, 56,
         "\"rnn.weight_ih_l1\" is not one"},
        {"{\"\\u001b[2J\\n\":{}}", 0, 0, "\"\\x1b[2J\\x0a\" is not one"},
        {"{\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
         "\":{}}",
         0, 0, "nnn...\" is not one"},
        /* dtype and fields */
        {AS("\"F64\"", "[1]", "[48,56]"), 0, 56, "\"head.bias\" has dtype F64; F32"},
        {AS("\"f32\"", "[1]", "[48,52]"), 0, 52, "dtype f32; F32"},
        {AS("32", "[1]", "[48,52]"), 0, 52, "dtype none"},
        {AS("\"F32\",\"order\":\"F\"", "[1]", "[48,52]"), 0, 52, "unknown field \"order\""},
        {"{" IH HH BI BH HW "\"head.bias\":{}}", 0, 52, "dtype none"},
        /* shapes */
        {BIAS("[]", "[48,52]"), 0, 52, "\"head.bias\" has a shape of 0 dimensions"},
        {BIAS("1", "[48,52]"), 0, 52, "shape of 0 dimensions"},
        {BIAS("[1,1,1,1]", "[48,52]"), 0, 52, "shape of 4 dimensions"},
        {BIAS("[0]", "[48,48]"), 0, 48, "dimension 1 of its shape"},
        {BIAS("[-1]", "[48,52]"), 0, 52, "dimension 1 of its shape"},
        {BIAS("[1.0]", "[48,52]"), 0, 52, "dimension 1 of its shape"},
        {BIAS("[\"1\"]", "[48,52]"), 0, 52, "dimension 1 of its shape"},
        {BIAS("[4294967296]", "[48,52]"), 0, 52, "dimension 1 of its shape"},
        {BIAS("[99999999999999999999]", "[48,52]"), 0, 52, "not the JSON"},
        {BIAS("[4294967295,4294967295,4]", "[48,52]"), 0, 52, "more elements"},
        {BIAS("[1,1]", "[48,52]"), 0, 52, "\"head.bias\" has shape (1,1); (outputs)"},
        {BIAS("[2]", "[48,56]"), 0, 56, "\"head.weight\" has shape (1,2); (2,2) would fit"},
        {"{" TENSOR("rnn.weight_ih_l0", "[2]", "[0,8]") "," HH BI BH HW HB "}", 0, 52,
         "\"rnn.weight_ih_l0\" has shape (2); (hidden,inputs)"},
        {"{" TENSOR("rnn.weight_ih_l0", "[1,2,1]", "[0,8]") "," HH BI BH HW HB "}", 0, 52,
         "\"head.bias\" has shape (1); (models,outputs)"},
        {"{" TENSOR("rnn.weight_ih_l0", "[1,2]", "[0,8]") "," HH BI BH HW HB "}", 0, 52,
         "\"rnn.weight_hh_l0\" has shape (2,2); (1,1) would fit"},
        {"{" IH TENSOR("rnn.weight_hh_l0", "[4]", "[8,24]") "," BI BH HW HB "}", 0, 52,
         "\"rnn.weight_hh_l0\" has shape (4); (2,2)"},
        {"{" IH TENSOR("rnn.weight_hh_l0", "[2,3]", "[8,32]") "," TENSOR(
             "rnn.bias_ih_l0", "[2]",
             "[32,40]") "," TENSOR("rnn.bias_hh_l0", "[2]",
                                   "[40,48]") "," TENSOR("head.weight", "[1,2]",
                                                         "[48,56]") "," TENSOR("head.bias", "[1]",
                                                                               "[56,60]") "}",
         0, 60, "\"rnn.weight_hh_l0\" has shape (2,3); (2,2)"},
        {"{" IH HH BI TENSOR("rnn.bias_hh_l0", "[1,2]", "[32,40]") "," HW HB "}", 0, 52,
         "\"rnn.bias_hh_l0\" has shape (1,2); (2)"},
        {"{" IH HH BI BH TENSOR("head.weight", "[2,1]", "[40,48]") "," HB "}", 0, 52,
         "\"head.weight\" has shape (2,1); (1,2)"},
        {"{" TENSOR("rnn.weight_ih_l0", "[2,1,1]", "[0,8]") "," TENSOR("rnn.weight_hh_l0", "[4,1,1]", "[8,24]") "," TENSOR(
             "rnn.bias_ih_l0", "[2,1]",
             "[24,32]") "," TENSOR("rnn.bias_hh_l0", "[2,1]",
                                   "[32,40]") "," TENSOR("head.weight", "[2,1,1]",
                                                         "[40,48]") "," TENSOR("head.bias", "[2,1]",
                                                                               "[48,56]") "}",
         0, 56, "\"rnn.weight_hh_l0\" has shape (4,1,1); (2,1,1)"}, /* M */
        /* offsets */
        {BIAS("[1]", "[48]"), 0, 52, "data_offsets are not two"},
        {BIAS("[1]", "[48,52,56]"), 0, 56, "data_offsets are not two"},
        {BIAS("[1]", "52"), 0, 52, "data_offsets are not two"},
        {BIAS("[1]", "[-4,0]"), 0, 52, "data_offsets are not two"},
        {BIAS("[1]", "[48.5,52.5]"), 0, 52, "data_offsets are not two"},
        {BIAS("[1]", "[52,48]"), 0, 52, "[52, 48] do not span the 4 bytes"},
        {BIAS("[1]", "[48,48]"), 0, 48, "do not span"},
        {BIAS("[1]", "[48,56]"), 0, 56, "do not span"},
        {BIAS("[1]", "[48,18446744073709551668]"), 0, 52, "not the JSON"},
        {BIAS("[1]", "[9223372036854775803,9223372036854775807]"), 0, 52, "a hole: bytes 48 to"},
        {BIAS("[1]", "[52,56]"), 0, 56, "a hole: bytes 48 to 52, before tensor \"head.bias\""},
        {BIAS("[1]", "[44,48]"), 0, 48,
         "\"head.bias\" begins at byte 44 and overlaps tensor \"head.we"},
        {"{" TENSOR("rnn.weight_ih_l0", "[2,1]", "[8,16]") "," HH BI BH HW HB "}", 0, 52,
         "a hole: bytes 0 to 8"},
        /* the data */
        {"{" IH HH BI BH HW HB "}", 0, 51, "truncated: 51 bytes"},
        {"{" IH HH BI BH HW HB "}", 0, 0, "truncated: 0 bytes"},
        {"{" IH HH BI BH HW HB "}", 0, 53, "trailing bytes: data go on after the 52"},
        {"{" TENSOR("rnn.weight_ih_l0", "[1,4294967295]", "[0,17179869180]") "," TENSOR(
             "rnn.weight_hh_l0", "[1,1]",
             "[17179869180,17179869184]") "," TENSOR("rnn.bias_ih_l0", "[1]",
                                                     "[17179869184,17179869188]") "," TENSOR("rnn."
                                                                                             "bias_"
                                                                                             "hh_"
                                                                                             "l0",
                                                                                             "[1]",
                                                                                             "[1717"
                                                                                             "98691"
                                                                                             "88,"
                                                                                             "17179"
                                                                                             "86919"
                                                                                             "2]") "," TENSOR("head.weight",
                                                                                                              "[1,1]",
                                                                                                              "[17179869192,17179869196]") "," TENSOR("head.bias",
                                                                                                                                                      "[1]",
                                                                                                                                                      "[17179869196,17179869200]") "}",
         0, 52, "truncated: 52 bytes"},
    };
    unsigned char bytes[4096];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(bytes, compose(bytes, cases[i].header, cases[i].length, cases[i].data));
        assert_refused(cases[i].header, cases[i].word);
    }
    /* the unchanged parts are accepted, so that each case shows only its own fault */
    struct wr_stack stack;
    write_file(bytes, compose(bytes, "{" IH HH BI BH HW HB "}", 0, 52));
    assert_int_equal(wr_parameters_load(path, &stack, NULL, NULL), WR_OK);
    free(stack.parameters);
    write_file(bytes, compose(bytes, BIAS("[1]", "[48,52]"), 0, 52));
    assert_int_equal(wr_parameters_load(path, &stack, NULL, NULL), WR_OK);
    free(stack.parameters);
}

static void deep_nesting_is_refused(void **state) {
    (void)state;
    const size_t depth = 1000000;
    unsigned char *bytes = malloc(16 + depth);
    char *header = malloc(depth + 6);
    assert_true(bytes != NULL && header != NULL);
    memcpy(header, "{\"a\":", 5);
    memset(header + 5, '[', depth);
    header[5 + depth] = '\0';
    write_file(bytes, compose(bytes, header, 0, 0));
    assert_refused("depth", "not the JSON");
    free(bytes);
    free(header);
}

/* A file with any byte changed, or cut anywhere, is loaded or refused. */
static void damage_is_survived(void **state) {
    (void)state;
    static const unsigned char marks[] = {0, 0xff, '"', '0', '9', '-', '{', ']', ',', 'e'};
    unsigned char bytes[2048];
    size_t size = compose(bytes, "{" IH HH BI BH HW HB "}", 0, 52);
    struct wr_stack stack;
    for (size_t cut = 0; cut < size; cut++) {
        write_file(bytes, cut);
        assert_refused("cut", cut < 8           ? "ends after"
                              : cut < size - 52 ? "goes beyond"
                                                : "truncated");
    }
    for (size_t i = 0; i < size - 52; i++) {
        unsigned char kept = bytes[i];
        for (size_t k = 0; k < sizeof marks; k++) {
            bytes[i] = marks[k];
            write_file(bytes, size);
            wr_status status = wr_parameters_load(path, &stack, NULL, NULL);
            assert_true(status == (stack.parameters == NULL ? WR_ERR_DATA : WR_OK));
            free(stack.parameters);
        }
        bytes[i] = kept;
    }
}

static void what_cannot_be_read_is_refused(void **state) {
    (void)state;
    const struct {
        const char *path, *word;
    } cases[] = {
        {absent, "cannot open: No such file"},
        {"/", "cannot read: Is a directory"},
        {"/dev/null", "ends after 0 bytes"},
        {"/dev/zero", "does not begin with {"}, /* and reading stops there */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_error error = {0};
        struct wr_stack stack;
        char *text;
        assert_int_equal(wr_parameters_load(cases[i].path, &stack, NULL, &error), WR_ERR_DATA);
        assert_non_null(strstr(error.text, cases[i].word));
        assert_null(stack.parameters);
        assert_int_equal(wr_metadata_load(cases[i].path, "a", &text, &error), WR_ERR_DATA);
        assert_null(text);
        wr_error_release(&error);
    }
}

static void what_cannot_be_saved_is_an_error(void **state) {
    (void)state;
    struct wr_error error = {0};
    assert_int_equal(wr_parameters_save(absent, &small, NULL, 0, &error), WR_ERR_STORAGE);
    assert_non_null(strstr(error.text, absent));
    assert_int_equal(wr_parameters_save("/dev/full", &small, NULL, 0, &error), WR_ERR_STORAGE);
    assert_non_null(strstr(error.text, "/dev/full"));
    assert_int_equal(
        wr_parameters_save(path, &(struct wr_stack){.shape = small.shape}, NULL, 0, &error),
        WR_ERR_USAGE);
    assert_int_equal(wr_parameters_save(path, &(struct wr_stack){{1, 0, 1, 1}, 1, small_values},
                                        NULL, 0, &error),
                     WR_ERR_USAGE);
    assert_non_null(strstr(error.text, "hidden is 0"));
    wr_error_release(&error);
}

/* Each allocation fails in turn, until none is left. */
static void exhausted_memory_is_an_error(void **state) {
    (void)state;
    const struct wr_metadata metadata = {"latin", "Gr\xf6\xdf."};
    wr_status status = WR_ERR_MEMORY;
    int refused = 0;
    for (; status != WR_OK; refused++) {
        test_faults.allocation = refused;
        status = wr_parameters_save(path, &small, &metadata, 1, NULL);
        test_faults.allocation = -1;
        assert_true(status == WR_OK || status == WR_ERR_MEMORY);
    }
    assert_true(refused > 2);
    status = WR_ERR_MEMORY;
    for (refused = 0; status != WR_OK; refused++) {
        struct wr_stack stack;
        struct wr_error error = {0};
        test_faults.allocation = refused;
        status = wr_parameters_load(path, &stack, NULL, &error);
        test_faults.allocation = -1;
        assert_true(status == (stack.parameters == NULL ? WR_ERR_MEMORY : WR_OK));
        assert_true(error.status == status);
        free(stack.parameters);
    }
    assert_true(refused > 4); /* length, header, data, parameters */
    status = WR_ERR_MEMORY;
    for (refused = 0; status != WR_OK; refused++) {
        char *text;
        test_faults.allocation = refused;
        status = wr_metadata_load(path, "latin", &text, NULL);
        test_faults.allocation = -1;
        assert_true(status == (text == NULL ? WR_ERR_MEMORY : WR_OK));
        free(text);
    }
    assert_true(refused > 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_these_bytes),
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(a_nan_is_stored_one_way),
        cmocka_unit_test(a_file_from_elsewhere_is_loaded),
        cmocka_unit_test(a_pipe_is_loaded),
        cmocka_unit_test(metadata_round_trip),
        cmocka_unit_test(hostile_files_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(what_cannot_be_read_is_refused),
        cmocka_unit_test(what_cannot_be_saved_is_an_error),
        cmocka_unit_test(exhausted_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
