/* Time zones by name, from the system's files (TZif, RFC 9636). Nothing is shared between zones,
 * and the process's own zone is neither read nor changed. */
#ifndef WR_ZONE_H
#define WR_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct wr_zone;

/* "Europe/Berlin", "UTC", ...: in the folder TZDIR, else in the usual ones. WR_ERR_DATA: no such
 * zone, or a file that is none. *zone is the caller's: wr_zone_free. */
wr_status wr_zone_open(const char *name, struct wr_zone **zone, struct wr_error *error);
/* The same from the bytes of a file; name is for messages. */
wr_status wr_zone_read(const char *name, const unsigned char *bytes, size_t size,
                       struct wr_zone **zone, struct wr_error *error);
void wr_zone_free(struct wr_zone *zone);

/* The seconds by which local time is ahead of UTC at an instant: seconds since 1970 in UTC. */
int wr_zone_offset(const struct wr_zone *zone, int64_t instant);
/* The instants at which clocks show a local time (seconds since 1970 there): how many, 0 to 2, in
 * their order. 0: clocks skip it; then *instants is so much after they do as it is after the last
 * time before. */
int wr_zone_instants(const struct wr_zone *zone, int64_t local, int64_t instants[2]);

#endif
