/* What `windrow train` prints. Tables on stdout are the same bytes on every device and schedule.
 * What depends on the machine (device, speed) goes to stderr. */
#ifndef WR_CLI_REPORT_H
#define WR_CLI_REPORT_H

#include <stddef.h>

#include "windrow/status.h"

struct data;
struct data_options;
struct setup;
struct train_options;
struct wr_device;
struct wr_session;
struct wr_train_result;

/* Print what will be trained. */
void report_series(const struct data *data, const struct data_options *options);
void report_setup(const struct setup *setup, const struct train_options *options);
void report_device(const struct wr_device *device, const struct wr_session *session);
/* Prints the line of an epoch: losses (M). label: such as "epoch  250". ended: the word for models
 * whose loss is not finite, such as "diverged". */
wr_status report_losses(const char *label, const float *losses, size_t models, const char *ended,
                        struct wr_error *error);
/* Prints the least validation losses and their epochs; nothing without --validate. */
wr_status report_validation(const struct setup *setup, const struct wr_train_result *result,
                            struct wr_error *error);
/* The width of an epoch's number in the labels. */
int report_epoch_width(size_t epochs);
/* Prints the loss of the naive forecast, and the first window's forecasts and true values.
 * The models are trained. */
wr_status report_forecast(const struct setup *setup, const struct wr_train_result *result,
                          struct wr_error *error);
/* Prints a line on stderr: how many models diverged, and the first of them. Call it only if models
 * diverged. */
void report_diverged(const struct setup *setup, const struct wr_train_result *result);
/* Prints the object of --json on one line of stdout. */
wr_status report_json(const struct setup *setup, const struct wr_device *device,
                      const struct wr_session *session, const struct wr_train_result *result,
                      const float *parameters, struct wr_error *error);

#endif
