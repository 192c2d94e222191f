#include "base/random.h"

#include <Random123/philox.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* Every operation must be rounded once, to double, or the bits change. So there must be no excess
 * precision here and no contraction (the build sets -ffp-contract=off for every file). */
_Static_assert(FLT_EVAL_METHOD == 0, "double arithmetic must be done in double");

double wr_uniform(enum wr_purpose purpose, uint32_t seed, uint64_t index) {
    philox4x32_ctr_t counter = {
        {(uint32_t)purpose, seed, (uint32_t)(index & UINT32_MAX), (uint32_t)(index >> 32)}};
    philox4x32_key_t key = {{0, 0}};
    philox4x32_ctr_t random = philox4x32(counter, key);
    uint64_t k = ((uint64_t)random.v[0] << 32 | random.v[1]) >> 12;
    return ((double)k + 0.5) * 0x1p-52; /* exact: k + 0.5 has 53 bits */
}

double wr_normal(enum wr_purpose purpose, uint32_t seed, uint64_t index) {
    return wr_normal_quantile(wr_uniform(purpose, seed, index));
}

/* c[7] r^7 + ... + c[0] by Horner's rule. */
static double polynomial(const double c[8], double r) {
    double sum = c[7];
    for (int i = 6; i >= 0; i--)
        sum = sum * r + c[i];
    return sum;
}

/* M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied
 * Statistics 37(3), 1988: rational approximations for the centre, the tails and the far tails. */
static const double centre[2][8] = {
    {3.3871328727963666080e+0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
     1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
     3.3430575583588128105e+4, 2.5090809287301226727e+3},
    {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
     2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
     5.2264952788528545610e+3}};
static const double tail[2][8] = {
    {1.42343711074968357734e+0, 4.63033784615654529590e+0, 5.76949722146069140550e+0,
     3.64784832476320460504e+0, 1.27045825245236838258e+0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1.0, 2.05319162663775882187e+0, 1.67638483018380384940e+0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9}};
static const double far_tail[2][8] = {
    {6.65790464350110377720e+0, 5.46378491116411436990e+0, 1.78482653991729133580e+0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15}};

double wr_normal_quantile(double p) {
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(centre[0], r) / polynomial(centre[1], r);
    }
    double r = sqrt(-wr_log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? polynomial(tail[0], r - 1.6) / polynomial(tail[1], r - 1.6)
                      : polynomial(far_tail[0], r - 5) / polynomial(far_tail[1], r - 5);
    return q < 0 ? -x : x;
}

/* x = 2^k m with m = 1 + f in [sqrt(1/2), sqrt(2)).
 * log m = 2 atanh s = 2s + s R with s = f/(2 + f), R = 2z/3 + 2z^2/5 + ..., z = s^2 <= 0.0295; the
 * first term left out is below 2^-60. 2s = f - f^2/2 + s f^2/2, where the leading term f is exact.
 * ln 2 has two parts, so that k times the high part is exact too. */
double wr_log(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* Adds a constant, so that mantissas above that of sqrt(1/2) carry into the exponent, and
     * subtracts it again. */
    const uint64_t one = 0x3ff0000000000000, root_half = 0x3fe6a09e667f3bcd;
    uint64_t shifted = bits + (one - root_half);
    double k = (double)((int64_t)(shifted >> 52) - 1023);
    bits = (shifted & 0x000fffffffffffff) + root_half;
    double m;
    memcpy(&m, &bits, sizeof m);

    double f = m - 1;
    double s = f / (2 + f);
    double z = s * s;
    double rest = 0;
    for (int n = 21; n >= 3; n -= 2)
        rest = z * (rest + 2.0 / n);
    double half_square = 0.5 * f * f;
    const double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;
    double low = k * ln2_low + s * (half_square + rest);
    return k * ln2_high + (f - (half_square - low));
}

/* x = k ln 2 + r with |r| <= ln(2)/2: e^x = 2^k e^r, and e^r by its series up to r^14/14!; the
 * first term left out is below 2^-63. */
double wr_exp(double x) {
    const double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;
    double k = floor(x * 0x1.71547652b82fep+0 + 0.5);
    double r = (x - k * ln2_high) - k * ln2_low;
    double sum = 0;
    for (int n = 14; n >= 1; n--)
        sum = r / n * (1 + sum);
    return ldexp(1 + sum, (int)k);
}
