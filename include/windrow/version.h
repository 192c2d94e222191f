#ifndef WINDROW_VERSION_H
#define WINDROW_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define WR_VERSION "0.1.0"
/* Raised whenever a result's bits change. 2: total_loss, and gradients of more than 65,536 windows;
 * all other results are those of 1. */
#define WR_NUMERICS_VERSION 2

/* The version of the library that is linked. */
const char *wr_version(void);

#ifdef __cplusplus
}
#endif
#endif
