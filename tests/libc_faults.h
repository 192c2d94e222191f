/* Makes calls of the C library fail on purpose: the linker sends them here (--wrap, in
 * CMakeLists.txt). */
#ifndef TEST_LIBC_FAULTS_H
#define TEST_LIBC_FAULTS_H

#include <stdbool.h>

struct test_faults {
    long allocation; /* allocations until one fails: 0: the next one; -1: none fails */
    bool interrupt;  /* every other write, and every other fsync, fails with EINTR */
    long most;       /* limit of bytes that a write takes; 0: none */
    int write_error, fsync_error, rename_error; /* errno of every such call; 0: none fails */
};
extern struct test_faults test_faults;

#endif
