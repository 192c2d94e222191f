/* --init FILE: start values, and metadata about the models. */
#ifndef WR_CLI_INIT_FILE_H
#define WR_CLI_INIT_FILE_H

#include "cli/train/train_options.h"
#include "windrow/model.h"

/* Start with {0}. Call init_file_release after a failure too. */
struct init_file {
    const char *path;
    struct wr_stack stack; /* without seq_len */
    bool stacked;          /* the tensors have a leading dimension of models */
    struct wr_metadata *metadata;
    size_t metadata_count;
    double *input_scales, *target_scales; /* (I, 2), (O, 2): mean and deviation; NULL: not scaled */
};

/* Reads the file. Returns WR_ERR_DATA for a fit of windrow forecast. */
wr_status init_file_read(const char *path, struct init_file *file, struct wr_error *error);
/* Applies the metadata of a file by windrow train or windrow export to options. How the
 * models compute (activation, bias, scale) becomes the value of options that are not given.
 * Options that are given and differ are WR_ERR_DATA, and so is a malformed value. Window and
 * columns only become defaults: models work with any window, and other series have other names. The
 * strings in options belong to the file. */
wr_status init_file_apply(struct init_file *file, struct train_options *options,
                          struct wr_error *error);
/* Prints on stderr which options come from the file, if they differ from the defaults, and whether
 * the columns have other names than those of the file. */
void init_file_tell(const struct init_file *file, const struct train_options *options,
                    const char *inputs, const char *targets);
void init_file_release(struct init_file *file);

#endif
