/* libFuzzer: any bytes as a file of parameters. Parameters that are loaded must have the same bits
 * after they are saved and loaded again. An input that begins with 1 gets a header length that fits
 * its JSON, so that changed JSON passes the length check. Files live in memory (Linux).
 *
 *   fuzz_safetensors -max_len=1024 -max_total_time=120 NEW-CORPUS tests/corpus/safetensors */
#include <string.h>

#include "fuzz.h"
#include "windrow/model.h"

static void check(int holds) {
    if (!holds)
        abort();
}

static struct fuzz_file make_input(const uint8_t *data, size_t size) {
    struct fuzz_file file = fuzz_file_open();
    if (size > 0 && data[0] == 1) {
        uint8_t length[8] = {0};
        size_t header = --size;
        data++;
        while (header > 0 && data[header - 1] != '}')
            header--;
        for (int i = 0; i < 8; i++)
            length[i] = (uint8_t)((uint64_t)header >> 8 * i & 0xff);
        fuzz_write(&file, length, sizeof length);
    }
    fuzz_write(&file, data, size);
    return file;
}

/* Saves into a pipe. It holds 64 KiB, so that inputs must be shorter. */
static void check_round_trip(const struct wr_stack *stack) {
    struct wr_stack again = {.shape.seq_len = stack->shape.seq_len};
    struct wr_layout layout;
    char from[64], to[64];
    int ends[2];
    check(wr_layout_of(&stack->shape, &layout, NULL) == WR_OK);
    check(pipe(ends) == 0);
    snprintf(from, sizeof from, "/proc/self/fd/%d", ends[0]);
    snprintf(to, sizeof to, "/proc/self/fd/%d", ends[1]);
    check(wr_parameters_save(to, stack, NULL, 0, NULL) == WR_OK);
    close(ends[1]);
    check(wr_parameters_load(from, &again, NULL, NULL) == WR_OK);
    close(ends[0]);
    check(again.count == stack->count &&
          memcmp(&again.shape, &stack->shape, sizeof again.shape) == 0);
    check(memcmp(stack->parameters, again.parameters,
                 stack->count * layout.count * sizeof(float)) == 0);
    free(again.parameters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wr_stack stack = {.shape.seq_len = 1};
    struct wr_error error = {0};
    char *text;
    if (size > 32768)
        return -1;
    struct fuzz_file input = make_input(data, size);
    wr_status status = wr_metadata_load(input.path, "format", &text, &error);
    check(status == WR_OK || (status == WR_ERR_DATA && text == NULL && error.text[0] != '\0'));
    free(text);
    status = wr_parameters_load(input.path, &stack, NULL, &error);
    check(status == WR_OK ||
          (status == WR_ERR_DATA && stack.parameters == NULL && error.text[0] != '\0'));
    wr_error_release(&error);
    if (status == WR_OK)
        check_round_trip(&stack);
    free(stack.parameters);
    close(input.descriptor);
    return 0;
}
