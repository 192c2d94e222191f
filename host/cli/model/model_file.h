/* A safetensors file with models that Windrow or PyTorch wrote: its parameters, and its metadata as
 * options of a command. */
#ifndef WR_CLI_MODEL_FILE_H
#define WR_CLI_MODEL_FILE_H

#include "cli/groups/data_options.h"
#include "windrow/model.h"
#include "windrow/rule.h"
#include "windrow/windows.h"

/* Start with {0}. Call model_file_release after a failure too. */
struct model_file {
    const char *path;
    struct wr_stack stack; /* without seq_len */
    bool stacked;          /* the tensors have a leading dimension of models */
    struct wr_metadata *metadata;
    size_t metadata_count;
    double *input_scales, *target_scales; /* (I, 2), (O, 2): mean and deviation; NULL: not scaled */
    const char *usual_window;             /* the command's own default of --window, or NULL */
};

/* Reads the file. Returns WR_ERR_DATA for a fit of windrow forecast. */
wr_status model_file_read(const char *path, struct model_file *file, struct wr_error *error);
/* The metadata value of a key, or NULL. */
const char *model_file_says(const struct model_file *file, const char *key);
/* WR_ERR_DATA: the value of a key is missing or malformed. needs: what would do. */
wr_status model_file_fail(const struct model_file *file, const char *key, const char *needs,
                          struct wr_error *error);

/* The options of a command that a file of models may set. */
struct model_choices {
    struct option_choice *activation, *bias, *scale;
    struct option_size *window;
};
/* Applies the metadata of a file by windrow train or windrow export. How the models compute
 * (activation, bias, scale) becomes the value of options that are not given. Options that are given
 * and differ are WR_ERR_DATA, and so is a malformed value. The window is a default, because models
 * work with any. The strings in options belong to the file. */
wr_status model_file_apply(struct model_file *file, const struct model_choices *choices,
                           struct wr_error *error);
/* For commands that train no more. WR_ERR_DATA if there is no window, or if one is given that is
 * not that of the file, unless its models have several. */
wr_status model_file_check_window(const struct model_file *file, const struct option_size *window,
                                  struct wr_error *error);
/* WR_ERR_DATA if the numbers of inputs and targets are not those of the models. */
wr_status model_file_check_columns(const struct model_file *file, const struct data *data,
                                   struct wr_error *error);

/* Prints on stderr which options come from the file, if they differ from the defaults, and whether
 * the columns have other names than those of the file. label: what both lines start with. */
void model_file_tell(const struct model_file *file, const char *label,
                     const struct model_choices *choices, const struct data *data);
void model_file_release(struct model_file *file);

/* The rule by which the models of a file by windrow train are scored: its loss, and the activation
 * of the options; the notebook's loss where the file does not tell. WR_ERR_DATA for a malformed
 * value. */
wr_status model_file_rule(const struct model_file *file, const struct option_choice *activation,
                          struct wr_rule *rule, struct wr_error *error);

#endif
