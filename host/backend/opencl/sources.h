/* The kernel sources, embedded when Windrow is built: every .cl file of kernels/ with its includes
 * inserted. */
#ifndef WR_OPENCL_SOURCES_H
#define WR_OPENCL_SOURCES_H

#include <stddef.h>

struct wr_kernel_source {
    const char *name;          /* "forward.cl" */
    const unsigned char *text; /* (length), not NUL-terminated */
    size_t length;
};

extern const struct wr_kernel_source wr_kernel_sources[];
extern const size_t wr_kernel_source_count;

#endif
