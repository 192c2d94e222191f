/* Which file a path names. */
#ifndef WR_PATH_H
#define WR_PATH_H

#include <limits.h>
#include <stdbool.h>

/* Follows the symbolic links of path's last part, also a link to a file that does not exist, which
 * realpath(3) does not follow. False with errno set. */
bool wr_path_follow(const char *path, char to[PATH_MAX]);
/* Whether two paths name the same regular file or folder, also through links: the same inode or, if
 * neither exists, the same name in the same folder. Devices, pipes and terminals are never the same
 * as anything, because a reader and a writer of one do not disturb each other. */
bool wr_path_same(const char *a, const char *b);
/* Whether the file of this path, existing or not, is directly in the folder. */
bool wr_path_is_in(const char *path, const char *folder);

#endif
