/* Time zones by name, from the system's files (TZif, RFC 9636). Zones share nothing, and the
 * process's own zone is neither read nor changed. */
#ifndef WR_ZONE_H
#define WR_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

struct wr_zone;

/* Opens a zone such as "Europe/Berlin" or "UTC" from the folder TZDIR, else from the usual ones.
 * WR_ERR_DATA if there is no such zone, or the file is no time zone. The caller frees *zone with
 * wr_zone_free. */
wr_status wr_zone_open(const char *name, struct wr_zone **zone, struct wr_error *error);
/* The same from the bytes of a file; name is used in messages. */
wr_status wr_zone_read(const char *name, const unsigned char *bytes, size_t size,
                       struct wr_zone **zone, struct wr_error *error);
void wr_zone_free(struct wr_zone *zone);

/* The seconds by which local time is ahead of UTC at an instant (seconds since 1970 in UTC). */
int wr_zone_offset(const struct wr_zone *zone, int64_t instant);
/* Finds the instants at which clocks show a local time (seconds since 1970, local). Returns how
 * many there are, 0 to 2, in order. 0: clocks skip this time; *instants then is the time that
 * clocks would show it without the change. */
int wr_zone_instants(const struct wr_zone *zone, int64_t local, int64_t instants[2]);

#endif
