/* Runs main in a child process for each n, in an empty folder, and checks:
 *   exit code 0 comes with the output of a run without failures;
 *   any other exit code is one of those that are documented for this failure, comes with a message
 *     on stderr, and leaves files that are whole or absent, and no other files;
 *   no child dies of a signal or hangs.
 * Environment, for one n in the current folder: FAIL_KIND, FAIL_ERRNO, FAIL_NTH (n, or n+ for all
 * calls from n on).
 * For many n:
 *   FAIL_CAMPAIGN  a name to print
 *   FAIL_ONWARDS   1: all calls from n on fail
 *   FAIL_TRIES     how many n, spread over all; 0: each
 *   FAIL_CODES     the exit codes that are allowed, such as "5 6"
 *   FAIL_WHOLE     names of files that are whole or absent
 *   FAIL_ALLOWED   patterns of files that may be left in the folder
 *   FAIL_CHECK     a shell command that prints what is compared of the output, the file $out
 *   FAIL_AGAIN     1: after a failure, the command without one gives the whole output */
#include "failing_calls.h"

#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN = 6, CHILD_SECONDS = 60, TEXT = 512 };

static const char *variable(const char *name, const char *otherwise) {
    const char *text = getenv(name);
    return text != NULL ? text : otherwise;
}

static _Noreturn void give_up(const char *what) {
    perror(what);
    _exit(99);
}

/* ---- files ---- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at) {
    (void)status;
    (void)type;
    return at->level > 0 ? remove(path) : 0;
}

static void empty_folder(void) {
    nftw(".", remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static char *read_file(const char *path, size_t *size) {
    struct stat status;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &status) != 0) {
        if (file >= 0)
            close(file);
        return NULL;
    }
    char *bytes = malloc((size_t)status.st_size + 1);
    ssize_t got = read(file, bytes, (size_t)status.st_size);
    close(file);
    *size = got > 0 ? (size_t)got : 0;
    bytes[*size] = '\0';
    return bytes;
}

static bool same_files(const char *a, const char *b) {
    size_t size_a = 0, size_b = 0;
    char *bytes_a = read_file(a, &size_a), *bytes_b = read_file(b, &size_b);
    bool same = bytes_a != NULL && bytes_b != NULL && size_a == size_b &&
                memcmp(bytes_a, bytes_b, size_a) == 0;
    free(bytes_a);
    free(bytes_b);
    return same;
}

/* The next word of a list, or NULL. */
static char *next_word(char **list) {
    char *word;
    while ((word = strsep(list, " ")) != NULL && *word == '\0')
        ;
    return word;
}

/* ---- a child ---- */

enum outcome { ENDED, KILLED, HUNG };

static void enter_child(const char *out, const char *err) {
    int files[] = {open("/dev/null", O_RDONLY), open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644),
                   open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644)};
    for (int i = 0; i < 3; i++)
        if (files[i] < 0 || dup2(files[i], i) < 0)
            give_up("a child's streams");
    for (int i = 0; i < 3; i++)
        close(files[i]);
}

/* Waits for the child, at most CHILD_SECONDS; *code: its exit code or signal. */
static enum outcome await(pid_t child, int *code) {
    int status;
    sigset_t ended;
    struct timespec limit = {.tv_sec = CHILD_SECONDS};
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    if (sigtimedwait(&ended, NULL, &limit) < 0 && waitpid(child, &status, WNOHANG) == 0) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        return HUNG;
    }
    if (waitpid(child, &status, 0) != child)
        give_up("waitpid");
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    return WIFEXITED(status) ? ENDED : KILLED;
}

/* Starts a child process that runs main; returns true in the child. */
static bool start_child(long nth, const char *out, const char *err, enum outcome *how, int *code) {
    sigset_t blocked, before;
    failing->nth = nth;
    failing->count = 0;
    failing->hit = false;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    pid_t child = fork();
    if (child < 0)
        give_up("fork");
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        enter_child(out, err);
        return true;
    }
    *how = await(child, code);
    return false;
}

static int run_main(main_function *own, int count, char **arguments, char **environment) {
    failing_armed = true;
    int code = own(count, arguments, environment);
    failing_armed = false;
    return code;
}

/* ---- its outcome ---- */

/* Prints what is compared of the output into a file. */
static void print_output(const char *to) {
    char command[4 * TEXT];
    snprintf(command, sizeof command, "out=../out; { %s; } >%s 2>&1",
             variable("FAIL_CHECK", "cat $out"), to);
    if (system(command) < 0)
        give_up("system");
}

/* Why the output differs from that of a run without failures; "" if it does not. */
static const char *compare_output(void) {
    print_output("../now");
    return same_files("../now", "../whole") ? "" : "exit 0 with other output";
}

/* Why the files after a failure are wrong; "" if they are right. */
static const char *look_at_files(void) {
    static char text[TEXT];
    char list[TEXT], path[TEXT], *rest = list, *name;
    snprintf(list, sizeof list, "%s", variable("FAIL_WHOLE", ""));
    while ((name = next_word(&rest)) != NULL) {
        snprintf(path, sizeof path, "../whole-%s", name);
        if (access(name, F_OK) == 0 && !same_files(name, path)) {
            snprintf(text, sizeof text, "%s is there, and not whole", name);
            return text;
        }
    }
    return "";
}

static bool is_allowed(const char *name) {
    char list[TEXT], *rest = list, *pattern;
    snprintf(list, sizeof list, "%s", variable("FAIL_ALLOWED", ""));
    while ((pattern = next_word(&rest)) != NULL)
        if (fnmatch(pattern, name, 0) == 0)
            return true;
    return false;
}

static const char *look_for_others(void) {
    static char text[TEXT];
    const char *found = "";
    DIR *folder = opendir(".");
    if (folder == NULL)
        give_up("opendir");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !is_allowed(entry->d_name)) {
            snprintf(text, sizeof text, "left over: %.200s", entry->d_name);
            found = text;
        }
    closedir(folder);
    return found;
}

static bool is_documented(int code) {
    char list[TEXT], *rest = list, *word;
    snprintf(list, sizeof list, "%s", variable("FAIL_CODES", ""));
    while ((word = next_word(&rest)) != NULL)
        if (atoi(word) == code)
            return true;
    return false;
}

/* The first line on stderr that windrow wrote. */
static const char *first_word(char text[TEXT]) {
    size_t size = 0;
    char *bytes = read_file("../err", &size);
    char *line = bytes != NULL ? strstr(bytes, "windrow: ") : NULL;
    if (line != NULL)
        line[strcspn(line, "\n")] = '\0';
    snprintf(text, TEXT, "%s", line != NULL ? line : "");
    free(bytes);
    return text;
}

/* Why the outcome is wrong; "" if it is right. */
static const char *judge(enum outcome how, int code) {
    static char text[TEXT];
    char word[TEXT];
    if (how == HUNG)
        return "hangs";
    snprintf(text, sizeof text, "signal %d", code);
    if (how == KILLED)
        return text;
    const char *wrong = look_for_others();
    if (*wrong != '\0')
        return wrong;
    if (code == 0)
        return compare_output();
    snprintf(text, sizeof text, "exit %d", code);
    if (!is_documented(code))
        return text;
    if (*first_word(word) == '\0')
        return "no word on stderr";
    return look_at_files();
}

/* ---- all of them ---- */

struct tally {
    long calls, tried, wrong, codes[256];
    char shown[SHOWN][TEXT];
    int shown_count;
};

static void note(struct tally *tally, long n, const char *why) {
    char word[TEXT];
    if (*why == '\0')
        return;
    tally->wrong++;
    for (int i = 0; i < tally->shown_count; i++)
        if (strncmp(tally->shown[i], why, TEXT) == 0)
            return;
    if (tally->shown_count == SHOWN)
        return;
    snprintf(tally->shown[tally->shown_count++], TEXT, "%s", why);
    fprintf(stderr, "    n=%ld: %s: %s\n", n, why, first_word(word));
}

static void tell(const struct tally *tally) {
    printf("%-16s %-7s %7ld %7ld %6ld  ", variable("FAIL_CAMPAIGN", ""), failing->kind,
           tally->calls, tally->tried, tally->wrong);
    for (int code = 0; code < 256; code++)
        if (tally->codes[code] > 0)
            printf(" %d:%ld", code, tally->codes[code]);
    putchar('\n');
    fflush(stdout);
}

static void keep_whole(void) {
    char list[TEXT], command[2 * TEXT], *rest = list, *name;
    print_output("../whole");
    snprintf(list, sizeof list, "%s", variable("FAIL_WHOLE", ""));
    while ((name = next_word(&rest)) != NULL) {
        snprintf(command, sizeof command, "cp %s ../whole-%s", name, name);
        if (system(command) != 0)
            give_up(command);
    }
}

/* Returns main's exit code in a child, and in the parent whether something is wrong. */
static int run_all(main_function *own, int count, char **arguments, char **environment) {
    struct tally tally = {0};
    enum outcome how;
    int code;
    long tries = atol(variable("FAIL_TRIES", "0"));
    empty_folder();
    if (start_child(0, "../out", "../err", &how, &code))
        return run_main(own, count, arguments, environment);
    if (how != ENDED || code != 0) {
        fprintf(stderr, "    without failures: %s %d\n", how == ENDED ? "exit" : "signal", code);
        return 1;
    }
    tally.calls = failing->count;
    keep_whole();
    long stride = tries > 0 ? tally.calls / tries + 1 : 1;
    for (long n = 1 + stride / 2; n == 1 || n <= tally.calls || stride == 1; n += stride) {
        empty_folder();
        if (start_child(n, "../out", "../err", &how, &code))
            return run_main(own, count, arguments, environment);
        if (!failing->hit)
            break;
        tally.tried++;
        tally.codes[how == ENDED ? code : 255]++;
        const char *why = judge(how, code);
        note(&tally, n, why);
        if (*why != '\0' || code == 0 || strcmp(variable("FAIL_AGAIN", "0"), "1") != 0)
            continue;
        if (start_child(0, "../out", "../err", &how, &code))
            return run_main(own, count, arguments, environment);
        note(&tally, n,
             how != ENDED || code != 0   ? "the next run fails"
             : *compare_output() != '\0' ? "the next run gives something else"
                                         : "");
    }
    tell(&tally);
    return tally.wrong > 0;
}

int failing_campaign(main_function *own, int count, char **arguments, char **environment) {
    const char *nth = variable("FAIL_NTH", "0");
    void *frames[2];
    struct failing *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        give_up("mmap");
    unsetenv("LD_PRELOAD"); /* not for other programs that main runs */
    backtrace(frames, 2);   /* its first call allocates */
    failing = shared;
    snprintf(failing->kind, sizeof failing->kind, "%s", variable("FAIL_KIND", ""));
    failing->cause = atoi(variable("FAIL_ERRNO", "12"));
    failing->onwards = strcmp(variable("FAIL_ONWARDS", "0"), "1") == 0 || strchr(nth, '+') != NULL;
    failing->nth = atol(nth);
    failing->trace = failing->nth > 0;
    if (getenv("FAIL_CAMPAIGN") == NULL)
        return run_main(own, count, arguments, environment);
    return run_all(own, count, arguments, environment);
}
