/* Reads settings that a study stores as text. */
#ifndef WR_SWEEP_CHECK_H
#define WR_SWEEP_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the setting "keep": "all" (SIZE_MAX), "none" (0) or "best:N". Returns false for any other
 * text. */
bool wr_keep_of(const char *text, size_t *best);
/* The number of names in a list such as "inputs" and "target": separated by commas, in quotes where
 * necessary. */
size_t wr_count_names(const char *list);

/* Whether the setting may have this value, UTF-8: any other makes a study that cannot be opened. */
bool wr_setting_fits(const char *name, const char *value);

#endif
