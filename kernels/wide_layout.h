/* How fused_wide.cl cuts sums into parts, and how much local memory it takes: what the host and the
 * kernel must agree on. All sizes are in floats; WR_SEGMENT is that of numerics.h. */
#ifndef WR_WIDE_LAYOUT_H
#define WR_WIDE_LAYOUT_H

/* Segments of a sum of H terms, and of the part of it that a lane has. */
#define WR_WIDE_SEGMENTS(H)             (((H)-1) / WR_SEGMENT + 1)
#define WR_WIDE_PART_SEGMENTS(H, PARTS) ((WR_WIDE_SEGMENTS(H) - 1) / (PARTS) + 1)

/* Work-items that share a model: PARTS to a row of W_hh. */
#define WR_WIDE_ITEMS(H, PARTS) ((PARTS) * (H))

/* From one h_t or da_t to the next: whole float4s. */
#define WR_WIDE_ROW(H) (((H) + 3) / 4 * 4)

/* h and da (T, row), segment sums of rows and columns, segment sums of predictions (O, segments),
 * predictions (O), all parameters but W_hh. */
#define WR_WIDE_NEED(I, H, O, T, PARTS)                                                            \
    (2 * (T)*WR_WIDE_ROW(H) + (PARTS)*WR_WIDE_PART_SEGMENTS(H, PARTS) * (H) +                      \
     (O)*WR_WIDE_SEGMENTS(H) + (O) + (H) * ((I) + 1 + (O)) + (O))

#define WR_WIDE_NEAR(I, H, O, T, PARTS) ((WR_WIDE_NEED(I, H, O, T, PARTS) + 3) / 4 * 4)

#endif
