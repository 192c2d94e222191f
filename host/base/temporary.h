/* Temporary files of writers, and the removal of those whose writers have died.
 *
 * A temporary file is locked with flock(2) as long as its writer lives. The kernel releases this
 * lock when the process ends in any way; a process id could belong to another process by then. The
 * next writer in the folder removes the files that it can lock. It leaves files of other machines
 * alone, because it may not see their locks on a network file system. Therefore a name contains the
 * boot id of the machine, and the machine's name for files from before a reboot. On a file system
 * without locks, all files stay. */
#ifndef WR_TEMPORARY_H
#define WR_TEMPORARY_H

#include <sys/types.h>

#define WR_TEMPORARY_NAME 64

/* Removes the files of dead writers from the folder, as far as possible. */
void wr_temporary_clean(int folder);
/* Creates a file in the folder for writing. Returns its descriptor and fills in its name; -1 with
 * errno set. */
int wr_temporary_make(int folder, mode_t mode, char name[WR_TEMPORARY_NAME]);

#endif
