/* Output files that are complete or absent.
 *
 * Data go to a temporary file in the target's folder; commit makes it durable and renames it to the
 * target. Opening removes temporary files whose writers have died (see base/temporary.h). Some
 * targets are written directly, so that bytes may arrive before a failure: one that exists and is
 * no regular file (/dev/null, a FIFO, a terminal), and one that is the process's own standard
 * output or error. Symbolic links are followed: the link stays, and its target is replaced or
 * created. A new file has the permissions that open(2) gives with the umask; an existing one keeps
 * its mode. Writing into a pipe whose reader has left raises SIGPIPE, as write(2) does.
 *
 * Every failure is WR_ERR_STORAGE (WR_ERR_MEMORY without memory), names the path and the cause, and
 * leaves no file behind. */
#ifndef WR_OUTPUT_H
#define WR_OUTPUT_H

#include <stddef.h>

#include "base/base.h"

struct wr_output;

/* On success, release *out with one call of commit or abandon; on failure it is NULL. */
wr_status wr_output_open(const char *path, struct wr_output **out, struct wr_error *error);
/* Checks whether path can be opened like this, before hours of work instead of after them. A file
 * that exists and is not regular is not opened: the reader of a FIFO would see two writers. */
wr_status wr_output_try(const char *path, struct wr_error *error);
/* After a failure, call abandon. */
wr_status wr_output_write(struct wr_output *out, const void *data, size_t size,
                          struct wr_error *error);
/* Prints up to 4095 bytes. Format floating-point numbers elsewhere: "%g" depends on the locale. */
wr_status wr_output_print(struct wr_output *out, struct wr_error *error, const char *format, ...)
    WR_PRINTF(3, 4);
/* Writes the buffer, makes the file durable and gives it its name. Releases out in every case. */
wr_status wr_output_commit(struct wr_output *out, struct wr_error *error);
/* Removes the temporary file and releases out, which may be NULL. */
void wr_output_abandon(struct wr_output *out);

#endif
