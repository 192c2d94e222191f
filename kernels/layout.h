/* What the host and the kernels must agree on: the flat parameter layout. */
#ifndef WR_LAYOUT_H
#define WR_LAYOUT_H

/* Offsets in floats of a model's tensors, in wr_layout's order. */
#define WR_OFFSET_W_XH(I, H, O)   0
#define WR_OFFSET_W_HH(I, H, O)   ((H) * (I))
#define WR_OFFSET_B_H(I, H, O)    (WR_OFFSET_W_HH(I, H, O) + (H) * (H))
#define WR_OFFSET_W_HY(I, H, O)   (WR_OFFSET_B_H(I, H, O) + (H))
#define WR_OFFSET_B_Y(I, H, O)    (WR_OFFSET_W_HY(I, H, O) + (O) * (H))
#define WR_PARAMETERS_OF(I, H, O) (WR_OFFSET_B_Y(I, H, O) + (O))

#endif
