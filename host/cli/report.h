/* What `windrow train` tells. Tables on stdout are the same bytes on every device and schedule;
 * what depends on the machine (device, speed) goes to stderr. */
#ifndef WR_CLI_REPORT_H
#define WR_CLI_REPORT_H

#include "cli/options.h"

struct data;
struct setup;
struct wr_device;
struct wr_session;
struct wr_train_result;

/* `before`, then text of a file or an option, as wr_print_shown prints it, on stdout. */
void report_named(const char *before, const char *text);
/* What is about to be trained. */
void report_series(const struct data *data, const struct option_value *options);
void report_setup(const struct setup *setup, const struct option_value *options);
void report_device(const struct wr_device *device, const struct wr_session *session);
/* One line on stderr if the losses of an inexact device were off. */
void report_deviation(const struct wr_device *device);
/* The line of an epoch: losses (M). label is "epoch  250" or so; models whose loss is not finite
 * have `ended`: "diverged". */
wr_status report_losses(const char *label, const float *losses, size_t models, const char *ended,
                        struct wr_error *error);
/* The least validation losses and their epochs; nothing without --validate. */
wr_status report_validation(const struct setup *setup, const struct wr_train_result *result,
                            struct wr_error *error);
/* Width of an epoch's number in the column of labels. */
int report_epoch_width(size_t epochs);
/* The naive forecast's loss, and the first window's forecasts against the truth. parameters
 * (M, P) are the trained ones. */
wr_status report_forecast(const struct setup *setup, const struct wr_train_result *result,
                          const float *parameters, struct wr_error *error);
void report_speed(double updates, double seconds);
/* One line on stderr if models diverged: how many, and the first. */
void report_diverged(const struct setup *setup, const struct wr_train_result *result);
/* The object of --json, on one line of stdout. */
wr_status report_json(const struct setup *setup, const struct wr_device *device,
                      const struct wr_session *session, const struct wr_train_result *result,
                      const float *parameters, struct wr_error *error);

/* The string, or with every byte beyond ASCII as '?' where it is no UTF-8. A new reference. */
struct json_t *json_text(const char *text);
/* The number, or null where it is not finite. A new reference. */
struct json_t *json_number(double value);
/* Prints the object on one line of stdout and releases it; NULL is an object that found no memory.
 * Keys stand in the order in which they were set. */
wr_status json_print(struct json_t *object, struct wr_error *error);

#endif
