#ifndef WINDROW_VERSION_H
#define WINDROW_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define WR_VERSION "0.2.0"
/* Increased whenever the bits of a result change. 2: total_loss, and gradients of more than 65,536
 * windows, differ from version 1. */
#define WR_NUMERICS_VERSION 2

/* The version of the linked library. */
const char *wr_version(void);

#ifdef __cplusplus
}
#endif
#endif
