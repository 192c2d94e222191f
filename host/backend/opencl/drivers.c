/* Tells why there is no device: which drivers the ICD loader looked for and whether they loaded. */
#include "backend/opencl/opencl.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/environment.h"

#define USUAL_FOLDER "/etc/OpenCL/vendors"
#define PLATFORMS    8 /* most platforms that the message names */

/* Appends a name to a list of names, if there is room. */
static void add_name(char *list, size_t size, const char *name) {
    size_t length = strlen(list);
    snprintf(list + length, size - length, "%s%s", length > 0 ? ", " : "", name);
}

static bool is_driver_file(int folder, const char *name) {
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".icd") == 0 &&
           faccessat(folder, name, F_OK, 0) == 0; /* false for a link to no file */
}

/* Lists the .icd files of `place`: each announces a driver. */
static void list_drivers(const char *place, char *list, size_t size) {
    struct stat is;
    *list = '\0';
    if (stat(place, &is) != 0)
        return;
    DIR *folder = S_ISDIR(is.st_mode) ? opendir(place) : NULL;
    if (!folder) {
        add_name(list, size, place); /* a single driver */
        return;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (is_driver_file(dirfd(folder), entry->d_name))
            add_name(list, size, entry->d_name);
    closedir(folder);
}

static void list_platforms(char *list, size_t size) {
    cl_platform_id platforms[PLATFORMS];
    cl_uint count = 0;
    *list = '\0';
    if (clGetPlatformIDs(PLATFORMS, platforms, &count) != CL_SUCCESS)
        return;
    for (cl_uint p = 0; p < count && p < PLATFORMS; ++p) {
        char name[128] = "";
        if (clGetPlatformInfo(platforms[p], CL_PLATFORM_NAME, sizeof name - 1, name, NULL) !=
            CL_SUCCESS)
            snprintf(name, sizeof name, "unnamed");
        add_name(list, size, name);
    }
}

wr_status wr_cl_no_device(struct wr_error *error) {
    const char *place = wr_variable("OCL_ICD_VENDORS");
    char drivers[160], platforms[160];
    if (!place)
        place = USUAL_FOLDER;
    list_platforms(platforms, sizeof platforms);
    list_drivers(place, drivers, sizeof drivers);
    if (*platforms)
        return wr_fail(error, WR_ERR_DEVICE,
                       "no OpenCL device was found: drivers are installed (%s), and each says that "
                       "it has none (CL_DEVICE_NOT_FOUND)",
                       platforms);
    if (*drivers)
        return wr_fail(error, WR_ERR_DEVICE,
                       "no OpenCL device was found: no driver named in %.60s could be loaded (%s)",
                       place, drivers);
    return wr_fail(error, WR_ERR_DEVICE,
                   "no OpenCL device was found; install a driver (a GPU's own, or PoCL)");
}

void wr_cl_explain(void) {
    setenv("POCL_DEBUG", "error", 0); /* PoCL prints the reason only then */
}
