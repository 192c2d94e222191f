/* numerics.h stands before this text. */

/* The bits of wr_tanh of the floats with bits first, first + 1, ...; every NaN as 0x7fc00000. */
__kernel void tanh_range(uint first, __global uint *bits) {
    uint i = (uint)get_global_id(0);
    float y = wr_tanh(as_float(first + i));
    bits[i] = isnan(y) ? 0x7fc00000u : as_uint(y);
}
