/* Files that are being written, and what is left of those whose writer has died.
 *
 * A temporary file is locked as long as its writer lives: with flock(2), since the kernel itself
 * gives such a lock up when the last descriptor closes, however the process ends, while a number of
 * a process may be that of another one by now. The next writer in the folder removes those that it
 * can lock. It leaves those of other machines alone, whose locks it may not see on a network file
 * system: a name carries the boot of the machine, and the machine's own name for the time after the
 * next boot. Where a file system has no locks, everything stays. */
#ifndef WR_TEMPORARY_H
#define WR_TEMPORARY_H

#include <sys/types.h>

#define WR_TEMPORARY_NAME 64

/* Removes from the folder what dead writers left, as far as that can be done. */
void wr_temporary_clean(int folder);
/* A new file in the folder, to be written: its descriptor and name, or -1 with errno set. */
int wr_temporary_make(int folder, mode_t mode, char name[WR_TEMPORARY_NAME]);

#endif
