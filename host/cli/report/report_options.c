#include "cli/report/report_options.h"

#define AT(field) OPTION_AT(struct report_options, field)

static const struct option_spec rows[] = {
    {.section = "Results",
     .name = "file",
     AT(file),
     .argument = "FILE",
     .file = FILE_READ | FILE_STUDY,
     .help = "The study of windrow sweep, the fit of windrow forecast --save, the CSV or JSON of "
             "windrow backtest, the JSON of windrow bench, or bench/history.csv."},
    {.section = "Page",
     .name = "html",
     AT(html),
     .argument = "OUT",
     .file = FILE_WRITTEN,
     .help = "Write the page to this file; needed."},
    {.name = "best",
     AT(best),
     .argument = "N",
     .least = 1,
     .fallback = "10",
     .help = "Of a study: how many of the best trials have their loss curves drawn, 1000 at "
             "most."},
    {OPTIONS_AT(struct report_options, panel)},
    {OPTIONS_AT(struct report_options, config)},
};

const struct command report_usage = {
    .name = "report",
    .summary = "draw a study, a fit, a backtest or a bench as one HTML file",
    .description =
        WORDS("Writes one HTML file, which loads nothing and works offline, on a phone and in "
              "print. Of a study it shows scores against every option that varies, trials on "
              "parallel coordinates, loss curves, seconds, divergence and a table of trials; of a "
              "backtest the scores of the methods and the coverage of intervals; of a bench speed "
              "by shape.",
              "Of a fit it shows the errors that its intervals come of. A fit holds no values of "
              "its series: with --data, and options that describe that file, it shows the end of "
              "each series and its forecast."),
    .options = OPTION_GROUP(rows),
    .size = sizeof(struct report_options),
    .examples = {
        {"A study", "windrow report study.db --html study.html"},
        {"Forecasts of a fit",
         "windrow report fit.safetensors --data new.csv --html forecast.html"},
        {"A bench", "windrow bench --json | windrow report /dev/stdin --html bench.html"}}};
