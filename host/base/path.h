/* Which file a path names. */
#ifndef WR_PATH_H
#define WR_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Follows the symbolic links of path's last part, also one that leads to nothing, which
 * realpath(3) does not. False with errno set. */
bool wr_path_follow(const char *path, char to[PATH_MAX]);
/* Whether two paths name one regular file or folder, also by links: the same inode, or where there
 * is none yet the same name in the same folder. Devices, pipes and terminals are the same as
 * nothing: whoever reads one takes nothing away from whoever writes it. */
bool wr_path_same(const char *a, const char *b);
/* Whether the file that path names lies, or would lie, in the folder itself. */
bool wr_path_is_in(const char *path, const char *folder);

#endif
