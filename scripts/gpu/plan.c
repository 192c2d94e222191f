/* plan H T [team]: how the OpenCL backend would run the notebook with H hidden units and windows of
 * T rows on an NVIDIA GPU, in a line: the kernel, its source, the models and the work-items of a
 * group, then the options that the source is built with. team: not fused_rows.cl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/opencl/opencl.h"

int main(int count, char **words) {
    if (count < 3 || (count == 4 && strcmp(words[3], "team") != 0) || count > 4) {
        fprintf(stderr, "usage: plan H T [team]\n");
        return 2;
    }
    const struct wr_ensemble ensemble = {
        .shape = {.inputs = 1,
                  .hidden = strtoul(words[1], NULL, 10),
                  .outputs = 1,
                  .seq_len = strtoul(words[2], NULL, 10)},
        .models = 1,
        .batch = 1,
        .schedule = WR_SCHEDULE_FUSED,
        .windows = {.count = 1, .input_stride = 1, .target_stride = 1},
    };
    /* What NVIDIA's OpenCL says of every GPU since 2010. */
    struct wr_cl_device device = {.nvidia = true,
                                  .max_group = 1024,
                                  .warp = WR_CL_WARP,
                                  .local_bytes = 49152,
                                  .forced_fused = count == 4 ? WR_CL_FUSED : WR_CL_KINDS};
    struct wr_layout layout;
    struct wr_cl_plan plan;
    struct wr_error error = {0};
    char options[WR_CL_OPTIONS];
    if (wr_layout_of(&ensemble.shape, &layout, &error) != WR_OK ||
        wr_cl_plan_make(&device, &ensemble, &layout, &plan, &error) != WR_OK) {
        fprintf(stderr, "plan: %s\n", error.text);
        return 2;
    }
    bool rows = plan.rows.pack > 0;
    enum wr_cl_kind kind = rows ? WR_CL_ROWS : WR_CL_FUSED;
    wr_cl_plan_options(&plan, &ensemble, kind, options);
    printf("%s %zu %zu %s\n", rows ? "wr_fused_rows fused_rows.cl" : "wr_fused fused.cl",
           rows ? plan.rows.pack : 1, rows ? plan.rows.group : plan.team[WR_CL_FUSED], options);
    return 0;
}
