/* Checks that a command does not write a file that it reads, and does not write a file twice. */
#include "cli/options/clash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/path.h"
#include "cli/groups/columns.h"
#include "forecast/fit.h"

/* A path that an option names. */
struct named {
    const struct option_spec *spec;
    char *path; /* allocated */
};

static const char standard_input[] = "/dev/stdin";

struct files {
    size_t count;
    struct named *named; /* (count) */
};

/* ---- collecting the paths ---- */

/* The name of an option for messages: "--save", "STUDY". */
static const char *option_label(const struct option_spec *spec, char text[40]) {
    snprintf(text, 40, "%s%s", option_is_named(spec) ? "--" : "",
             option_is_named(spec) ? spec->name : spec->argument);
    return text;
}

/* Fails because "-" is only accepted for standard input. */
static wr_status fail_stream(const struct option_spec *spec, struct wr_error *error) {
    char text[40];
    return wr_fail(
        error, WR_ERR_USAGE, "%s -: it needs a %s%s; ./- is one of that name",
        option_label(spec, text), spec->file & FILE_FOLDER ? "folder" : "file",
        spec->file & (FILE_FOLDER | FILE_STUDY) ? "" : ", and /dev/stdout is standard output");
}

static wr_status add(struct files *files, const struct option_spec *spec, const char *path,
                     struct wr_error *error) {
    if (strcmp(path, "-") == 0) {
        if (spec->file & FILE_WRITTEN)
            return fail_stream(spec, error);
        path = standard_input;
    }
    struct named *grown = realloc(files->named, (files->count + 1) * sizeof *grown);
    if (grown != NULL) {
        files->named = grown;
        grown[files->count] = (struct named){spec, strdup(path)};
    }
    if (grown == NULL || grown[files->count].path == NULL)
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the names of files");
    files->count++;
    return WR_OK;
}

/* Adds the files of a list. The option's reader reports a malformed list later. */
static wr_status add_list(struct files *files, const struct option_spec *spec, const char *list,
                          struct wr_error *error) {
    char *cell = wr_alloc(strlen(list) + 1, 1, "a list of files", error);
    wr_status status = cell != NULL ? WR_OK : WR_ERR_MEMORY;
    while (status == WR_OK && list != NULL && columns_cut(&list, cell))
        status = add(files, spec, cell, error);
    free(cell);
    return status;
}

static wr_status add_option(struct files *files, const struct option_spec *spec,
                            const union option_value *value, struct wr_error *error) {
    const char *text = value->head.text;
    size_t word;
    wr_status status = WR_OK;
    if (spec->kind == OPTION_OPERANDS) {
        for (size_t i = 0; i < value->operands.count && status == WR_OK; i++)
            status = add(files, spec, value->operands.values[i], error);
        return status;
    }
    if (text == NULL || (spec->choices != NULL && wr_find_word(spec->choices, text, &word)))
        return WR_OK;
    return spec->file & FILE_LIST ? add_list(files, spec, text, error)
                                  : add(files, spec, text, error);
}

/* ---- comparing the paths ---- */

/* *same is set if path is one of the files next to a study: SQLite's journal files, or our lock. */
static wr_status is_of_study(const char *study, const char *path, bool *same,
                             struct wr_error *error) {
    static const char *const endings[] = {"-wal", "-shm", "-journal", "-lock"};
    size_t length = strlen(study);
    char *beside = wr_alloc(length + 16, 1, "the name of a file", error);
    if (beside == NULL)
        return WR_ERR_MEMORY;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !*same; i++) {
        snprintf(beside, length + 16, "%s%s", study, endings[i]);
        *same = wr_path_same(beside, path);
    }
    free(beside);
    return WR_OK;
}

/* Whether path is one of the part files that --resume FOLDER keeps. */
static bool is_part(const char *folder, const char *path) {
    size_t length = strlen(path), ending = strlen(WR_PART_ENDING);
    return length >= ending && strcmp(path + length - ending, WR_PART_ENDING) == 0 &&
           wr_path_is_in(path, folder);
}

static wr_status compare(const struct named *a, const struct named *b, bool *same,
                         struct wr_error *error) {
    wr_status status = WR_OK;
    *same = wr_path_same(a->path, b->path);
    if (a->spec->file & FILE_FOLDER)
        *same |= is_part(a->path, b->path);
    if (b->spec->file & FILE_FOLDER)
        *same |= is_part(b->path, a->path);
    if (!*same && a->spec->file & FILE_STUDY)
        status = is_of_study(a->path, b->path, same, error);
    if (status == WR_OK && !*same && b->spec->file & FILE_STUDY)
        status = is_of_study(b->path, a->path, same, error);
    return status;
}

static wr_status fail(const struct named *a, const struct named *b, struct wr_error *error) {
    char of_a[40], of_b[40];
    if (a->spec == b->spec)
        return wr_fail(error, WR_ERR_USAGE, "%s names the same file twice, %s",
                       option_label(a->spec, of_a), a->path);
    return wr_fail(error, WR_ERR_USAGE, "%s and %s name the same file, %s",
                   option_label(a->spec, of_a), option_label(b->spec, of_b), a->path);
}

static wr_status check_pair(const struct named *a, const struct named *b, struct wr_error *error) {
    bool same;
    unsigned either = a->spec->file | b->spec->file;
    /* merge skips its own study */
    bool studies = a->spec->file & b->spec->file & FILE_STUDY && !option_is_named(a->spec);
    char of_a[40], of_b[40];
    if (strcmp(a->path, standard_input) == 0 && strcmp(b->path, standard_input) == 0)
        return wr_fail(error, WR_ERR_USAGE, "%s and %s both read standard input",
                       option_label(a->spec, of_a), option_label(b->spec, of_b));
    if (!(either & FILE_WRITTEN) || studies)
        return WR_OK;
    wr_status status = compare(a, b, &same, error);
    return status == WR_OK && same ? fail(a, b, error) : status;
}

wr_status clash_check(const struct command *command, const void *options, struct wr_error *error) {
    struct option_table table;
    struct files files = {0};
    wr_status status = WR_OK;
    option_table_make(&command->options, &table);
    for (size_t i = 0; i < table.count && status == WR_OK; i++) {
        const struct option_spec *spec = &table.specs[i];
        if (spec->file != 0)
            status = add_option(&files, spec, option_at(options, spec->at), error);
    }
    for (size_t i = 0; i < files.count && status == WR_OK; i++)
        for (size_t j = i + 1; j < files.count && status == WR_OK; j++)
            status = check_pair(&files.named[i], &files.named[j], error);
    for (size_t i = 0; i < files.count; i++)
        free(files.named[i].path);
    free(files.named);
    return status;
}
