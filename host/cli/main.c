#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/fields.h"
#include "cli/commands.h"
#include "cli/devices/probe.h"
#include "cli/io/error_text.h"
#include "cli/io/interrupt.h"
#include "cli/options/clash.h"

/* The functions, in the order of command_table. */
#define RUN(name)                                                                                  \
    static wr_status run_##name(const void *options, struct wr_error *error) {                     \
        return name##_command(options, error);                                                     \
    }
COMMANDS(RUN)
#define FUNCTION(name) run_##name,
static wr_status (*const functions[])(const void *options,
                                      struct wr_error *error) = {COMMANDS(FUNCTION)};

static int stdout_cause; /* errno of the first failed write to stdout */

void cli_flush(void) {
    if (fflush(stdout) != 0 && stdout_cause == 0)
        stdout_cause = errno;
}

void cli_complain(const struct wr_error *error) {
    cli_flush();
    fprintf(stderr, "windrow: %s\n", error->text);
    if (error->log == NULL)
        return;
    size_t length = strlen(error->log);
    wr_print_lines(stderr, error->log);
    if (length == 0 || error->log[length - 1] != '\n')
        fputc('\n', stderr);
}

static wr_status fail_command(const char *name, struct wr_error *error) {
    const char *nearest = command_nearest(name);
    if (nearest != NULL)
        return wr_fail(error, WR_ERR_USAGE, "there is no command '%s'; did you mean '%s'?", name,
                       nearest);
    return wr_fail(error, WR_ERR_USAGE, "there is no command '%s'; windrow help lists them", name);
}

static wr_status help(int count, char **arguments, struct wr_error *error) {
    if (count > 1)
        return wr_fail(error, WR_ERR_USAGE, "windrow help takes one command, found '%s' too",
                       arguments[1]);
    if (count == 0) {
        help_overview(stdout);
        return WR_OK;
    }
    const struct command *command = command_find(arguments[0]);
    if (command == NULL)
        return fail_command(arguments[0], error);
    help_command(stdout, command);
    return WR_OK;
}

static wr_status run_command(const struct command *command, int count, char **arguments,
                             struct wr_error *error) {
    void *options;
    bool wants_help;
    wr_status status = options_parse(command, count, arguments, &options, &wants_help, error);
    bool runs = status == WR_OK && !wants_help;
    if (runs)
        status = clash_check(command, options, error);
    for (size_t i = 0; runs && status == WR_OK && command_table[i] != NULL; i++)
        if (command_table[i] == command)
            status = functions[i](options, error);
    if (runs && status != WR_OK)
        status = options_blame_file(command, options, status, error);
    if (wants_help)
        help_command(stdout, command);
    options_release(command, options);
    return status;
}

static wr_status dispatch(int count, char **arguments, struct wr_error *error) {
    if (count == 0) {
        help_overview(stderr);
        return wr_fail(error, WR_ERR_USAGE, "a command is missing");
    }
    const char *first = arguments[0];
    if (strcmp(first, "--version") == 0) {
        version_print();
        return WR_OK;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0)
        return help(count - 1, arguments + 1, error);
    const struct command *command = command_find(first);
    return command != NULL ? run_command(command, count - 1, arguments + 1, error)
                           : fail_command(first, error);
}

/* Opens /dev/null for each standard stream that is closed. Otherwise the next file that is opened
 * gets the stream's number, and what is meant for the stream. /dev/null is opened in the wrong
 * direction, so that using the stream is an error. */
static void fill_closed_streams(void) {
    for (int stream = 0; stream <= 2; stream++)
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", stream == 0 ? O_WRONLY : O_RDONLY) < 0)
            _exit(WR_ERR_STORAGE); /* no stream can show an error */
}

/* Closes stdout. Output that cannot be written is an error, even if all else succeeded. */
static wr_status close_stdout(wr_status status, struct wr_error *error) {
    cli_flush();
    bool failed = ferror(stdout) != 0;
    if (fclose(stdout) == 0 && !failed)
        return status;
    const char *cause = stdout_cause != 0 ? strerror(stdout_cause) : "an earlier write failed";
    if (status == WR_OK || status == CLI_DIVERGED || status == CLI_STOPPED)
        status = wr_fail(error, WR_ERR_STORAGE, "cannot write to standard output: %s", cause);
    return status;
}

int main(int count, char **arguments) {
    struct wr_error error = {0};
    wr_write_fields_by(option_of_field);
    /* If a parent ignores SIGCHLD, waitpid cannot tell how our child processes and those of drivers
     * end. */
    signal(SIGCHLD, SIG_DFL);
    if (count > 1 && strcmp(arguments[1], PROBE_ARGUMENT) == 0)
        _exit(probe_child(count - 2, arguments + 2));
    fill_closed_streams();
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* nobody asks; each allocation takes a lock */
    signal(SIGXFSZ, SIG_IGN); /* then exceeding `ulimit -f` is an error of the write */
    interrupt_exit();
    wr_status status = dispatch(count > 0 ? count - 1 : 0, arguments + 1, &error);
    status = close_stdout(status, &error);
    if (error.text[0] != '\0')
        cli_complain(&error);
    wr_error_release(&error);
    return (int)status;
}
