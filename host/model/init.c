#include <math.h>

#include "base/base.h"
#include "base/random.h"
#include "model/tensors.h"

/* Index in the flat layout is the random index, so that a value depends on nothing else. */
static void init_notebook(const struct wr_layout *layout, uint32_t seed, float *parameters) {
    for (size_t i = 0; i < layout->count; i++) {
        bool bias = (i >= layout->b_h && i < layout->w_hy) || i >= layout->b_y;
        double normal = wr_normal(WR_PURPOSE_INIT, seed, i);
        parameters[i] = (float)(bias ? normal : 0.01 * normal);
    }
}

static void init_pytorch(const struct wr_layout *layout, size_t hidden, uint32_t seed,
                         float *parameters) {
    const double bound = 1.0 / sqrt((double)hidden);
    for (size_t i = 0; i < layout->count; i++) {
        double centred = 2.0 * wr_uniform(WR_PURPOSE_INIT, seed, i) - 1.0;
        parameters[i] = (float)(bound * centred);
    }
}

wr_status wr_parameters_init(const struct wr_shape *shape, enum wr_init init, size_t models,
                             const uint32_t *seeds, float *parameters, struct wr_error *error) {
    struct wr_layout layout;
    wr_status status = wr_parameters_layout(shape, &layout, error);
    if (status != WR_OK)
        return status;
    for (size_t m = 0; m < models; m++, parameters += layout.count) {
        switch (init) {
        case WR_INIT_NOTEBOOK:
            init_notebook(&layout, seeds[m], parameters);
            break;
        case WR_INIT_PYTORCH:
            init_pytorch(&layout, shape->hidden, seeds[m], parameters);
            break;
        default:
            return wr_fail(error, WR_ERR_USAGE,
                           "initialisation %d is unknown; notebook is %d, "
                           "pytorch is %d",
                           (int)init, WR_INIT_NOTEBOOK, WR_INIT_PYTORCH);
        }
    }
    return WR_OK;
}
