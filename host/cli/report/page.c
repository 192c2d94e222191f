#include "cli/report/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/output.h"
#include "base/text.h"

#ifdef WINDROW_REPORT
/* Made by scripts/cmake/page.cmake: the page before and after its data. */
extern const unsigned char page_before[], page_after[];
bool page_is_built(void) {
    return true;
}
#else
static const unsigned char page_before[1], page_after[1];
bool page_is_built(void) {
    return false;
}
#endif

/* Adds JSON in ASCII. What HTML could take for the end of a script or for a character reference is
 * escaped; in JSON such characters stand in strings alone. */
static bool add_escaped(struct wr_text *text, const char *json) {
    bool fine = true;
    while (*json != '\0' && fine) {
        size_t plain = strcspn(json, "<>&");
        fine = wr_text_add(text, json, plain);
        json += plain;
        if (*json != '\0' && fine) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)*json++);
            fine = wr_text_add(text, escape, 6);
        }
    }
    return fine;
}

static bool add_part(struct wr_text *text, const unsigned char *part) {
    const char *bytes = (const char *)part;
    return wr_text_add(text, bytes, strlen(bytes));
}

wr_status page_write(const char *path, const json_t *data, struct wr_error *error) {
    struct wr_text page = {0};
    struct wr_output *output;
    size_t length;
    char *json =
        wr_json_write(data, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(7), &length);
    bool made = json != NULL && add_part(&page, page_before) && add_escaped(&page, json) &&
                add_part(&page, page_after);
    free(json);
    size_t size = page.size;
    char *bytes = wr_text_end(&page);
    if (!made || bytes == NULL) {
        free(bytes);
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the page");
    }
    wr_status status = wr_output_open(path, &output, error);
    if (status == WR_OK)
        status = wr_output_write(output, bytes, size, error);
    free(bytes);
    if (status == WR_OK)
        return wr_output_commit(output, error);
    wr_output_abandon(output);
    return status;
}
