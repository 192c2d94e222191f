/* The panel that options name, of forecast and backtest. */
#ifndef WR_CLI_PANEL_OPTIONS_H
#define WR_CLI_PANEL_OPTIONS_H

#include "cli/groups/csv_options.h"
#include "windrow/panel.h"

struct panel_options {
    struct option_text data;
    struct option_choice layout; /* enum wr_panel_layout */
    struct csv_options csv;
    struct option_text id, time, target, past, future;
    struct option_choice missing; /* enum wr_missing */
    struct option_text freq, tz;
};
extern const struct option_group panel_group;

/* The items of the list given to --option, such as "a,b". An item may be quoted as in CSV. Start
 * with {0}. Call items_release after a failure too. */
struct items {
    size_t count;
    char **texts; /* (count) */
};
wr_status items_make(const char *option, const char *list, struct items *items,
                     struct wr_error *error);
void items_release(struct items *items);

/* The step and the zone of time stamps for options that are not given. NULL: the step is found in
 * the data, and there is no zone. */
struct panel_times {
    const char *freq, *tz;
};
/* Reads the series that the options name. The caller frees *panel with wr_panel_free. */
wr_status panel_read(const char *command, const struct panel_options *options,
                     const struct panel_times *usual, struct wr_panel **panel,
                     struct wr_error *error);
/* Warns of what is in doubt. Unless quiet, prints which columns were used and what the step of the
 * time stamps is. */
void panel_tell(const struct wr_panel *panel, bool quiet);
/* The name of the recipe for the step of the time stamps. *step: the step in words ("days").
 * Returns NULL if time stamps are numbers. */
const char *panel_recipe(const struct wr_panel *panel, const char **step);
/* Whether the step is a business day. */
bool panel_is_business(const struct wr_panel *panel);

#endif
