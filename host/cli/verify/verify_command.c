#include <stdio.h>
#include <stdlib.h>

#include "backend/registry.h"
#include "base/base.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/devices/find_devices.h"
#include "cli/io/json_write.h"
#include "cli/verify/verify_options.h"
#include "windrow/verify.h"

/* How results are reported. */
struct report {
    bool table, json;
    size_t told;     /* number of devices reported */
    json_t *devices; /* with --json; NULL after an allocation failed */
};

/* What the verification of a device has found so far. */
struct verification {
    const struct report *report;
    json_t *rows; /* with --json; NULL after an allocation failed */
    size_t comparisons, skipped, values, differing;
};

static const char *verdict(const struct wr_verify_row *row) {
    return row->skipped ? "skipped" : row->differing > 0 ? "differs" : "ok";
}

static wr_status on_row(void *context, const struct wr_verify_row *row) {
    struct verification *verification = context;
    verification->comparisons++;
    verification->skipped += row->skipped;
    verification->values += row->values;
    verification->differing += row->differing;
    if (verification->report->table) {
        printf("  %-7s  %-10s  %-15s  %-30s", verdict(row), row->what, row->tensor, row->shape);
        if (!row->skipped)
            printf("  %9zu values, %zu differing", row->values, row->differing);
        if (row->difference[0] != '\0')
            printf("%s%s", row->skipped ? "  " : "\n           first: ", row->difference);
        putchar('\n');
        cli_flush();
    }
    if (verification->report->json)
        verification->rows = wr_json_push(
            verification->rows,
            json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "what", row->what, "tensor",
                      row->tensor, "shape", row->shape, "result", verdict(row), "values",
                      (json_int_t)row->values, "differing", (json_int_t)row->differing,
                      "difference", json_text(row->difference)));
    return WR_OK;
}

/* Verifies one device and reports each comparison at once. */
static wr_status verify_device(const char *selector, device_open_fn *open, struct report *report,
                               struct wr_error *error) {
    struct wr_device_options inexact = {.inexact = true}; /* so that inexact devices open too */
    struct wr_device *device;
    wr_status status = open(selector, &inexact, &device, error);
    if (status != WR_OK)
        return status;
    const struct wr_device_info *info = wr_device_get_info(device);
    struct verification seen = {.report = report, .rows = report->json ? json_array() : NULL};
    if (report->table)
        printf("%s: %s\n", info->id, info->name);
    status = wr_verify(device, on_row, &seen, error);
    if (report->table)
        printf("%s: %zu comparisons, %zu skipped; %zu values, %zu differing%s\n", info->id,
               seen.comparisons, seen.skipped, seen.values, seen.differing,
               status == WR_OK ? "" : "; FAILED");
    cli_flush();
    report->told++;
    if (report->json)
        report->devices = wr_json_push(
            report->devices, json_pack("{s:s, s:o, s:b, s:I, s:I, s:o}", "id", info->id, "name",
                                       json_text(info->name), "ok", (int)(status == WR_OK),
                                       "values", (json_int_t)seen.values, "differing",
                                       (json_int_t)seen.differing, "comparisons", seen.rows));
    wr_device_close(device);
    return status;
}

/* The titles of the backends that are compared: "OpenCL". */
static void list_titles(char *text, size_t size) {
    size_t length = 0;
    for (size_t b = 0; b < WR_BACKENDS; b++)
        if (!wr_backends[b]->reference && length < size)
            length += (size_t)snprintf(text + length, size - length, "%s%s",
                                       length > 0 ? " or " : "", wr_backends[b]->title);
}

/* Verifies every usable device but the reference, and reports which are not usable. A device that
 * fails does not stop the others. The first error goes to *error; later ones are printed. Returns
 * WR_ERR_VERIFY if a device had it, else the last failing status. */
static wr_status verify_all(struct report *report, struct wr_error *error) {
    struct wr_device_info *devices;
    size_t count, verified = 0;
    const struct wr_device_info *left_out = NULL; /* the last device that is not usable */
    wr_status worst = devices_find(&devices, &count, error);
    if (worst != WR_OK)
        return worst;
    for (size_t i = 0; i < count; i++) {
        if (wr_backend_find(devices[i].backend)->reference)
            continue;
        if (!devices[i].usable) {
            if (left_out != NULL)
                device_tell_left_out(left_out);
            left_out = &devices[i];
            continue;
        }
        verified++;
        struct wr_error own = {0};
        wr_status status = verify_device(devices[i].id, device_open_found, report, &own);
        if (status != WR_OK && error->text[0] != '\0')
            cli_complain(&own);
        else if (status != WR_OK)
            wr_error_move(&own, error);
        wr_error_release(&own);
        if (worst != WR_ERR_VERIFY)
            worst = status != WR_OK ? status : worst;
    }
    char titles[64] = "";
    list_titles(titles, sizeof titles);
    if (verified == 0)
        worst = wr_fail(error, WR_ERR_DEVICE, "there is no usable %s device to verify%s%s", titles,
                        left_out != NULL ? ": " : "", left_out != NULL ? left_out->detail : "");
    else if (left_out != NULL)
        device_tell_left_out(left_out);
    free(devices);
    return worst;
}

wr_status verify_command(const struct verify_options *options, struct wr_error *error) {
    struct report report = {.json = options->json.given};
    report.table = !report.json && !options->quiet.given;
    report.devices = report.json ? json_array() : NULL;
    wr_status status = options->device.given
                           ? verify_device(options->device.text, device_open, &report, error)
                           : verify_all(&report, error);
    if (!report.json || report.told == 0) {
        json_decref(report.devices);
        return status;
    }
    json_t *object = json_pack("{s:o}", "devices", report.devices);
    wr_status printed = json_print(object, "windrow.verify/1", status == WR_OK ? error : NULL);
    return status == WR_OK ? printed : status;
}
