/* What fault_layer.c exports to the test that loads it. */
#ifndef TEST_FAULT_LAYER_H
#define TEST_FAULT_LAYER_H

#include <stddef.h>

struct fault_layer_call {
    const char *name; /* NULL past the last */
    size_t count;     /* calls so far */
};
#define FAULT_LAYER_CALLS 64
extern struct fault_layer_call fault_layer_calls[FAULT_LAYER_CALLS];

#define FAULT_LAYER_LOG "fault layer: the compiler was made to fail"

#endif
