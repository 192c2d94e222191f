/* Nothing but fma, to measure what the device can do: a round of a work-item is 4 steps of 12
 * independent chains. WR_VECTOR is the vector of floats that the device works on.
 *
 * out (work-items): sums of the chains, or nothing would have to be computed */

#define WR_EACH(op) op(a) op(b) op(c) op(d) op(e) op(f) op(g) op(h) op(i) op(j) op(k) op(l)
#define WR_BEGIN(x) WR_VECTOR x = start += 0.125f;
#define WR_STEP(x)  x = fma(x, factor, term);
#define WR_END(x)   sum += x;

__kernel void wr_peak(uint rounds, float first, __global WR_VECTOR *out) {
    WR_VECTOR start = first, factor = first - 0.0001f, term = 1.0f - factor, sum = 0.0f;
    WR_EACH(WR_BEGIN)
    for (; rounds > 0; --rounds) {
        WR_EACH(WR_STEP)
        WR_EACH(WR_STEP)
        WR_EACH(WR_STEP)
        WR_EACH(WR_STEP)
    }
    WR_EACH(WR_END)
    out[get_global_id(0)] = sum;
}
