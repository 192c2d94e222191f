/* Files that are whole or absent.
 *
 * What is written goes to a temporary file in the target's folder; commit makes it durable and
 * renames it to the target. Opening removes temporary files of writers that have died (see
 * base/temporary.h). A target that exists and is no regular file (/dev/null, a FIFO, a
 * terminal), and one that is the process's own standard output or error, is written directly, so
 * there bytes may arrive before a failure. Symbolic links are followed: the link stays, what it
 * points to is replaced or created. A new file has the permissions that open(2) gives under the
 * umask, an existing one keeps its mode. Writing into a pipe whose reader has left raises SIGPIPE,
 * as write(2) does.
 *
 * Every failure is WR_ERR_STORAGE (without memory: WR_ERR_MEMORY) with the path and its cause, and
 * leaves nothing behind. */
#ifndef WR_OUTPUT_H
#define WR_OUTPUT_H

#include <stddef.h>

#include "base/base.h"

struct wr_output;

/* On success *out is released by exactly one call of commit or abandon; on failure it is NULL. */
wr_status wr_output_open(const char *path, struct wr_output **out, struct wr_error *error);
/* Whether path could be opened so, which is better known before hours of work than after. What
 * exists and is no regular file is left alone until it is written: a FIFO's reader would see two
 * writers.
 */
wr_status wr_output_try(const char *path, struct wr_error *error);
/* After a failure, abandon. */
wr_status wr_output_write(struct wr_output *out, const void *data, size_t size,
                          struct wr_error *error);
/* A line of text or so: up to 4095 bytes. Format floating-point numbers elsewhere: printf's "%g"
 * depends on the locale. */
wr_status wr_output_print(struct wr_output *out, struct wr_error *error, const char *format, ...)
    WR_PRINTF(3, 4);
/* Writes what is buffered, makes it durable, puts it in place. Releases out in every case. */
wr_status wr_output_commit(struct wr_output *out, struct wr_error *error);
/* Removes the temporary file and releases out, which may be NULL. */
void wr_output_abandon(struct wr_output *out);

#endif
