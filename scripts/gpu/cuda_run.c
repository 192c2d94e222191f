/* Runs Windrow's fused kernels through NVIDIA's CUDA driver, for machines whose driver brings no
 * OpenCL: the notebook's models on the GPU, held against the cpu backend bit for bit, then timed.
 * Measuring alone: the product uses OpenCL. The kernels come as PTX or cubin, made from the very
 * sources in kernels/. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "cuda.h"
#include "layout.h"
#include "windrow/windrow.h"

static void check_windrow(wr_status status, const struct wr_error *error) {
    if (status != WR_OK)
        fail("windrow", error->text);
}

/* ---- the peak, as host/backend/opencl/cl_peak.c measures it ---- */

static void run_peak(void) {
    size_t group = 128, groups = (size_t)gpu.units * 4096 / group;
    uint32_t rounds = 256;
    float first = 1.0f;
    CUdeviceptr out = buffer(NULL, groups * group * sizeof(float));
    void *arguments[] = {&rounds, &first, &out};
    double seconds = 0, best = 0;
    for (int i = 0; i < 40;) {
        begin_timing();
        launch(groups, group, arguments);
        seconds = end_timing();
        if (seconds < 0.005 && rounds < 1u << 30) {
            rounds *= 2;
            continue;
        }
        double rate = 2.0 * 48 * rounds * (double)(groups * group) / seconds;
        best = rate > best ? rate : best;
        i++;
    }
    printf("{\"device\":\"%s\",\"driver\":%d,\"units\":%d,\"peak_flops_per_second\":%.6g}\n",
           gpu.name, gpu.version, gpu.units, best);
}

/* ---- training ---- */

struct training {
    struct wr_ensemble ensemble; /* the notebook's but for the rule, with seeds 0 .. M-1 */
    struct wr_layout layout;
    size_t group_models, group_items;
    bool team; /* kernel wr_fused, which has a batch and scratch */
    size_t loss_rows, kept_count;
    uint64_t pairs; /* of corrections */
    CUdeviceptr tasks, progress, parameters, inputs, targets, weights, gradient_factors, scratch,
        losses, kept, corrections; /* the last two are 0 if the optimizer has none */
};

static void make_ensemble(struct training *training, struct wr_shape shape, size_t models) {
    struct wr_error error = {0};
    struct wr_series *series;
    struct wr_windows *windows; /* kept to the end, as the arrays below */
    const size_t column = 0;
    const struct wr_windows_spec spec = {&column, 1, &column, 1, shape.seq_len, WR_SCALE_NONE, 0};
    struct wr_ensemble *ensemble = &training->ensemble;
    check_windrow(wr_layout_of(&shape, &training->layout, &error), &error);
    check_windrow(wr_series_ar2(100, 0, &series, &error), &error);
    check_windrow(wr_windows_make(series, &spec, &windows, &error), &error);
    uint32_t *seeds = alloc(models, sizeof *seeds);
    struct wr_task *tasks = alloc(models, sizeof *tasks);
    for (size_t m = 0; m < models; ++m) {
        seeds[m] = (uint32_t)m;
        tasks[m] = (struct wr_task){.lr = 1e-4f, .clip = 1.0f, .seed = seeds[m]};
    }
    ensemble->stack =
        (struct wr_stack){shape, models, alloc(models * training->layout.count, sizeof(float))};
    ensemble->tasks = tasks;
    ensemble->batch = 1;
    check_windrow(wr_parameters_init(&ensemble->stack, WR_INIT_NOTEBOOK, seeds, &error), &error);
    free(seeds);
    wr_windows_get(windows, &ensemble->windows);
    wr_series_free(series);
}

/* The models as they are before the first update. */
static void reset(const struct training *training) {
    size_t models = training->ensemble.stack.count;
    struct wr_model_progress *progress = alloc(models, sizeof *progress);
    for (size_t m = 0; m < models; ++m)
        progress[m].diverged = WR_RUNNING;
    CHECK(cuMemcpyHtoD(training->progress, progress, models * sizeof *progress));
    CHECK(cuMemcpyHtoD(training->parameters, training->ensemble.stack.parameters,
                       models * training->layout.count * sizeof(float)));
    CHECK(cuMemsetD32(training->losses, 0x7fc00000u, training->loss_rows * models));
    if (training->kept)
        CHECK(cuMemsetD32(training->kept, 0, training->kept_count));
    free(progress);
}

static void make_buffers(struct training *training) {
    const struct wr_ensemble *ensemble = &training->ensemble;
    const struct wr_windows_view *view = &ensemble->windows;
    const struct wr_shape *shape = &ensemble->stack.shape;
    size_t models = ensemble->stack.count;
    const float gradient_factors[2] = {0,
                                       wr_gradient_factor(ensemble->rule.loss, shape->outputs, 1)};
    double decay = (double)ensemble->rule.decay_epochs * (double)view->count; /* in updates */
    struct wr_model_task *tasks = alloc(models, sizeof *tasks);
    for (size_t m = 0; m < models; ++m)
        tasks[m] =
            (struct wr_model_task){.count = view->count,
                                   .visits = view->count,
                                   .lr = ensemble->tasks[m].lr,
                                   .clip = ensemble->tasks[m].clip,
                                   .seed = ensemble->tasks[m].seed,
                                   .decay_per_update = decay > 0 ? (float)(1.0 / decay) : 0.0f};
    training->tasks = buffer(tasks, models * sizeof *tasks);
    training->progress = buffer(NULL, models * sizeof(struct wr_model_progress));
    training->parameters = buffer(NULL, models * training->layout.count * sizeof(float));
    training->inputs = buffer(
        view->inputs, ((view->count - 1) * view->input_stride + shape->seq_len) * sizeof(float));
    training->targets =
        buffer(view->targets, ((view->count - 1) * view->target_stride + 1) * sizeof(float));
    training->weights = buffer(view->loss_weights, sizeof(float));
    training->gradient_factors = buffer(gradient_factors, sizeof gradient_factors);
    training->scratch = buffer(NULL, models * sizeof(float)); /* all is in local memory */
    training->losses = buffer(NULL, training->loss_rows * models * sizeof(float));
    free(tasks);
}

/* What only some optimizers need. */
static void make_kept(struct training *training) {
    const struct wr_rule *rule = &training->ensemble.rule;
    struct wr_error error = {0};
    float *corrections;
    size_t pairs;
    training->kept_count =
        wr_rule_states(rule) * training->ensemble.stack.count * training->layout.count;
    if (training->kept_count > 0)
        training->kept = buffer(NULL, training->kept_count * sizeof(float));
    if (rule->optimizer != WR_OPTIMIZER_ADAM)
        return;
    check_windrow(wr_corrections(rule, &corrections, &pairs, &error), &error);
    training->corrections = buffer(corrections, 2 * pairs * sizeof *corrections);
    training->pairs = pairs;
    free(corrections);
}

/* Enqueues `updates` updates of every model, ending with epoch `end` - 1. */
static void train(struct training *training, uint64_t updates, uint32_t begin, uint32_t end) {
    uint64_t models = training->ensemble.stack.count, batch = 1;
    uint64_t input_stride = training->ensemble.windows.input_stride;
    uint64_t target_stride = training->ensemble.windows.target_stride;
    struct training *t = training;
    void *rows[] = {&updates,
                    &begin,
                    &end,
                    &models,
                    &t->tasks,
                    &t->progress,
                    &t->parameters,
                    &t->inputs,
                    &input_stride,
                    &t->targets,
                    &target_stride,
                    &t->weights,
                    &t->gradient_factors,
                    &t->losses,
                    &t->kept,
                    &t->corrections,
                    &t->pairs};
    void *team[] = {&updates,     &begin,
                    &end,         &models,
                    &batch,       &t->tasks,
                    &t->progress, &t->parameters,
                    &t->inputs,   &input_stride,
                    &t->targets,  &target_stride,
                    &t->weights,  &t->gradient_factors,
                    &t->scratch,  &t->losses,
                    &t->kept,     &t->corrections,
                    &t->pairs};
    launch((models + t->group_models - 1) / t->group_models, t->group_items, t->team ? team : rows);
}

/* The first of `count` floats that differs, or count. */
static size_t first_difference(const float *a, const float *b, size_t count) {
    size_t i = 0;
    while (i < count && memcmp(&a[i], &b[i], sizeof *a) == 0)
        ++i;
    return i;
}

/* Trains `epochs` epochs here and on the cpu and compares losses and parameters of all models.
 * Returns the seconds that the GPU took. Launches end in the midst of epochs. */
static double compare(struct training *training, uint32_t epochs) {
    size_t models = training->ensemble.stack.count, P = training->layout.count;
    uint64_t left = epochs * training->ensemble.windows.count, most = 1013;
    float *ours = alloc(models * P, sizeof *ours), *theirs = alloc(models * P, sizeof *theirs);
    float *our_losses = alloc(models * epochs, sizeof(float));
    float *their_losses = alloc(models * epochs, sizeof(float));
    struct wr_device *cpu;
    struct wr_session *session;
    struct wr_error error = {0};
    reset(training);
    begin_timing();
    for (uint64_t now; left > 0; left -= now) {
        now = left < most ? left : most;
        train(training, now, 0, epochs);
    }
    double seconds = end_timing();
    CHECK(cuMemcpyDtoH(ours, training->parameters, models * P * sizeof *ours));
    CHECK(cuMemcpyDtoH(our_losses, training->losses, models * epochs * sizeof(float)));

    check_windrow(wr_device_open("cpu", NULL, &cpu, &error), &error);
    check_windrow(wr_session_open(cpu, &training->ensemble, &session, &error), &error);
    check_windrow(wr_session_run(session, epochs, their_losses, NULL, NULL, &error), &error);
    check_windrow(wr_session_read(session, WR_PARAMETERS, theirs, &error), &error);
    size_t p = first_difference(ours, theirs, models * P);
    size_t l = first_difference(our_losses, their_losses, models * epochs);
    printf("\"compared_epochs\":%" PRIu32 ",\"same_bits\":%s,", epochs,
           p == models * P && l == models * epochs ? "true" : "false");
    if (p < models * P)
        printf("\"difference\":\"model %zu, parameter %zu: %.9g, cpu has %.9g\",", p / P, p % P,
               (double)ours[p], (double)theirs[p]);
    else if (l < models * epochs)
        printf("\"difference\":\"epoch %zu, model %zu: loss %.9g, cpu has %.9g\",", l / models,
               l % models, (double)our_losses[l], (double)their_losses[l]);
    printf("\"hash\":\"%016" PRIx64 "\",\"hash_cpu\":\"%016" PRIx64 "\",",
           wr_parameters_hash(&training->ensemble.stack.shape, ours),
           wr_parameters_hash(&training->ensemble.stack.shape, theirs));
    wr_session_close(session);
    wr_device_close(cpu);
    free(ours);
    free(theirs);
    free(our_losses);
    free(their_losses);
    return seconds;
}

/* Three runs of about `seconds`, in launches of about a tenth of a second; updates/s of each. */
static void measure(struct training *training, double epoch_seconds, double seconds) {
    double windows = (double)training->ensemble.windows.count, rate[3];
    double wanted = fmin(fmax(ceil(seconds / epoch_seconds), 1), 2500);
    double chunk = fmin(fmax(0.1 / epoch_seconds, 1), (double)training->loss_rows);
    uint32_t epochs = (uint32_t)wanted, most = (uint32_t)chunk;
    for (int i = 0; i < 3; ++i) {
        reset(training);
        CHECK(cuCtxSynchronize());
        begin_timing();
        for (uint32_t begin = 0, rows; begin < epochs; begin += rows) {
            rows = epochs - begin < most ? epochs - begin : most;
            train(training, rows * (uint64_t)windows, begin, begin + rows);
        }
        rate[i] = (double)training->ensemble.stack.count * epochs * windows / end_timing();
    }
    double low = fmin(rate[0], fmin(rate[1], rate[2])),
           high = fmax(rate[0], fmax(rate[1], rate[2]));
    printf("\"epochs\":%" PRIu32
           ",\"updates_per_second\":%.6g,\"slowest\":%.6g,\"fastest\":%.6g}\n",
           epochs, rate[0] + rate[1] + rate[2] - low - high, low, high);
}

/* "rule=RECIPE": the learning rule of a named recipe, its rate falling over `epochs`. */
static void use_rule(struct wr_rule *rule, const char *word, size_t epochs) {
    struct wr_recipe recipe;
    struct wr_error error = {0};
    if (strncmp(word, "rule=", 5) != 0)
        fail(word, "is no rule");
    check_windrow(wr_recipe_named(word + 5, &recipe, &error), &error);
    *rule = recipe.rule;
    rule->decay_epochs = epochs;
}

int main(int count, char **words) {
    if (count == 3 && strcmp(words[2], "wr_peak") == 0) {
        open_gpu(words[1], words[2]);
        run_peak();
        return 0;
    }
    if (count < 10 || count > 11) {
        fprintf(stderr,
                "usage: cuda_run FILE wr_peak\n       cuda_run FILE KERNEL H T MODELS_OF_A_GROUP "
                "ITEMS_OF_A_GROUP MODELS EPOCHS_COMPARED SECONDS [rule=RECIPE]\n");
        return 2;
    }
    size_t numbers[6];
    for (int i = 0; i < 6; ++i)
        if ((numbers[i] = strtoul(words[i + 3], NULL, 10)) == 0 || numbers[i] > 1u << 30)
            fail(words[i + 3], "is no number of this kind");
    struct training training = {.group_models = numbers[2],
                                .group_items = numbers[3],
                                .team = strcmp(words[2], "wr_fused") == 0};
    size_t models = numbers[4], epochs = numbers[5];
    if (count > 10)
        use_rule(&training.ensemble.rule, words[10], epochs);
    int registers, spilled;
    open_gpu(words[1], words[2]);
    CHECK(cuFuncGetAttribute(&registers, REGISTERS, gpu.function));
    CHECK(cuFuncGetAttribute(&spilled, SPILLED, gpu.function));
    make_ensemble(&training, (struct wr_shape){1, numbers[0], 1, numbers[1]}, models);
    training.loss_rows = (1u << 20) / models > epochs ? (1u << 20) / models : epochs;
    make_buffers(&training);
    make_kept(&training);
    printf("{\"registers\":%d,\"spilled_bytes\":%d,", registers, spilled);
    measure(&training, compare(&training, (uint32_t)epochs) / (double)epochs,
            strtod(words[9], NULL));
    return 0;
}
