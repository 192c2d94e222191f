#include "cli/version/version_options.h"

#define AT(field) OPTION_AT(struct version_options, field)

static const struct option_spec rows[] = {
    {.section = "Output",
     .name = "json",
     AT(json),
     .help = "Print one JSON object on stdout instead of the lines."},
    {OPTIONS_AT(struct version_options, config)},
};

const struct command version_usage = {
    .name = "version",
    .summary = "tell what this windrow is, for reports of faults",
    .description =
        WORDS("Prints the version and what else a report of a fault needs: the numerics (results "
              "of one numerics are the same bits in every version), the CPU engines that were "
              "built and the one in use, whether OpenCL and MPI are built in, the versions of "
              "SQLite and of the schema of studies, and the compiler. windrow --version prints "
              "the first line alone.",
              "It opens no device; windrow devices lists those."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct version_options),
    .examples = {
        {"For a report, with the devices", "windrow version && windrow devices"},
        {"Which engine a script would train with", "windrow version --json | jq -r .engine"}}};
