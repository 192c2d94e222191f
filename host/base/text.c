#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* Makes room for so many bytes and a '\0'. */
static bool make_room(struct wr_text *text, size_t size) {
    size_t room;
    if (size < text->room)
        return true;
    if (!wr_size_mul(size, 2, &room) || !wr_size_add(room, 64, &room))
        return false;
    char *grown = realloc(text->bytes, room);
    if (grown == NULL)
        return false;
    text->bytes = grown;
    text->room = room;
    return true;
}

bool wr_text_add(struct wr_text *text, const char *bytes, size_t count) {
    size_t size;
    text->failed |= !wr_size_add(text->size, count, &size) || !make_room(text, size);
    if (text->failed)
        return false;
    memcpy(text->bytes + text->size, bytes, count);
    text->size = size;
    return true;
}

char *wr_text_end(struct wr_text *text) {
    if (text->failed || !make_room(text, text->size)) {
        free(text->bytes);
        *text = (struct wr_text){.failed = true};
        return NULL;
    }
    text->bytes[text->size] = '\0';
    return text->bytes;
}

static ssize_t append(void *text, const char *bytes, size_t count) {
    return wr_text_add(text, bytes, count) ? (ssize_t)count : 0;
}

FILE *wr_text_open(struct wr_text *text) {
    *text = (struct wr_text){0};
    return fopencookie(text, "w", (cookie_io_functions_t){.write = append});
}

char *wr_text_close(FILE *file, struct wr_text *text) {
    if (file == NULL)
        return NULL;
    text->failed |= fflush(file) != 0; /* so fclose has nothing left to write */
    fclose(file);
    return wr_text_end(text);
}
