/* libFuzzer: any bytes as a study. A study that opens is read to its end, written, and read again.
 * Anything else is refused with one line that is safe for a terminal. Mutations change values in
 * the pages of a file, because a file that is changed elsewhere seldom passes the check of its
 * schema. Files lie in memory where there is /dev/shm.
 *
 *   fuzz_study -max_len=65536 -max_total_time=300 NEW-CORPUS tests/corpus/study */
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "windrow/study.h"

enum { PAGE = 512 }; /* of the corpus */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed);

static char folder[64], path[80], other[80];

static void check(int holds) {
    if (!holds)
        abort();
}

static void remove_files(const char *name) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", "-lock"};
    char file[96];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(file, sizeof file, "%s%s", name, ends[i]);
        unlink(file);
    }
}

static void remove_folder(void) {
    remove_files(path);
    remove_files(other);
    rmdir(folder);
}

static void make_folder(void) {
    if (folder[0] != '\0')
        return;
    snprintf(folder, sizeof folder, "%s/fuzz-study-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/study.db", folder);
    snprintf(other, sizeof other, "%s/other.db", folder);
    atexit(remove_folder);
}

/* Whether status is WR_OK; otherwise the error is one of the file. */
static int well(wr_status status, struct wr_error *error) {
    check(status == WR_OK || status == WR_ERR_DATA);
    check(status == WR_OK || error->text[0] != '\0');
    for (const char *at = error->text; *at != '\0'; at++)
        check((unsigned char)*at >= ' ' && *at != 0x7f);
    wr_error_release(error);
    return status == WR_OK;
}

/* ---- reading ---- */

static wr_status see_trial(void *context, const struct wr_trial *trial) {
    int64_t *last = context;
    const struct wr_trial_options *o = &trial->options;
    check(trial->id > 0 && o->hidden > 0 && o->window > 0 && o->lr >= 0 && o->clip >= 0);
    check(strlen(trial->why) <= 1 << 16 && strlen(trial->device) <= 1 << 12);
    *last = trial->id;
    return WR_OK;
}

static wr_status see_group(void *context, const struct wr_study_group *group) {
    size_t *trials = context;
    *trials += group->trials;
    return WR_OK;
}

/* Reads all trials; returns the id of the last one, or 0 if there is none or the file is
 * damaged. */
static int64_t read_all(struct wr_study *study) {
    /* The last two mean nothing to some trials. */
    static const char *const options[] = {"hidden", "window", "batch",        "init",    "lr",
                                          "clip",   "seed",   "weight_decay", "clip_by", "lr_decay",
                                          "order",  "bias",   "momentum",     "recency"};
    enum { OPTIONS = sizeof options / sizeof *options };
    static const struct wr_trial_query all = {0}, best = {.best = true, .most = 3};
    struct wr_error error = {0};
    struct wr_study_counts counts;
    int64_t last = 0, none;
    size_t count = 0;
    float *parameters;
    struct wr_trial_checkpoint checkpoint;
    struct wr_trial_options least, most;
    void *memory;
    char *value;
    if (!well(wr_study_count(study, &counts, &error), &error) ||
        !well(wr_study_trials(study, &all, see_trial, &last, &error), &error) ||
        !well(wr_study_trials(study, &best, see_trial, &none, &error), &error))
        return 0;
    for (size_t i = 0; i < OPTIONS; i++) {
        count = 0;
        if (well(wr_study_groups(study, options[i], see_group, &count, &error), &error))
            check(i < OPTIONS - 2 ? count == counts.trials : count <= counts.trials);
    }
    well(wr_study_setting(study, "series", &value, &error), &error);
    free(value);
    well(wr_study_read_parameters(study, last, &parameters, &count, &error), &error);
    free(parameters);
    if (well(wr_study_read_checkpoint(study, last, &checkpoint, &memory, &error), &error))
        check(checkpoint.epoch > 0);
    free(memory);
    if (well(wr_study_spans(study, &least, &most, &error), &error))
        check(least.hidden <= most.hidden && least.lr <= most.lr);
    return last;
}

/* ---- writing ---- */

static void write_some(struct wr_study *study, int64_t id) {
    struct wr_error error = {0};
    const float parameters[5] = {0};
    struct wr_trial_outcome outcome = {.id = id,
                                       .status = WR_TRIAL_DONE,
                                       .parameters = parameters,
                                       .parameter_count = 5,
                                       .device = "cpu"};
    struct wr_trial_options options = {.hidden = 1, .window = 9, .batch = 1, .seed = 77};
    struct wr_trial_state state;
    if (well(wr_study_add(study, &options, NULL, 1, &state, NULL, &error), &error)) {
        outcome.id = state.id;
        well(wr_study_commit(study, &outcome, 1, NULL, 0, &error), &error);
    }
}

static void merge_it(struct wr_study *from) {
    struct wr_error error = {0};
    struct wr_merge_report report;
    struct wr_study *study;
    check(wr_study_open(other, WR_STUDY_WRITE, &study, NULL) == WR_OK);
    wr_status status = wr_study_merge(study, from, &report, &error);
    check(status != WR_ERR_STORAGE && status != WR_ERR_USAGE);
    wr_error_release(&error);
    wr_study_close(study);
    if (status == WR_OK) { /* no error so far */
        check(wr_study_open(other, WR_STUDY_READ, &study, &error) == WR_OK);
        wr_study_close(study);
    }
    remove_files(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wr_error error = {0};
    struct wr_study *study;
    int64_t last = 0;
    make_folder();
    FILE *file = fopen(path, "w");
    check(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    int opened = well(wr_study_open(path, WR_STUDY_READ, &study, &error), &error);
    check(opened == (study != NULL));
    if (opened) {
        last = read_all(study);
        merge_it(study);
    }
    wr_study_close(study);
    if (opened && well(wr_study_open(path, WR_STUDY_WRITE, &study, &error), &error)) {
        write_some(study, last);
        wr_study_close(study);
    }
    remove_files(path);
    return 0;
}

/* ---- mutations ---- */

/* Changes some bytes of a page, or puts a page in the place of another; sometimes changes
 * anything. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed) {
    if (size < 2 * PAGE || seed % 16 == 0)
        return LLVMFuzzerMutate(data, size, most);
    size_t pages = size / PAGE, page = seed / 16 % pages;
    uint8_t *at = data + page * PAGE;
    if (seed % 16 == 1) {
        memmove(at, data + seed / 512 % pages * PAGE, PAGE);
        return size;
    }
    size_t offset = seed / 64 % PAGE, length = 1 + seed % 8;
    length = length < PAGE - offset ? length : PAGE - offset;
    LLVMFuzzerMutate(at + offset, length, length);
    return size;
}
