/* Statuses and errors. Every fallible call returns a wr_status and can fill a wr_error that the
 * caller owns. The library never prints and never exits. */
#ifndef WINDROW_STATUS_H
#define WINDROW_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* The values are the exit codes of the windrow command. */
typedef enum wr_status {
    WR_OK = 0,
    WR_ERR_USAGE = 2,    /* an argument outside its mathematical range */
    WR_ERR_DATA = 3,     /* an input file, a column or a shape that cannot be used */
    WR_ERR_DEVICE = 4,   /* a device that is missing, fails, or is not exact */
    WR_ERR_MEMORY = 5,   /* what is needed exceeds the host's or the device's memory */
    WR_ERR_STORAGE = 6,  /* an output that cannot be written */
    WR_ERR_VERIFY = 7,   /* results differ from the cpu backend's */
    WR_ERR_STOPPED = 130 /* the caller's stop flag was seen */
} wr_status;

/* What went wrong, of a call that did not return WR_OK; else it has no meaning. Start with {0};
 * release with wr_error_release. Every call takes NULL from a caller who wants the status only. */
struct wr_error {
    wr_status status; /* what the call returned */
    char text[768];   /* one line: what was found, where, and what would be accepted */
    char *log;        /* kernel build log, or NULL; owned by the error */
};

void wr_error_release(struct wr_error *error);

/* "ok", "usage", "data", ...; never NULL. */
const char *wr_status_name(wr_status status);

#ifdef __cplusplus
}
#endif
#endif
