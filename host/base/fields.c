#include "base/fields.h"

#include <stdio.h>
#include <string.h>

#define MARK '\1'

static wr_field_writer *write_field;

void wr_write_fields_by(wr_field_writer *writer) {
    write_field = writer;
}

char *wr_fields_shown(const char *text, char *shown, size_t size) {
    size_t at = 0;
    while (*text != '\0' && at + 1 < size) {
        if (*text != MARK) {
            shown[at++] = *text++;
            continue;
        }
        size_t length = strcspn(++text, "\1"), written = 0;
        if (write_field != NULL)
            written = write_field(text, length, shown + at, size - at);
        if (written == 0)
            written = (size_t)snprintf(shown + at, size - at, "`%.*s`", (int)length, text);
        at += written;
        text += length + (text[length] == MARK);
    }
    shown[at < size ? at : size - 1] = '\0';
    return shown;
}
