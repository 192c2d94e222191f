/* Writes windrow.1 to stdout: the tables of commands.c as a man page. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/options.h"
#include "windrow/version.h"

/* Prints text and escapes troff's special characters. The texts never start a line with a dot or a
 * quote. */
static void text(const char *from) {
    for (; *from != '\0'; from++)
        if (*from == '\\')
            fputs("\\e", stdout);
        else if (*from == '-')
            fputs("\\-", stdout);
        else if (*from == '\'')
            fputs("\\(aq", stdout);
        else if (*from == '^' || *from == '~' || *from == '`')
            printf("\\(%s", *from == '^' ? "ha" : *from == '~' ? "ti" : "ga");
        else
            putchar(*from);
}

static void heading(const char *macro, const char *name) {
    printf(".%s \"", macro);
    for (; *name != '\0'; name++)
        putchar(toupper((unsigned char)*name));
    puts("\"");
}

static void option(const struct option_spec *spec) {
    puts(".TP");
    if (!option_is_named(spec)) {
        fputs(".I ", stdout);
        text(spec->argument);
    } else {
        fputs(".BR \\-\\-", stdout);
        text(spec->name);
    }
    if (option_is_named(spec) && spec->argument != NULL) {
        fputs(" \" \\fI", stdout);
        text(spec->argument);
        fputs("\\fR\"", stdout);
    }
    putchar('\n');
    text(spec->help);
    putchar('\n');
    const char *shown = spec->fallback != NULL ? spec->fallback : spec->otherwise;
    if (shown != NULL) {
        fputs("Default: ", stdout);
        text(shown);
        puts(".");
    }
}

static void example(const char *does, const char *line) {
    puts(".PP");
    text(does);
    puts(":\n.PP\n.RS 4\n.nf");
    for (size_t column = 0; *line != '\0';) { /* a backslash continues a long command */
        size_t length = strcspn(line, " ");
        if (column > 0 && column + length > 68) {
            fputs(" \\e\n    ", stdout);
            column = 4;
        } else if (column > 0) {
            putchar(' ');
        }
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)length, line);
        text(word);
        column += length + 1;
        line += length + strspn(line + length, " ");
    }
    puts("\n.fi\n.RE");
}

static void paragraph(const char *from) {
    puts(".PP");
    text(from);
    putchar('\n');
}

static void describe(const struct command *command) {
    struct option_table table;
    option_table_make(&command->options, &table);
    printf(".SS \"windrow %s\"\n", command->name);
    for (const char *const *each = command->description; *each != NULL; each++)
        paragraph(*each);
    if (option_table_has_lists(&table))
        paragraph(help_lists);
    if (option_table_kind(&table, OPTION_CONFIG) != NULL)
        paragraph(help_config);
    for (size_t i = 0; i < table.count; i++) {
        if (table.specs[i].section != NULL && table.count > 4) {
            fputs(".PP\n.I ", stdout);
            text(table.specs[i].section);
            putchar('\n');
        }
        option(&table.specs[i]);
    }
}

static void synopsis(const struct command *command) {
    struct option_table table;
    option_table_make(&command->options, &table);
    printf("%s.B windrow %s\n", command == command_table[0] ? "" : ".br\n", command->name);
    for (size_t i = 0; i < table.count; i++)
        if (!option_is_named(&table.specs[i]))
            printf(".I %s%s\n", table.specs[i].argument,
                   table.specs[i].kind == OPTION_OPERANDS ? "..." : "");
    puts(".RI [ option ]...");
}

/* Prints a section that explains terms: pairs of a term and its meaning. */
static void list(const char *name, const char *const (*entries)[2], size_t count) {
    heading("SH", name);
    for (size_t i = 0; i < count; i++) {
        fputs(".TP\n.B ", stdout);
        text(entries[i][0]);
        putchar('\n');
        text(entries[i][1]);
        putchar('\n');
    }
}

static const char *const statuses[][2] = {
    {"0", "Done."},
    {"2",
     "Usage: a command, an option, a value outside its range, or an output that is an input or "
     "another output."},
    {"3", "Data or configuration: an input file that cannot be read or used, a column that is not "
          "there, shapes that contradict each other."},
    {"4", "Device: missing, failing, or not exact."},
    {"5", "Memory: what is needed, computed beforehand, is more than there is; or memory, or the "
          "threads that may be started, ran out."},
    {"6", "Storage: an output that cannot be written."},
    {"7", "Verification found values that differ."},
    {"8", "Some models diverged; all results are written."},
    {"75", "windrow sweep, or windrow forecast --resume, was stopped by SIGINT, SIGTERM, SIGHUP or "
           "SIGUSR1; the same command goes on."},
    {"130",
     "Interrupted by SIGINT, SIGTERM, SIGHUP or SIGUSR1; no file was written. A second signal ends "
     "the command at once."},
};

static const char *const environment[][2] = {
    {"OMP_NUM_THREADS", "CPU threads where --threads does not say."},
    {"NO_COLOR", "If set and not empty, the progress bar has no colour."},
    {"TERM", "If dumb, there is a line of progress every 30 seconds instead of a bar, as where "
             "stderr is no terminal."},
    {"OCL_ICD_VENDORS", "Where the ICD loader looks for OpenCL drivers."},
    {"WINDROW_PROBE_SECONDS",
     "How long an OpenCL driver may take for an answer when it is looked at, 1 to 3600: 10."},
    {"WINDROW_BUILD_OPTIONS",
     "For tests: options with which OpenCL kernels are built besides our own, such as NVIDIA's "
     "-cl-nv-verbose; the compiler's log goes to stderr. Those that change arithmetic are "
     "refused, and macros WR_..., which are the kernels' own."},
    {"WINDROW_CPU, WINDROW_WORK_GROUP, WINDROW_FUSED, WINDROW_STAGED, WINDROW_QUEUES, "
     "WINDROW_ROWS, WINDROW_WARP, WINDROW_CHUNK",
     "For tests: they choose engines, kernels and how many series are trained at once, and change "
     "no "
     "result. docs/devices.md tells their values; other values are refused (exit code 4)."},
};

static const char *const files[][2] = {
    {"--data", "CSV as in RFC 4180: quoted cells, LF or CRLF, an optional byte order mark. The "
               "first record is a header if any of its cells is not a number."},
    {"--save, --init",
     "safetensors, F32: rnn.weight_ih_l0 (H, I), rnn.weight_hh_l0 (H, H), rnn.bias_ih_l0 (H), "
     "rnn.bias_hh_l0 (H), head.weight (O, H) and head.bias (O), which torch.nn.RNN and "
     "torch.nn.Linear load; with more than one model each has a leading dimension M. The metadata "
     "tell what the parameters were trained on, and how."},
    {"--data of forecast and backtest",
     "Such a CSV with a header. Long: a record for each value, those of a series in time order; "
     "records whose target is empty, at the end of a series, hold future covariates. Wide: a "
     "record "
     "for each series, its name and its values, with empty cells at the end of shorter ones."},
    {"--output of forecast", "CSV: unique_id,ds,windrow, then windrow-lo-L,windrow-hi-L for each "
                             "level L."},
    {"--save of forecast, --model",
     "safetensors as above, a model for each series and seed, and in the metadata all else that a "
     "forecast needs but the values."},
    {"--csv of backtest", "CSV: unique_id,method,mae,rmse,smape,mase,crps, then coverage-L,width-L "
                          "for each level L; a cell is empty where a score is not defined."},
    {"--store, STUDY, STORE",
     "An SQLite database, application_id 0x57726f77. Tables: study, trial, curve, "
     "parameters (float32, little endian, of the trials kept), checkpoint. Views: "
     "progress, best, diverged, and by_hidden, by_window, by_batch, by_init, by_lr, "
     "by_clip and by_seed. `sqlite3 FILE .schema` explains their columns. While it is "
     "written, FILE-lock lies beside it, which locks nothing once its writer is dead."},
    {"--history", "CSV: epoch,seed,total_loss. The rows of a model that diverged end with the "
                  "epoch in which it did."},
};

#define COUNT(entries) (sizeof(entries) / sizeof *(entries))

int main(void) {
    printf(".TH WINDROW 1 \"\" \"windrow %s\" \"User Commands\"\n", WR_VERSION);
    puts(".SH NAME\nwindrow \\- train many small recurrent networks at once\n.SH SYNOPSIS");
    for (size_t i = 0; command_table[i] != NULL; i++)
        synopsis(command_table[i]);
    puts(".br\n.B windrow help\n.RI [ command ]\n.br\n.B windrow \\-\\-version\n.SH COMMANDS");
    for (size_t i = 0; command_table[i] != NULL; i++)
        describe(command_table[i]);
    list("Exit status", statuses, COUNT(statuses));
    list("Environment", environment, COUNT(environment));
    list("Files", files, COUNT(files));
    puts(".PP\nFiles are whole or absent: they are written under a temporary name and then "
         "renamed.\nWhat exists and is no regular file is written directly. What a killed command "
         "left\nunder such a name is removed by the next one that writes into its folder.");
    heading("SH", "Examples");
    for (size_t c = 0; command_table[c] != NULL; c++)
        for (size_t i = 0; command_table[c]->examples[i].does != NULL; i++)
            example(command_table[c]->examples[i].does, command_table[c]->examples[i].line);
    return fflush(stdout) != 0 || ferror(stdout) ? 1 : 0;
}
