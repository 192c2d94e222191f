/* Text in memory that grows as it is printed to a stream, and is whole or not there: unlike
 * open_memstream(3), which may leave out what found no memory and say nothing. */
#ifndef WR_TEXT_H
#define WR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct wr_text {
    char *bytes; /* (room), of which `size` are written */
    size_t size, room;
    bool failed; /* something was left out for want of memory */
};

/* Text without a stream: starts with {0}, and ends as wr_text_end says. False once it has failed.
 */
bool wr_text_add(struct wr_text *text, const char *bytes, size_t count);
/* Ends it with '\0'. Returns it, freed with free; NULL where memory ran out at any point. */
char *wr_text_end(struct wr_text *text);

/* A stream whose text goes to *text, which it fills anew; NULL without memory. */
FILE *wr_text_open(struct wr_text *text);
/* Closes the stream, which may be NULL; then as wr_text_end. */
char *wr_text_close(FILE *file, struct wr_text *text);

#endif
