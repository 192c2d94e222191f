/* Writes the manual into a folder: windrow.1, and windrow-NAME.1 for each command of commands.c.
 *   windrow_manpage FOLDER */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/options.h"
#include "windrow/version.h"

/* ---- troff ---- */

/* Prints text and escapes troff's special characters. */
static void text(FILE *page, const char *from) {
    if (*from == '.')
        fputs("\\&", page); /* otherwise the line would be a request */
    for (; *from != '\0'; from++)
        if (*from == '\\')
            fputs("\\e", page);
        else if (*from == '-')
            fputs("\\-", page);
        else if (*from == '\'')
            fputs("\\(aq", page);
        else if (*from == '"')
            fputs("\\(dq", page);
        else if (*from == '^' || *from == '~' || *from == '`')
            fprintf(page, "\\(%s", *from == '^' ? "ha" : *from == '~' ? "ti" : "ga");
        else
            fputc(*from, page);
}

/* Prints a macro and the text that it applies to, as a line. */
static void line(FILE *page, const char *macro, const char *from) {
    fputs(macro, page);
    text(page, from);
    fputc('\n', page);
}

static void paragraph(FILE *page, const char *from) {
    line(page, ".PP\n", from);
}

static void section(FILE *page, const char *name) {
    fprintf(page, ".SH %s\n", name);
}

/* The name of a command's page, or of windrow.1 where command is NULL. */
static void page_name(FILE *page, const struct command *command) {
    text(page, command != NULL ? "windrow-" : "windrow");
    text(page, command != NULL ? command->name : "");
}

/* Prints a line that refers to a page. */
static void reference(FILE *page, const struct command *command, const char *behind) {
    fputs(".BR ", page);
    page_name(page, command);
    fprintf(page, " (1)%s\n", behind);
}

static void begin(FILE *page, const struct command *command, const char *summary) {
    fputs(".TH ", page);
    for (const char *c = "windrow"; *c != '\0'; c++)
        fputc(toupper((unsigned char)*c), page);
    if (command != NULL)
        fputs("\\-", page);
    for (const char *c = command != NULL ? command->name : ""; *c != '\0'; c++)
        fputc(toupper((unsigned char)*c), page);
    fprintf(page, " 1 \"\" \"windrow %s\" \"User Commands\"\n", WR_VERSION);
    section(page, "NAME");
    page_name(page, command);
    line(page, " \\- ", summary);
}

/* ---- what several pages have ---- */

/* A term that is explained on several pages. */
struct entry {
    const char *term, *meaning;
    const char
        *pages; /* names of commands; NULL: all; "": windrow.1 alone, which has every entry */
};

static const struct entry statuses[] = {
    {"0", "Done.", NULL},
    {"2",
     "Usage: a command, an option, a value outside its range, or an output that is an input or "
     "another output.",
     NULL},
    {"3",
     "Data or configuration: an input file that cannot be read or used, a column that is not "
     "there, shapes that contradict each other.",
     NULL},
    {"4", "Device: missing, failing, or not exact.",
     "train devices verify bench sweep forecast backtest"},
    {"5",
     "Memory: what is needed, computed beforehand, is more than there is; or memory, or the "
     "threads that may be started, ran out.",
     NULL},
    {"6", "Storage: an output that cannot be written.", NULL},
    {"7", "Verification found values that differ.", "verify merge"},
    {"8", "Some models diverged; all results are written.", "train sweep forecast backtest"},
    {"75",
     "windrow sweep, or windrow forecast --resume, was stopped by SIGINT, SIGTERM, SIGHUP or "
     "SIGUSR1; the same command goes on.",
     "sweep forecast"},
    {"130",
     "Interrupted by SIGINT, SIGTERM, SIGHUP or SIGUSR1; no file was written. A second signal ends "
     "the command at once.",
     NULL},
};

static const struct entry environment[] = {
    {"OMP_NUM_THREADS", "CPU threads where --threads does not say.",
     "train devices verify bench sweep forecast backtest"},
    {"NO_COLOR", "If set and not empty, the progress bar has no colour.",
     "train sweep forecast backtest"},
    {"TERM",
     "If dumb, there is a line of progress every 30 seconds instead of a bar, as where "
     "stderr is no terminal.",
     "train sweep forecast backtest"},
    {"OCL_ICD_VENDORS", "Where the ICD loader looks for OpenCL drivers.",
     "train devices verify bench sweep forecast backtest"},
    {"WINDROW_PROBE_SECONDS",
     "How long an OpenCL driver may take for an answer when it is looked at, 1 to 3600: 10.",
     "train devices verify bench sweep forecast backtest"},
    {"WINDROW_BUILD_OPTIONS",
     "For tests: options with which OpenCL kernels are built besides our own, such as NVIDIA's "
     "-cl-nv-verbose; the compiler's log goes to stderr. Those that change arithmetic are "
     "refused, and macros WR_..., which are the kernels' own.",
     ""},
    {"WINDROW_CPU",
     "For tests: the engine of the cpu backend, one of those that windrow version lists. It "
     "changes "
     "no result.",
     "version"},
    {"WINDROW_WORK_GROUP, WINDROW_FUSED, WINDROW_STAGED, WINDROW_QUEUES, "
     "WINDROW_ROWS, WINDROW_WARP, WINDROW_CHUNK",
     "For tests: they choose kernels and how many series are trained at once, and change "
     "no result. docs/devices.md tells their values; other values are refused (exit code 4).",
     ""},
};

static const struct entry files[] = {
    {"--data",
     "CSV as in RFC 4180: quoted cells, LF or CRLF, an optional byte order mark. --delimiter, "
     "--decimal and --header say what cannot be found from the file itself.",
     "train sweep"},
    {"--save, --init",
     "safetensors, F32: rnn.weight_ih_l0 (H, I), rnn.weight_hh_l0 (H, H), rnn.bias_ih_l0 (H), "
     "rnn.bias_hh_l0 (H), head.weight (O, H) and head.bias (O), which torch.nn.RNN and "
     "torch.nn.Linear load; with more than one model each has a leading dimension M. The metadata "
     "tell what the parameters were trained on, and how.",
     "train export"},
    {"--data of forecast and backtest",
     "CSV as in RFC 4180, or with another delimiter: --delimiter, --decimal and --header say what "
     "cannot be found from the file itself. Long: a record for each value, those of a series in "
     "time "
     "order; records whose target is empty, at the end of a series, hold future covariates. Wide: "
     "a record for each series, its name and its values, with empty cells at the end of shorter "
     "ones.",
     "forecast backtest"},
    {"--output of forecast",
     "CSV: unique_id,ds,windrow, then windrow-lo-L,windrow-hi-L for each level L.", "forecast"},
    {"--save of forecast, --model",
     "safetensors as of windrow train --save, a model for each series and seed, and in the "
     "metadata "
     "all else that a forecast needs but the values.",
     "forecast"},
    {"--csv of backtest",
     "CSV: unique_id,method,mae,rmse,smape,mase,crps, then coverage-L,width-L "
     "for each level L; a cell is empty where a score is not defined.",
     "backtest"},
    {"--store, STUDY, STORE",
     "An SQLite database, application_id 0x57726f77. Tables: study, trial, curve, "
     "parameters (float32, little endian, of the trials kept), checkpoint. Views: "
     "progress, best, diverged, and by_hidden, by_window, by_batch, by_init, by_lr, "
     "by_clip and by_seed. `sqlite3 FILE .schema` explains their columns. While it is "
     "written, FILE-lock lies beside it, which locks nothing once its writer is dead.",
     "sweep merge show export"},
    {"--history",
     "CSV: epoch,seed,total_loss. The rows of a model that diverged end with the "
     "epoch in which it did.",
     "train"},
};

#define COUNT(entries) (sizeof(entries) / sizeof *(entries))

/* Whether `names`, with blanks between, has the name. */
static bool has_name(const char *names, const char *name) {
    size_t length = strlen(name);
    for (size_t word; *names != '\0'; names += word, names += strspn(names, " ")) {
        word = strcspn(names, " ");
        if (word == length && strncmp(names, name, length) == 0)
            return true;
    }
    return false;
}

/* Prints those entries that belong to the command's page, under a heading; returns whether there
 * are any. command: NULL for windrow.1. */
static bool entries(FILE *page, const struct command *command, const char *heading,
                    const struct entry *list, size_t count) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (command != NULL && list[i].pages != NULL && !has_name(list[i].pages, command->name))
            continue;
        if (!any)
            section(page, heading);
        any = true;
        line(page, ".TP\n.B ", list[i].term);
        line(page, "", list[i].meaning);
    }
    return any;
}

static void shared_sections(FILE *page, const struct command *command) {
    static const char whole[] =
        "Files are whole or absent: they are written under a temporary name and then renamed. What "
        "exists and is no regular file is written directly. What a killed command left under such "
        "a name is removed by the next one that writes into its folder.";
    entries(page, command, "\"EXIT STATUS\"", statuses, COUNT(statuses));
    if (entries(page, command, "ENVIRONMENT", environment, COUNT(environment)) && command != NULL)
        fputs(".PP\n.BR windrow (1)\ntells of those that are for tests.\n", page);
    if (entries(page, command, "FILES", files, COUNT(files)))
        paragraph(page, whole);
}

/* ---- the page of a command ---- */

static void synopsis(FILE *page, const struct command *command) {
    section(page, "SYNOPSIS");
    line(page, ".B windrow ", command->name);
    struct option_table table;
    option_table_make(&command->options, &table);
    for (size_t i = 0; i < table.count; i++)
        if (!option_is_named(&table.specs[i]))
            fprintf(page, ".I %s%s\n", table.specs[i].argument,
                    table.specs[i].kind == OPTION_OPERANDS ? "..." : "");
    fputs(".RI [ option ]...\n", page);
}

static void description(FILE *page, const struct command *command) {
    struct option_table table;
    option_table_make(&command->options, &table);
    section(page, "DESCRIPTION");
    for (const char *const *each = command->description; *each != NULL; each++)
        line(page, each == command->description ? "" : ".PP\n", *each);
    if (option_table_has_lists(&table))
        paragraph(page, help_lists);
    if (option_table_kind(&table, OPTION_CONFIG) != NULL)
        paragraph(page, help_config);
}

static void option(FILE *page, const struct option_spec *spec) {
    if (spec->section != NULL)
        line(page, ".SS ", spec->section);
    fputs(option_is_named(spec) ? ".TP\n.BR \\-\\-" : ".TP\n.I ", page);
    text(page, option_is_named(spec) ? spec->name : spec->argument);
    if (option_is_named(spec) && spec->argument != NULL) {
        fputs(" \" \\fI", page);
        text(page, spec->argument);
        fputs("\\fR\"", page);
    }
    line(page, "\n", spec->help);
    const char *shown = spec->fallback != NULL ? spec->fallback : spec->otherwise;
    if (shown != NULL) {
        fputs("Default: ", page);
        text(page, shown);
        fputs(shown[strlen(shown) - 1] == '.' ? "\n" : ".\n", page);
    }
}

static void options(FILE *page, const struct command *command) {
    section(page, "OPTIONS");
    struct option_table table;
    option_table_make(&command->options, &table);
    for (size_t i = 0; i < table.count; i++)
        option(page, &table.specs[i]);
    fputs(".TP\n.BR \\-\\-help\nDescribe the command and exit.\n", page);
}

static void example(FILE *page, const char *does, const char *command) {
    text(page, does);
    fputs(":\n.PP\n.RS 4\n.nf\n", page);
    for (size_t column = 0; *command != '\0';) { /* a backslash continues a long command */
        size_t length = strcspn(command, " ");
        if (column > 0 && column + length > 68) {
            fputs(" \\e\n    ", page);
            column = 4;
        } else if (column > 0) {
            fputc(' ', page);
        }
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)length, command);
        text(page, word);
        column += length + 1;
        command += length + strspn(command + length, " ");
    }
    fputs("\n.fi\n.RE\n", page);
}

static void examples(FILE *page, const struct command *command) {
    section(page, "EXAMPLES");
    for (size_t i = 0; command->examples[i].does != NULL; i++) {
        fputs(i > 0 ? ".PP\n" : "", page);
        example(page, command->examples[i].does, command->examples[i].line);
    }
}

/* Whether the text says "windrow NAME". */
static bool names_command(const char *from, const char *name) {
    static const char before[] = "windrow ";
    size_t length = strlen(name);
    while ((from = strstr(from, before)) != NULL) {
        from += sizeof before - 1;
        if (strncmp(from, name, length) == 0 && !isalpha((unsigned char)from[length]))
            return true;
    }
    return false;
}

/* Whether the page of a command names another command. */
static bool page_names(const struct command *command, const struct command *other) {
    struct option_table table;
    bool found = false;
    option_table_make(&command->options, &table);
    for (const char *const *each = command->description; *each != NULL && !found; each++)
        found = names_command(*each, other->name);
    for (size_t i = 0; i < table.count && !found; i++)
        found = names_command(table.specs[i].help, other->name);
    for (size_t i = 0; command->examples[i].does != NULL && !found; i++)
        found = names_command(command->examples[i].line, other->name);
    return found;
}

static void see_also(FILE *page, const struct command *command) {
    section(page, "\"SEE ALSO\"");
    for (const struct command *const *other = command_table; *other != NULL; other++)
        if (*other != command && (page_names(command, *other) || page_names(*other, command)))
            reference(page, *other, ",");
    reference(page, NULL, "");
}

static void command_page(FILE *page, const struct command *command) {
    begin(page, command, command->summary);
    synopsis(page, command);
    description(page, command);
    options(page, command);
    examples(page, command);
    shared_sections(page, command);
    see_also(page, command);
}

/* ---- windrow.1 ---- */

static void overview_page(FILE *page) {
    begin(page, NULL, "train many small recurrent networks at once");
    section(page, "SYNOPSIS");
    fputs(".B windrow\n.I command\n.RI [ operand ]...\n.RI [ option ]...\n"
          ".br\n.B windrow help\n.RI [ command ]\n.br\n.B windrow \\-\\-version\n",
          page);
    section(page, "DESCRIPTION");
    line(page, "",
         "Trains thousands of small recurrent networks (RNNs) at once, on any OpenCL "
         "device or on the CPU, and makes forecasts of many series with them.");
    paragraph(page, "The result of a model is the same bits on every exact device, whatever the "
                    "threads, the schedule, or the models beside it. A device that is not exact is "
                    "refused unless --inexact is given. The bits of one numerics are the same in "
                    "every version of windrow that has it; windrow --version tells both numbers.");
    section(page, "COMMANDS");
    fputs("Each command has a page of its own.\n", page);
    for (const struct command *const *command = command_table; *command != NULL; command++) {
        fputs(".TP\n", page);
        reference(page, *command, "");
        line(page, "", (*command)->summary);
    }
    fputs(".TP\n.BR \"windrow help\" \" \\fIcommand\\fR\"\n"
          "describe a command, as the command does with \\-\\-help\n",
          page);
    shared_sections(page, NULL);
    section(page, "\"SEE ALSO\"");
    for (const struct command *const *command = command_table; *command != NULL; command++)
        reference(page, *command, command[1] != NULL ? "," : "");
}

/* Writes one page; command: NULL for windrow.1. Returns whether it could. */
static bool write_page(const char *folder, const struct command *command) {
    char path[4096];
    snprintf(path, sizeof path, "%s/windrow%s%s.1", folder, command != NULL ? "-" : "",
             command != NULL ? command->name : "");
    FILE *page = fopen(path, "w");
    if (page != NULL && command != NULL)
        command_page(page, command);
    else if (page != NULL)
        overview_page(page);
    bool written = page != NULL && ferror(page) == 0;
    written = (page == NULL || fclose(page) == 0) && written;
    if (!written)
        perror(path);
    return written;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fputs("usage: windrow_manpage FOLDER\n", stderr);
        return 2;
    }
    bool written = write_page(arguments[1], NULL);
    for (const struct command *const *command = command_table; *command != NULL; command++)
        written = write_page(arguments[1], *command) && written;
    return written ? 0 : 1;
}
