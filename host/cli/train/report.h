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

/* Prints on stdout `before`, then the text of a file or an option as wr_print_shown does. */
void report_named(const char *before, const char *text);
/* Print what will be trained. */
void report_series(const struct data *data, const struct data_options *options);
void report_setup(const struct setup *setup, const struct train_options *options);
void report_device(const struct wr_device *device, const struct wr_session *session);
/* Prints a line on stderr if the losses of an inexact device differ from the cpu's. */
void report_deviation(const struct wr_device *device);
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
 * parameters (M, P) are trained. */
wr_status report_forecast(const struct setup *setup, const struct wr_train_result *result,
                          const float *parameters, struct wr_error *error);
void report_speed(double updates, double seconds);
/* Prints a line on stderr: how many models diverged, and the first of them. Call it only if models
 * diverged. */
void report_diverged(const struct setup *setup, const struct wr_train_result *result);
/* Prints the object of --json on one line of stdout. */
wr_status report_json(const struct setup *setup, const struct wr_device *device,
                      const struct wr_session *session, const struct wr_train_result *result,
                      const float *parameters, struct wr_error *error);

/* A JSON string of text. If text is not UTF-8, bytes outside ASCII become '?'. Returns a new
 * reference. */
struct json_t *json_text(const char *text);
/* A JSON number, or null if value is not finite. Returns a new reference. */
struct json_t *json_number(double value);
/* Prints the object on one line of stdout and releases it. NULL means that the object could not be
 * allocated. Keys keep the order in which they were set. */
wr_status json_print(struct json_t *object, struct wr_error *error);

#endif
