/* --init FILE: start values, and what the file says of its models. */
#ifndef WR_CLI_INIT_FILE_H
#define WR_CLI_INIT_FILE_H

#include "cli/cli.h"
#include "windrow/model.h"

/* Start with {0}; init_file_release after any failure too. */
struct init_file {
    const char *path;
    struct wr_shape shape; /* but its seq_len */
    size_t models;
    bool stacked;      /* with a leading dimension of models */
    float *parameters; /* (models, P) */
    struct wr_metadata *metadata;
    size_t metadata_count;
    double *input_scales, *target_scales; /* (I, 2), (O, 2): mean and deviation; NULL: no scale */
};

/* Reads the file. A fit of windrow forecast is WR_ERR_DATA. */
wr_status init_file_read(const char *path, struct init_file *file, struct wr_error *error);
/* What a file says that windrow train or windrow export wrote, to options (TRAIN_OPTIONS): how its
 * models compute (activation, bias, scale) is the value of options that are not given, and given
 * ones that contradict are WR_ERR_DATA, as is a value that means nothing. Window and columns are
 * the defaults of such options, no more: models of any window work, and other series have other
 * names. Strings are the file's. */
wr_status init_file_apply(struct init_file *file, struct option_value *options,
                          struct wr_error *error);
/* On stderr: what options are the file's, if any but the usual ones, and whether the columns at
 * hand have other names than the file's. */
void init_file_tell(const struct init_file *file, const struct option_value *options,
                    const char *inputs, const char *targets);
void init_file_release(struct init_file *file);

#endif
