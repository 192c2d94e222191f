#include "cli/groups/config_options.h"

static const struct option_spec rows[] = {
    {.section = "Command",
     .name = "config",
     OPTION_AT(struct config_options, file),
     .argument = "FILE",
     .file = FILE_READ,
     .help = "Read options from a file too; the command line wins."},
};

const struct option_group config_group = OPTION_GROUP(rows);
