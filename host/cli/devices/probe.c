#include "cli/devices/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/device.h"
#include "backend/optional.h"
#include "backend/registry.h"
#include "base/environment.h"
#include "cli/io/interrupt.h"

enum { SECONDS = 10, MOST_SECONDS = 3600 };
#define MOST_READS   64  /* reads of a driver's output at a time: it may print without end */
#define LAST_SECONDS 1.0 /* that we wait for a killed process; one may be stuck in its driver */

wr_status probe_seconds(size_t *seconds, struct wr_error *error) {
    *seconds = SECONDS;
    return wr_variable_number("WINDROW_PROBE_SECONDS", 1, MOST_SECONDS, seconds, error);
}

/* ---- starting the child ---- */

/* One child process that probes drivers. */
struct child {
    struct probe *probe;
    size_t seconds;
    size_t skip;  /* devices that earlier children tried */
    bool explain; /* make drivers print why they have no device */
    pid_t process;
    int reports, output; /* pipes from the child; -1: closed */
    bool listed, ended;
    size_t trying; /* the device that it tries now; SIZE_MAX: none */
    size_t tries;  /* devices tried so far */
    int cause;     /* errno if a report could not be read */
    char failure[224];
};

static bool open_pipe(int ends[2]) {
    return pipe2(ends, O_CLOEXEC) == 0;
}

static void close_if_open(int *file) {
    if (*file >= 0)
        close(*file);
    *file = -1;
}

/* Starts the process. It gets only the two pipes from us: no input, no caught or blocked signals,
 * and a process group of its own. */
static int spawn_child(struct child *child, const char *selector, int reports, int output) {
    char skipped[32];
    char *const arguments[] = {(char[]){"windrow"},
                               (char[]){PROBE_ARGUMENT},
                               (char *)child->probe->backend->name,
                               (char *)selector,
                               skipped,
                               child->explain ? (char[]){"explain"} : (char[]){"look"},
                               NULL};
    extern char **environ;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    snprintf(skipped, sizeof skipped, "%zu", child->skip);
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int failed = posix_spawn_file_actions_init(&files);
    if (failed != 0)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed == 0) {
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                  POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        failed = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        if (failed == 0)
            failed = posix_spawn_file_actions_adddup2(&files, output, 1);
        if (failed == 0)
            failed = posix_spawn_file_actions_adddup2(&files, output, 2);
        if (failed == 0)
            failed = posix_spawn_file_actions_adddup2(&files, reports, PROBE_REPORTS);
        if (failed == 0)
            failed = posix_spawn(&child->process, "/proc/self/exe", &files, &attributes, arguments,
                                 environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

static void start_child(struct child *child, const char *selector) {
    int reports[2] = {-1, -1}, output[2] = {-1, -1};
    int failed = open_pipe(reports) && open_pipe(output) ? 0 : errno;
    child->process = -1;
    /* if the pipe already has the number PROBE_REPORTS, dup2 leaves FD_CLOEXEC set */
    if (failed == 0 && reports[1] == PROBE_REPORTS) {
        int moved = fcntl(reports[1], F_DUPFD_CLOEXEC, PROBE_REPORTS + 1);
        failed = moved < 0 ? errno : 0;
        if (moved >= 0) {
            close(reports[1]);
            reports[1] = moved;
        }
    }
    if (failed == 0)
        failed = spawn_child(child, selector, reports[1], output[1]);
    close_if_open(&reports[1]);
    close_if_open(&output[1]);
    child->reports = reports[0];
    child->output = output[0];
    if (output[0] >= 0)
        fcntl(output[0], F_SETFL, O_NONBLOCK);
    if (failed != 0)
        snprintf(child->failure, sizeof child->failure,
                 "%s drivers were not looked at, since no process could be started for it (%s)",
                 child->probe->backend->title, strerror(failed));
}

/* ---- reports and output ---- */

/* Copies the detail of a report, whose last byte a driver may have damaged. */
static void copy_detail(const struct wr_device_info *from, char to[sizeof from->detail]) {
    memcpy(to, from->detail, sizeof from->detail);
    to[sizeof from->detail - 1] = '\0';
}

/* Makes room for one device more. */
static wr_status add_device(struct probe *probe, struct wr_error *error) {
    struct wr_device_info *grown =
        realloc(probe->devices, (probe->count + 1) * sizeof *probe->devices);
    if (grown == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for a list of devices");
    probe->devices = grown;
    probe->count++;
    return WR_OK;
}

static wr_status keep_device(struct probe *probe, const struct probe_report *report,
                             struct wr_error *error) {
    if (report->index > probe->count)
        return WR_OK;
    wr_status status = report->index == probe->count ? add_device(probe, error) : WR_OK;
    if (status != WR_OK)
        return status;
    struct wr_device_info *info = &probe->devices[report->index];
    *info = report->info;
    /* the pointer is of another process, and a driver may have damaged it */
    info->backend = probe->backend->name;
    info->id[sizeof info->id - 1] = info->name[sizeof info->name - 1] = '\0';
    copy_detail(&report->info, info->detail);
    return WR_OK;
}

static wr_status take_report(struct child *child, const struct probe_report *report,
                             struct wr_error *error) {
    struct probe *probe = child->probe;
    switch (report->event) {
    case PROBE_DEVICE: /* a second child lists known devices again; keep their results */
        return report->index == probe->count ? keep_device(probe, report, error) : WR_OK;
    case PROBE_LISTED:
        child->listed = true;
        copy_detail(&report->info, probe->why);
        return WR_OK;
    case PROBE_TRIES:
        child->trying = report->index;
        child->tries++;
        return WR_OK;
    case PROBE_TRIED:
        child->trying = SIZE_MAX;
        return keep_device(probe, report, error);
    case PROBE_ENDED:
        child->ended = true;
        return WR_OK;
    }
    return WR_OK;
}

/* Reads the child's output and keeps its end. Zero bytes become blanks. */
static void keep_output(struct child *child) {
    char more[1024], *output = child->probe->output;
    ssize_t got = 1;
    for (int reads = 0; got > 0 && reads < MOST_READS && child->output >= 0; reads++) {
        got = read(child->output, more, sizeof more);
        if (got <= 0)
            break;
        size_t length = strlen(output), count = (size_t)got;
        if (length + count >= PROBE_OUTPUT) {
            size_t lost = length + count - PROBE_OUTPUT + 1;
            memmove(output, output + lost, length - lost + 1);
            length -= lost;
        }
        for (size_t i = 0; i < count; i++)
            output[length + i] = more[i] == '\0' ? ' ' : more[i];
        output[length + count] = '\0';
    }
    if (child->output >= 0 && (got == 0 || (got < 0 && errno != EAGAIN)))
        close_if_open(&child->output);
}

/* Waits for a report or output. Returns false if no report comes in time. A report that has arrived
 * is read even if the time is over. */
static bool wait_for_report(struct child *child, double until, struct probe_report *report,
                            bool *reported) {
    struct pollfd files[2] = {{.fd = child->reports, .events = POLLIN},
                              {.fd = child->output, .events = POLLIN}};
    double left = until - wr_seconds();
    *reported = false;
    int found = poll(files, 2, left > 0 ? (int)(left * 1000) + 1 : 0);
    if (found == 0)
        return false;
    if (found < 0)
        return errno == EINTR;
    if (files[1].revents != 0)
        keep_output(child);
    if (files[0].revents == 0)
        return left > 0;
    ssize_t got = read(child->reports, report, sizeof *report);
    child->cause = got < 0 ? errno : 0;
    *reported = got == (ssize_t)sizeof *report;
    return *reported;
}

/* ---- following the child ---- */

/* Waits for the child to end. Returns its exit status, or -1 if it does not end in LAST_SECONDS. */
static int end_child(struct child *child, bool kill_it) {
    struct timespec pause = {.tv_nsec = 1000000};
    int status;
    if (kill_it)
        kill(-child->process, SIGKILL);
    for (double since = wr_seconds(); wr_seconds() - since < LAST_SECONDS;) {
        pid_t ended = waitpid(child->process, &status, WNOHANG);
        if (ended == child->process)
            return status;
        if (ended < 0 && errno != EINTR)
            break;
        nanosleep(&pause, NULL);
    }
    return -1;
}

static void describe_failure(struct child *child, bool silent, int status) {
    const char *when = child->trying != SIZE_MAX ? "while it built and ran a kernel"
                       : child->listed           ? "after devices were listed"
                                                 : "while devices were listed";
    char how[96];
    if (child->cause != 0) {
        wr_format(child->failure, sizeof child->failure,
                  "what is found out about %s drivers cannot be read (%s)",
                  child->probe->backend->title, strerror(child->cause));
        return;
    }
    if (silent)
        snprintf(how, sizeof how, "did not answer within %zu s", child->seconds);
    else if (status >= 0 && WIFSIGNALED(status))
        wr_format(how, sizeof how, "ended its process by signal %d (%s)", WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else
        wr_format(how, sizeof how, "ended its process with exit code %d",
                  status >= 0 ? WEXITSTATUS(status) : 0);
    wr_format(child->failure, sizeof child->failure, "%s %s %s%s", child->probe->backend->driver,
              how, when, silent ? "; WINDROW_PROBE_SECONDS=60 waits longer" : "");
}

static wr_status follow_child(struct child *child, struct wr_error *error) {
    struct probe_report report;
    wr_status status = WR_OK;
    bool reported = false, waiting = true;
    double until = wr_seconds() + (double)child->seconds;
    while (status == WR_OK && waiting && !child->ended && !interrupt_seen) {
        waiting = wait_for_report(child, until, &report, &reported);
        if (!reported)
            continue;
        status = take_report(child, &report, error);
        until = wr_seconds() + (double)child->seconds;
    }
    bool silent = !child->ended && wr_seconds() >= until;
    int code = end_child(child, !child->ended && (silent || status != WR_OK || interrupt_seen));
    if (code < 0) {
        kill(-child->process, SIGKILL); /* it closed its pipe but still runs */
        silent = true;
    }
    keep_output(child);
    if (interrupt_seen)
        return wr_fail(error, WR_ERR_STOPPED, "interrupted");
    if (status == WR_OK && !child->ended)
        describe_failure(child, silent, code);
    return status;
}

/* Appends the last line that a driver printed, with control characters escaped. */
static void add_last_line(const struct probe *probe, char *text, size_t size) {
    char line[PROBE_OUTPUT];
    const char *end = probe->output + strlen(probe->output), *start;
    while (end > probe->output && strchr("\n .", end[-1]))
        end--;
    for (start = end; start > probe->output && start[-1] != '\n';)
        start--;
    while (start < end && strchr(" *", *start))
        start++;
    size_t length = strlen(text);
    snprintf(line, sizeof line, ": %.*s", (int)(end - start), start);
    if (end > start)
        wr_shown(line, text + length, size - length);
}

/* Records the outcome for the device that was tried, or for the drivers as a whole. */
static void keep_result(const struct child *child) {
    struct probe *probe = child->probe;
    if (child->failure[0] == '\0') {
        if (probe->count == 0)
            add_last_line(probe, probe->why, sizeof probe->why);
        return;
    }
    if (child->trying >= probe->count) {
        probe->listing_failed = true;
        snprintf(probe->why, sizeof probe->why, "%s", child->failure);
        add_last_line(probe, probe->why, sizeof probe->why);
        return;
    }
    struct wr_device_info *info = &probe->devices[child->trying];
    info->usable = info->exact = false;
    snprintf(info->detail, sizeof info->detail, "%s", child->failure);
    add_last_line(probe, info->detail, sizeof info->detail);
    if (probe->failed_device == SIZE_MAX)
        probe->failed_device = child->trying;
}

/* Lists and tries devices in this process. */
static wr_status probe_here(struct probe *probe, struct wr_error *error) {
    struct wr_device_info info = {0};
    struct wr_error why = {0};
    wr_status status = WR_OK;
    while (status == WR_OK &&
           wr_backend_describe(probe->backend, probe->count, &info, &why) == WR_OK) {
        wr_device_settle(probe->backend, probe->count, true, &info);
        status = add_device(probe, error);
        if (status == WR_OK)
            probe->devices[probe->count - 1] = info;
    }
    wr_format(probe->why, sizeof probe->why, "%s", why.text);
    wr_error_release(&why);
    return status;
}

wr_status probe_devices(const struct wr_backend *backend, const char *selector, struct probe *probe,
                        struct wr_error *error) {
    size_t seconds, skip = 0;
    bool explain = false;
    *probe = (struct probe){.backend = backend, .failed_device = SIZE_MAX};
    wr_status status = probe_seconds(&seconds, error);
    if (status == WR_OK)
        status = wr_check_environment(error);
    if (status == WR_OK && !backend->probe_outside)
        return probe_here(probe, error);
    for (bool again = true; status == WR_OK && again;) {
        struct child child = {.probe = probe,
                              .seconds = seconds,
                              .skip = skip,
                              .explain = explain,
                              .trying = SIZE_MAX};
        start_child(&child, selector);
        if (child.process > 0)
            status = follow_child(&child, error);
        close_if_open(&child.reports);
        close_if_open(&child.output);
        keep_result(&child);
        skip += child.tries;
        again = child.trying != SIZE_MAX; /* other devices may work */
        if (child.ended && probe->count == 0 && !explain && backend->explain != NULL &&
            strcmp(selector, "auto") != 0)
            again = explain = true;
    }
    return status;
}

void probe_release(struct probe *probe) {
    free(probe->devices);
    probe->devices = NULL;
    probe->count = 0;
}
