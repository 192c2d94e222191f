/* Makes calls of the C library fail on purpose: the linker sends them here (--wrap, in
 * CMakeLists.txt). */
#ifndef TEST_LIBC_FAULTS_H
#define TEST_LIBC_FAULTS_H

#include <stdbool.h>

struct test_faults {
    long allocation; /* the n-th allocation from here on fails, counted from 0; -1: none does */
    bool interrupt;  /* every other write, and every other fsync, fails with EINTR */
    long most;       /* a write takes at most so many bytes; 0: all */
    int write_error, fsync_error, rename_error; /* errno of every such call; 0: none */
};
extern struct test_faults test_faults;

#endif
