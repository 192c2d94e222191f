/* The options of version, which is about windrow itself. */
#include "cli/groups/tables.h"

const struct option_spec version_options[VERSION_OPTIONS] = {
    [VERSION_JSON] = {.section = "Output",
                      .name = "json",
                      .kind = OPTION_FLAG,
                      .help = "Print one JSON object on stdout instead of the lines."},
};
