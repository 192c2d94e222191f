/* Nothing but fma, to measure the most that the device can compute. peak_layout.h has a round of a
 * work-item. WR_VECTOR is the vector of floats that the device works on.
 *
 * out (work-items): the sums of the chains. Without a result, compilers would compute nothing. */
#include "peak_layout.h"

#define WR_BEGIN(x) WR_VECTOR x = start += 0.125f;
#define WR_STEP(x)  x = fma(x, factor, term);
#define WR_END(x)   sum += x;

__kernel void wr_peak(uint rounds, float first, __global WR_VECTOR *out) {
    WR_VECTOR start = first, factor = first - 0.0001f, term = 1.0f - factor, sum = 0.0f;
    WR_PEAK_CHAINS(WR_BEGIN)
    for (; rounds > 0; --rounds) {
        WR_PEAK_ROUND(WR_STEP)
    }
    WR_PEAK_CHAINS(WR_END)
    out[get_global_id(0)] = sum;
}
