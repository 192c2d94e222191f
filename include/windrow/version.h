#ifndef WINDROW_VERSION_H
#define WINDROW_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define WR_VERSION "0.1.0"
/* Raised whenever a result's bits change. */
#define WR_NUMERICS_VERSION 1

/* The version of the library that is linked. */
const char *wr_version(void);

#ifdef __cplusplus
}
#endif
#endif
