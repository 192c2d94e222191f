/* SQLite on a storage, and with a memory, that fail on purpose. */
#ifndef TEST_FAILING_VFS_H
#define TEST_FAILING_VFS_H

#include <stdbool.h>

struct failing {
    long left;     /* the n-th call from here on fails, counted from 0; -1: none does */
    bool for_ever; /* and all that follow, till left is set anew */
    int code;      /* SQLite's result of one that fails; of allocations there is one alone */
    long calls;    /* so far */
};
/* Writing, truncating, syncing and deleting files. Syncs that do not fail do nothing. */
extern struct failing failing_storage;
/* SQLite's allocations. */
extern struct failing failing_memory;

/* Puts them under SQLite; before anything else uses it. */
void failing_install(void);

#endif
