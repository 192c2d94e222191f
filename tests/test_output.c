/* Files that are whole or absent, each case in a folder of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/output.h"
#include "libc_faults.h"

static int enter_folder(void **state) {
    char *folder = strdup("/tmp/windrow-output-XXXXXX");
    *state = folder;
    test_faults = (struct test_faults){.allocation = -1};
    umask(022);
    return folder == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int leave_folder(void **state) {
    test_faults = (struct test_faults){.allocation = -1};
    chmod(*state, 0700);
    DIR *folder = opendir(".");
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.' || strncmp(entry->d_name, ".windrow", 8) == 0)
            if (unlink(entry->d_name) != 0)
                rmdir(entry->d_name);
    closedir(folder);
    int failed = chdir("/") != 0 || rmdir(*state) != 0;
    free(*state);
    return failed;
}

/* Entries of the folder, "." and ".." aside. */
static int entries(void) {
    DIR *folder = opendir(".");
    assert_non_null(folder);
    int count = -2;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *path, const char *text) {
    char found[256];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, text);
}

static mode_t mode_of(const char *path) {
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode;
}

static wr_status write_text(const char *path, const char *text, struct wr_error *error) {
    struct wr_output *out;
    wr_status status = wr_output_open(path, &out, error);
    if (status != WR_OK) {
        assert_null(out);
        return status;
    }
    status = wr_output_print(out, error, "%s", text);
    if (status == WR_OK)
        return wr_output_commit(out, error);
    wr_output_abandon(out);
    return status;
}

static void assert_written(const char *path, const char *text) {
    struct wr_error error = {0};
    wr_status status = write_text(path, text, &error);
    if (status != WR_OK)
        fail_msg("%s", error.text);
}

static void assert_refused(const char *path, int cause) {
    struct wr_error error = {0};
    assert_int_equal(write_text(path, "text", &error), WR_ERR_STORAGE);
    assert_int_equal(error.status, WR_ERR_STORAGE);
    assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
    if (strstr(error.text, strerror(cause)) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, strerror(cause));
}

static void test_new_file(void **state) {
    (void)state;
    umask(027);
    assert_written("new", "text\n");
    assert_file("new", "text\n");
    assert_int_equal(mode_of("new"), S_IFREG | 0640);
    char path[64];
    snprintf(path, sizeof path, "%s/absolute", (const char *)*state);
    assert_written(path, "");
    assert_file("absolute", "");
    assert_int_equal(entries(), 2);
}

/* The old content stays until commit, and after abandon. */
static void test_replace(void **state) {
    (void)state;
    struct wr_output *out;
    put("file", "old");
    chmod("file", 0606);
    assert_int_equal(wr_output_open("file", &out, NULL), WR_OK);
    assert_int_equal(wr_output_write(out, "new", 3, NULL), WR_OK);
    assert_file("file", "old");
    wr_output_abandon(out);
    assert_file("file", "old");
    assert_int_equal(entries(), 1);
    assert_written("file", "new");
    assert_file("file", "new");
    assert_int_equal(mode_of("file"), S_IFREG | 0606);
    wr_output_abandon(NULL);
}

static void test_two_at_once(void **state) {
    (void)state;
    struct wr_output *a, *b;
    assert_int_equal(wr_output_open("a", &a, NULL), WR_OK);
    assert_int_equal(wr_output_open("b", &b, NULL), WR_OK);
    assert_int_equal(wr_output_print(b, NULL, "%s", "b"), WR_OK);
    assert_int_equal(wr_output_print(a, NULL, "%d", 1), WR_OK);
    assert_int_equal(wr_output_commit(b, NULL), WR_OK);
    assert_int_equal(wr_output_commit(a, NULL), WR_OK);
    assert_file("a", "1");
    assert_file("b", "b");
}

/* The folder stays open, so that a change of the working directory has no effect. */
static void test_change_of_folder(void **state) {
    struct wr_output *out;
    assert_int_equal(wr_output_open("file", &out, NULL), WR_OK);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(wr_output_commit(out, NULL), WR_OK);
    assert_int_equal(chdir(*state), 0);
    assert_file("file", "");
}

static void test_links(void **state) {
    (void)state;
    put("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(symlink("link", "link2"), 0);
    assert_written("link2", "new");
    assert_true(S_ISLNK(mode_of("link")) && S_ISLNK(mode_of("link2")));
    assert_file("target", "new");

    assert_int_equal(mkdir("folder", 0755), 0);
    assert_int_equal(symlink("folder/made", "dangling"), 0);
    assert_written("dangling", "made");
    assert_true(S_ISLNK(mode_of("dangling")));
    assert_file("folder/made", "made");
    assert_int_equal(symlink("../from", "folder/up"), 0); /* relative to the folder of the link */
    assert_written("folder/up", "up");
    assert_file("from", "up");
    unlink("folder/made");
    unlink("folder/up");

    assert_int_equal(symlink("nowhere/file", "lost"), 0);
    assert_refused("lost", ENOENT);
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_refused("loop", ELOOP);
}

static void test_refusals(void **state) {
    (void)state;
    char longest[5000];
    assert_refused(".", EISDIR);
    assert_refused("/", EISDIR);
    assert_refused("", ENOENT);
    assert_refused("nowhere/file", ENOENT);
    assert_refused("nofolder/", EISDIR);
    put("file", "old");
    assert_refused("file/below", ENOTDIR);
    assert_refused("file/", ENOTDIR);
    memset(longest, 'x', sizeof longest);
    longest[300] = '\0';
    assert_refused(longest, ENAMETOOLONG);
    longest[255] = '\0'; /* the longest name is fine */
    assert_written(longest, "long");
    assert_int_equal(entries(), 2);
    if (geteuid() == 0)
        return; /* root can write anywhere */
    chmod("file", 0444);
    assert_refused("file", EACCES);
    chmod(*state, 0555);
    assert_refused("new", EACCES);
    chmod(*state, 0755);
    assert_file("file", "old");
}

/* Devices are written directly. Tested on a pseudo-terminal, whose folder takes no new files, so
 * that broken code of root does no harm; and on /dev/null and /dev/full if this process cannot
 * damage them. */
static void test_devices(void **state) {
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    const char *path = ptsname(master);
    assert_non_null(path);
    int kept = open(path, O_RDWR | O_NOCTTY); /* otherwise the output is lost at close */
    assert_true(kept >= 0);
    assert_written(path, "text");
    char found[8];
    assert_int_equal(read(master, found, sizeof found), 4);
    assert_memory_equal(found, "text", 4);
    test_faults.write_error = ENOSPC;
    assert_refused(path, ENOSPC);
    test_faults.write_error = 0;
    close(kept);
    close(master);
    if (access("/dev", W_OK) != 0) {
        assert_written("/dev/null", "text");
        if (access("/dev/full", W_OK) == 0)
            assert_refused("/dev/full", ENOSPC);
    }
}

static void test_fifo(void **state) {
    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_written("fifo", "text");
    char found[8];
    assert_int_equal(read(reader, found, sizeof found), 4);
    assert_memory_equal(found, "text", 4);
    close(reader);
    assert_true(S_ISFIFO(mode_of("fifo")));
}

/* /dev/stdout continues at the position of standard output; earlier output stays. */
static void test_standard_output(void **state) {
    (void)state;
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    int file = open("out", O_WRONLY | O_CREAT, 0600);
    assert_true(kept >= 0 && file >= 0);
    dup2(file, STDOUT_FILENO);
    ssize_t before = write(STDOUT_FILENO, "one ", 4);
    struct wr_error error = {0};
    wr_status status = write_text("/dev/stdout", "two ", &error);
    ssize_t after = write(STDOUT_FILENO, "three", 5);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(file);
    assert_int_equal(status, WR_OK);
    assert_int_equal(before + after, 9);
    assert_file("out", "one two three");
}

static void test_sizes_of_writes(void **state) {
    (void)state;
    enum { SIZE = 200000 };
    char *data = malloc(SIZE), *found = malloc(SIZE + 1);
    assert_true(data != NULL && found != NULL);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 2654435761u >> 24);
    static const size_t steps[] = {1, 4095, 65535, 65536, 65537, SIZE};
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        test_faults.interrupt = s % 2 == 0; /* and short writes */
        test_faults.most = s % 2 == 0 ? 1000 : 0;
        struct wr_output *out;
        assert_int_equal(wr_output_open("file", &out, NULL), WR_OK);
        for (size_t at = 0; at < SIZE; at += steps[s])
            assert_int_equal(
                wr_output_write(out, data + at, SIZE - at < steps[s] ? SIZE - at : steps[s], NULL),
                WR_OK);
        assert_int_equal(wr_output_commit(out, NULL), WR_OK);
        FILE *file = fopen("file", "r");
        assert_non_null(file);
        assert_int_equal(fread(found, 1, SIZE + 1, file), SIZE);
        fclose(file);
        assert_memory_equal(found, data, SIZE);
    }
    free(data);
    free(found);
}

static void test_print_is_bounded(void **state) {
    (void)state;
    struct wr_output *out;
    struct wr_error error = {0};
    assert_int_equal(wr_output_open("file", &out, NULL), WR_OK);
    assert_int_equal(wr_output_print(out, &error, "%4095d", 1), WR_OK);
    assert_int_equal(wr_output_print(out, &error, "%4096d", 1), WR_ERR_STORAGE);
    wr_output_abandon(out);
    assert_int_equal(entries(), 0);
}

static void test_failing_calls(void **state) {
    (void)state;
    put("file", "old");
    test_faults.write_error = ENOSPC;
    assert_refused("file", ENOSPC);
    test_faults = (struct test_faults){.allocation = -1, .fsync_error = EIO};
    assert_refused("file", EIO);
    test_faults = (struct test_faults){.allocation = -1, .rename_error = EACCES};
    assert_refused("file", EACCES);
    assert_file("file", "old");
    test_faults = (struct test_faults){.allocation = -1, .fsync_error = EINVAL};
    assert_written("file", "new"); /* a file system that cannot sync */
    assert_file("file", "new");
    for (long n = 0; n < 2; n++) {
        struct wr_error error = {0};
        test_faults = (struct test_faults){.allocation = n};
        assert_int_equal(write_text("file", "newer", &error), WR_ERR_MEMORY);
    }
    assert_file("file", "new");
    assert_int_equal(entries(), 1);
}

int main(void) {
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_new_file),
        IN_FOLDER(test_replace),
        IN_FOLDER(test_two_at_once),
        IN_FOLDER(test_change_of_folder),
        IN_FOLDER(test_links),
        IN_FOLDER(test_refusals),
        IN_FOLDER(test_devices),
        IN_FOLDER(test_fifo),
        IN_FOLDER(test_standard_output),
        IN_FOLDER(test_sizes_of_writes),
        IN_FOLDER(test_print_is_bounded),
        IN_FOLDER(test_failing_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
