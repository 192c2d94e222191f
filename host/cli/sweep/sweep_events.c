#include "cli/sweep/sweep_events.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/io/json_write.h"
#include "windrow/version.h"

#define EVERY 1.0 /* seconds */

/* The ids of the devices. */
static json_t *ids_of(const struct sweep_events *events) {
    json_t *ids = json_array();
    for (size_t i = 0; i < events->device_count; i++)
        ids = wr_json_push(ids, json_text(wr_device_get_info(events->devices[i])->id));
    return ids;
}

/* The object of docs/schemas/sweep-event.schema.json. NULL without memory. */
static json_t *object_of(const struct sweep_events *events, const struct wr_sweep_event *event) {
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    return json_pack("{s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}",
                     "windrow", wr_version(), "schema", "windrow.sweep-event/1", "pid",
                     (json_int_t)getpid(), "host", json_text(host), "devices", ids_of(events),
                     "time", (json_int_t)time(NULL), "trials", (json_int_t)event->trials, "done",
                     (json_int_t)event->done, "diverged", (json_int_t)event->diverged, "failed",
                     (json_int_t)event->failed, "pruned", (json_int_t)event->pruned, "fraction",
                     event->fraction, "seconds", event->seconds, "seconds_left",
                     event->seconds_left);
}

void sweep_events_tell(struct sweep_events *events, const struct wr_sweep_event *event) {
    if (event->seconds < events->due)
        return;
    events->due = event->seconds + EVERY;
    json_t *object = object_of(events, event);
    size_t length;
    char *text = wr_json_write(object, JSON_COMPACT | JSON_ENSURE_ASCII, &length);
    json_decref(object);
    if (text != NULL && events->study != NULL)
        wr_study_leave_note(events->study, text);
    if (text != NULL && events->lines && event->seconds >= EVERY) /* a short run has none */
        fprintf(stderr, "%s\n", text);
    free(text);
}
