#include "base/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool wr_path_follow(const char *path, char to[PATH_MAX]) {
    char link[PATH_MAX];
    size_t size = strlen(path) + 1; /* bytes to copy to base, with the '\0' */
    const char *from = path;
    char *base = to;
    for (int links = 0; links <= 40; links++) {
        if ((size_t)(base - to) + size > PATH_MAX) {
            errno = ENAMETOOLONG;
            return false;
        }
        memcpy(base, from, size);
        ssize_t length = readlink(to, link, sizeof link - 1);
        if (length < 0) /* EINVAL: not a link; ENOENT: no such file */
            return errno == EINVAL || errno == ENOENT;
        link[length] = '\0';
        from = link;
        size = (size_t)length + 1;
        char *slash = strrchr(to, '/'); /* a relative link starts at its own folder */
        base = link[0] == '/' || slash == NULL ? to : slash + 1;
    }
    errno = ELOOP;
    return false;
}

static bool same_inode(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Follows the links of a path and splits it: the status of its folder, and its name there. False if
 * the folder does not exist. */
static bool find_place(const char *path, char resolved[PATH_MAX], struct stat *folder,
                       const char **name) {
    if (!wr_path_follow(path, resolved))
        return false;
    char *slash = strrchr(resolved, '/');
    *name = slash == NULL ? resolved : slash + 1;
    if (slash == NULL)
        return stat(".", folder) == 0;
    if (slash == resolved)
        return stat("/", folder) == 0;
    *slash = '\0';
    return stat(resolved, folder) == 0;
}

bool wr_path_same(const char *a, const char *b) {
    char resolved_a[PATH_MAX], resolved_b[PATH_MAX];
    struct stat of_a, of_b;
    const char *name_a, *name_b;
    bool a_exists = stat(a, &of_a) == 0, b_exists = stat(b, &of_b) == 0;
    if (a_exists && b_exists)
        return same_inode(&of_a, &of_b) && (S_ISREG(of_a.st_mode) || S_ISDIR(of_a.st_mode));
    return a_exists == b_exists && find_place(a, resolved_a, &of_a, &name_a) &&
           find_place(b, resolved_b, &of_b, &name_b) && strcmp(name_a, name_b) == 0 &&
           same_inode(&of_a, &of_b);
}

bool wr_path_is_in(const char *path, const char *folder) {
    char resolved[PATH_MAX];
    struct stat of_folder, of_path;
    const char *name;
    return stat(folder, &of_folder) == 0 && find_place(path, resolved, &of_path, &name) &&
           same_inode(&of_folder, &of_path);
}
