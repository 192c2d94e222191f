/* What a work-item of peak.cl computes in one round: what the host and the kernel must agree on. */
#ifndef WR_PEAK_LAYOUT_H
#define WR_PEAK_LAYOUT_H

/* op(x) for each of the independent chains x, and for a round of four steps of each chain. */
#define WR_PEAK_CHAINS(op) op(a) op(b) op(c) op(d) op(e) op(f) op(g) op(h) op(i) op(j) op(k) op(l)
#define WR_PEAK_ROUND(op)                                                                          \
    WR_PEAK_CHAINS(op) WR_PEAK_CHAINS(op) WR_PEAK_CHAINS(op) WR_PEAK_CHAINS(op)

/* The steps of a round, each of which is one fma. */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a term of a sum */
#define WR_PEAK_ONE(x) +1
#define WR_PEAK_FMAS   (0 WR_PEAK_ROUND(WR_PEAK_ONE))

#endif
