/* plan H T [WORD...]: how the OpenCL backend would run models with H hidden units and windows of T
 * rows on a GPU, in a line: the kernel, its source, the models and the work-items of a group, then
 * the options that the source is built with. Without a word: the notebook's models and rule, on an
 * NVIDIA GPU. Words: team (fused.cl), rows=1|2|4 (of W_hh in a lane), amd (an AMD GPU),
 * inputs=N, outputs=N, rule=RECIPE (that of a named recipe), norm (clip by the gradient's norm).
 * Exit code 3: such models are not fused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/opencl/opencl.h"
#include "windrow/forecast.h"

/* What drivers say of every GPU: NVIDIA's since 2010, AMD's since GCN. */
static const struct wr_cl_device nvidia = {.base.info.id = "NVIDIA's OpenCL",
                                           .nvidia = true,
                                           .warp = 32,
                                           .max_group = 1024,
                                           .local_bytes = 49152,
                                           .forced_fused = WR_CL_KINDS,
                                           .forced_staged = WR_CL_KINDS};
static const struct wr_cl_device amd = {.base.info.id = "AMD's OpenCL",
                                        .warp = 64,
                                        .max_group = 256,
                                        .local_bytes = 65536,
                                        .forced_fused = WR_CL_KINDS,
                                        .forced_staged = WR_CL_KINDS};

/* The value of a word "name=value", or NULL. */
static const char *value_of(const char *word, const char *name) {
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static bool take_word(const char *word, struct wr_cl_device *device, struct wr_ensemble *ensemble) {
    struct wr_recipe recipe;
    const char *value;
    if (strcmp(word, "team") == 0)
        device->forced_fused = WR_CL_FUSED;
    else if (strcmp(word, "amd") == 0)
        *device = amd;
    else if (strcmp(word, "norm") == 0)
        ensemble->rule.clipping = WR_CLIPPING_NORM;
    else if ((value = value_of(word, "rows")) && strlen(value) == 1 && strchr("124", *value))
        device->forced_rows = (size_t)(*value - '0');
    else if ((value = value_of(word, "inputs")))
        ensemble->stack.shape.inputs = strtoul(value, NULL, 10);
    else if ((value = value_of(word, "outputs")))
        ensemble->stack.shape.outputs = strtoul(value, NULL, 10);
    else if ((value = value_of(word, "rule")) && wr_recipe_named(value, &recipe, NULL) == WR_OK)
        ensemble->rule = recipe.rule;
    else
        return false;
    return true;
}

int main(int count, char **words) {
    struct wr_cl_device device = nvidia;
    struct wr_ensemble ensemble = {
        .stack = {{.inputs = 1, .outputs = 1}, .count = 1},
        .batch = 1,
        .schedule = WR_SCHEDULE_FUSED,
        .windows = {.count = 1, .input_stride = 1, .target_stride = 1},
    };
    bool understood = count >= 3;
    for (int i = 3; i < count; ++i)
        understood = understood && take_word(words[i], &device, &ensemble);
    if (!understood) {
        fprintf(stderr,
                "usage: plan H T [team] [rows=N] [amd] [inputs=N] [outputs=N] [rule=RECIPE] "
                "[norm]\n");
        return 2;
    }
    ensemble.stack.shape.hidden = strtoul(words[1], NULL, 10);
    ensemble.stack.shape.seq_len = strtoul(words[2], NULL, 10);
    ensemble.rule.decay_epochs = 1;
    struct wr_layout layout;
    struct wr_cl_plan plan;
    struct wr_error error = {0};
    char options[WR_CL_OPTIONS];
    const char *why;
    if (!wr_cl_fits_fused(&device.base, &ensemble, &why)) {
        fprintf(stderr, "plan: %s\n", why);
        return 3;
    }
    if (wr_layout_of(&ensemble.stack.shape, &layout, &error) != WR_OK ||
        wr_cl_plan_make(&device, &ensemble, &layout, &plan, &error) != WR_OK) {
        fprintf(stderr, "plan: %s\n", error.text);
        return 2;
    }
    if (plan.wide.parts > 0) {
        wr_cl_plan_options(&plan, &ensemble, WR_CL_WIDE, options);
        printf("wr_fused_wide fused_wide.cl 1 %zu %s\n", plan.team[WR_CL_WIDE], options);
    } else if (plan.rows.pack > 0) {
        wr_cl_plan_options(&plan, &ensemble, WR_CL_ROWS, options);
        printf("wr_fused_rows fused_rows.cl %zu %zu %s\n", plan.rows.pack, plan.rows.group,
               options);
    } else {
        wr_cl_plan_options(&plan, &ensemble, WR_CL_FUSED, options);
        printf("wr_fused fused.cl 1 %zu %s\n", plan.team[WR_CL_FUSED], options);
    }
    return 0;
}
