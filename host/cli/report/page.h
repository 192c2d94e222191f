/* The page that a report is: our template, style and script, D3, and the data. */
#ifndef WR_CLI_PAGE_H
#define WR_CLI_PAGE_H

#include "base/json.h"

/* Whether D3 was there when this windrow was built. */
bool page_is_built(void);
/* Writes the page with these data to a file, whole or not at all. */
wr_status page_write(const char *path, const json_t *data, struct wr_error *error);

#endif
