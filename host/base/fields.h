/* Fields in the library's texts. A message that says what to set names the field of a struct, or
 * the argument of a function: the literal has \1 before and after it, as in "\1missing=drop\1
 * leaves them out". The text that a caller gets has backticks there. The command has it name its
 * own option instead. Marks are no backticks, because what a user wrote may hold these. */
#ifndef WR_FIELDS_H
#define WR_FIELDS_H

#include <stddef.h>

/* Writes what stands for `field` or `field=value` (length bytes) into to (size, ends with '\0').
 * Returns the bytes written, or needed if they do not fit; 0 if it does not know the field. */
typedef size_t wr_field_writer(const char *field, size_t length, char *to, size_t size);
/* All later texts of this process are written so. NULL: between backticks. Call it before other
 * threads start. */
void wr_write_fields_by(wr_field_writer *writer);

/* Writes text, fields as above, as far as it fits into shown (size > 0), which is not the text
 * itself. Returns shown. A field without its second mark, because the text was cut, goes on to the
 * end. wr_fail does this to its text. */
char *wr_fields_shown(const char *text, char *shown, size_t size);

#endif
