/* Trains small known cases on the cpu backend, with the engine that WINDROW_CPU names, and prints a
 * hash of all results, one case a line. The lines are the same on every kind of machine. Uses
 * nothing but the C library, so that a compiler alone can build it for other machines
 * (tests/aarch64.sh). Exit code 4: this machine has no such engine. */
#include <stdio.h>
#include <stdlib.h>

#include "backend/case.h"
#include "backend/registry.h"

/* I, H, O, T; models, batch, windows, ragged (then the last model diverges). Sizes are smaller
 * than, equal to and larger than the lanes of a vector and the 16 terms of a segment; there is one
 * model or many. */
static const struct wr_case_spec specs[] = {
    {{1, 1, 1, 1}, 1, 1, 4, false, 0, {0}},    {{1, 20, 1, 5}, 1, 1, 40, false, 0, {0}},
    {{1, 20, 1, 5}, 1, 7, 40, false, 0, {0}},  {{1, 20, 1, 5}, 33, 1, 20, false, 0, {0}},
    {{1, 20, 1, 5}, 19, 4, 22, true, 0, {0}},  {{2, 5, 3, 4}, 7, 3, 10, true, 0, {0}},
    {{20, 17, 3, 2}, 9, 16, 21, true, 0, {0}}, {{1, 13, 1, 3}, 18, 17, 38, true, 0, {0}},
    {{2, 33, 1, 3}, 4, 40, 50, true, 0, {0}},  {{3, 16, 17, 6}, 3, 2, 6, false, 0, {0}},
    {{1, 48, 1, 9}, 5, 1, 12, false, 0, {0}},  {{1, 64, 2, 4}, 2, 5, 11, true, 0, {0}},
    {{1, 4, 1, 30}, 40, 1, 8, false, 0, {0}},
};
enum { EPOCHS = 6 };

static uint64_t hash_words(uint64_t hash, const void *words, size_t count) {
    const unsigned char *bytes = words;
    for (size_t i = 0; i < 4 * count; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

static wr_status hash_tensor(struct wr_session *session, enum wr_tensor tensor, uint64_t *hash,
                             struct wr_error *error) {
    size_t count = wr_session_tensor_size(session, tensor);
    if (count == 0) /* no state */
        return WR_OK;
    float *values = wr_alloc(count, sizeof *values, "a tensor", error);
    if (values == NULL)
        return WR_ERR_MEMORY;
    wr_status status = wr_session_read(session, tensor, values, error);
    if (status == WR_OK)
        *hash = hash_words(*hash, values, count);
    free(values);
    return status;
}

/* Hashes one batch, stage by stage: every tensor after each stage. */
static wr_status hash_stages(struct wr_session *session, size_t batch, uint64_t *hash,
                             struct wr_error *error) {
    wr_status status = WR_OK;
    for (int stage = 0; stage < 4 && status == WR_OK; stage++) {
        status = stage == 0   ? wr_session_forward(session, 0, batch, error)
                 : stage == 1 ? wr_session_bptt(session, error)
                 : stage == 2 ? wr_session_clip(session, error)
                              : wr_session_update(session, error);
        for (int t = WR_PARAMETERS; t <= WR_STATE && status == WR_OK; t++)
            status = hash_tensor(session, (enum wr_tensor)t, hash, error);
    }
    return status;
}

static wr_status hash_run(struct wr_session *session, size_t models, uint64_t *hash,
                          struct wr_error *error) {
    float losses[EPOCHS * 64];
    uint32_t diverged[64];
    wr_status status = wr_session_run(session, EPOCHS, losses, NULL, NULL, error);
    if (status != WR_OK)
        return status;
    *hash = hash_words(*hash, losses, EPOCHS * models);
    status = wr_session_diverged(session, diverged, error);
    *hash = hash_words(*hash, diverged, models);
    return status == WR_OK ? hash_tensor(session, WR_PARAMETERS, hash, error) : status;
}

static wr_status print_case(struct wr_device *device, const struct wr_case_spec *spec,
                            enum wr_schedule schedule, struct wr_error *error) {
    struct wr_case made;
    struct wr_session *session = NULL;
    uint64_t hash = 0xcbf29ce484222325u;
    wr_status status = wr_case_make(spec, &made, error);
    if (status == WR_OK)
        status = wr_case_open(&made, device, schedule, &session, error);
    if (status == WR_OK && schedule == WR_SCHEDULE_STAGED)
        status = hash_stages(session, spec->batch, &hash, error);
    if (status == WR_OK)
        status = hash_run(session, spec->models, &hash, error);
    if (status == WR_OK)
        printf("I=%zu H=%zu O=%zu T=%zu M=%zu B=%zu W=%zu %s %016llx\n", spec->shape.inputs,
               spec->shape.hidden, spec->shape.outputs, spec->shape.seq_len, spec->models,
               spec->batch, spec->windows, wr_schedule_name(schedule), (unsigned long long)hash);
    wr_session_close(session);
    wr_case_release(&made);
    return status;
}

static wr_status print_cases(struct wr_device *device, const struct wr_case_spec *cases,
                             size_t count, struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t i = 0; status == WR_OK && i < count; i++) {
        status = print_case(device, &cases[i], WR_SCHEDULE_FUSED, error);
        if (status == WR_OK)
            status = print_case(device, &cases[i], WR_SCHEDULE_STAGED, error);
    }
    return status;
}

int main(void) {
    struct wr_error error = {0};
    struct wr_device *device = NULL;
    struct wr_device_options options = {.threads = 2};
    wr_status status = wr_backend_reference()->open_device(0, &options, &device, &error);
    if (status == WR_OK)
        fprintf(stderr, "%s\n", device->info.detail);
    if (status == WR_OK)
        status = print_cases(device, specs, sizeof specs / sizeof specs[0], &error);
    if (status == WR_OK)
        status = print_cases(device, wr_case_rules, WR_CASE_RULES, &error);
    if (status != WR_OK)
        fprintf(stderr, "%s\n", error.text);
    wr_error_release(&error);
    if (device != NULL)
        wr_backend_reference()->close_device(device);
    return (int)status;
}
