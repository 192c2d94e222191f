/* Makes the storage and the allocations of SQLite fail on purpose. */
#ifndef TEST_FAILING_VFS_H
#define TEST_FAILING_VFS_H

#include <stdbool.h>

struct failing {
    long left;     /* calls until one fails: 0: the next one; -1: none fails */
    bool for_ever; /* whether all later calls fail too, until left is set again */
    int code;      /* SQLite's result of a call that fails; allocations ignore it */
    long calls;    /* calls so far */
};
/* Writing, truncating, syncing and deleting files. Syncs that do not fail do nothing. */
extern struct failing failing_storage;
/* SQLite's allocations. */
extern struct failing failing_memory;

/* Installs both under SQLite. Must be called before any other use of SQLite. */
void failing_install(void);

#endif
