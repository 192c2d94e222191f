/* What the tests of panels share: reading a text, and checks of what was read. */
#ifndef WR_TEST_PANEL_SUPPORT_H
#define WR_TEST_PANEL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/panel.h"

/* Reads the text as file p.csv; spec NULL: all defaults. */
wr_status read_panel_text(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec,
                          struct wr_panel **panel, struct wr_error *error);
/* Reads the text and fails the test if that fails. A long CSV is read from arrays, too, and must
 * give the same panel (panel_arrays.c). */
struct wr_panel *good(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec);
/* Checks that the text is refused with one line that contains `line` and `what`. Arrays of the same
 * content must be refused by the same words. */
void bad(const char *text, wr_panel_reader *read, const struct wr_panel_spec *spec,
         const char *line, const char *what);

/* A panel of one series of numbered values. */
wr_status panel_of_values(const char *id, const double *values, size_t length,
                          struct wr_panel **panel, struct wr_error *error);

#define DOUBLES(...)                                                                               \
    (const double[]) {                                                                             \
        __VA_ARGS__                                                                                \
    }

/* Compares values; NaN equals NaN. */
void assert_doubles(const double *values, size_t count, const double *expected);
void assert_series(const struct wr_panel *panel, size_t series, const char *id, size_t length,
                   const double *expected);
void assert_stamp(const struct wr_panel *panel, size_t series, size_t step, const char *expected);

/* ---- panel_arrays.c ---- */

/* Puts the content of a long CSV into arrays, makes a panel of them, and checks that all that it
 * gives is that of the panel that was read; NULL: that it is refused by the same words. Returns
 * false if arrays cannot hold the content, such as text for numbers. */
bool same_from_arrays(const char *text, const struct wr_panel_spec *spec,
                      const struct wr_panel *read, const char *refusal);

#endif
