/* Text in memory that grows while it is printed to a stream. It is complete or NULL, unlike that of
 * open_memstream(3), which may lose bytes silently when memory runs out. */
#ifndef WR_TEXT_H
#define WR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wr_text {
    char *bytes; /* (room), of which `size` are written */
    size_t size, room;
    bool failed; /* memory ran out, so some text is missing */
};

/* Adds to a text without a stream, which starts as {0} and ends with wr_text_end. False after a
 * failure. */
bool wr_text_add(struct wr_text *text, const char *bytes, size_t count);
/* Ends the text with '\0' and returns it, to be freed with free. NULL if memory ran out at any
 * point. */
char *wr_text_end(struct wr_text *text);

/* Opens a stream that writes to *text, which starts empty; NULL without memory. */
FILE *wr_text_open(struct wr_text *text);
/* Closes the stream, which may be NULL, and returns the text as wr_text_end does. */
char *wr_text_close(FILE *file, struct wr_text *text);

#endif
