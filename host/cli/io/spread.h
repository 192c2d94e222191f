/* The least, the median and the largest of numbers, such as the losses of many models. */
#ifndef WR_CLI_SPREAD_H
#define WR_CLI_SPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct spread {
    size_t count;
    double least, median, most;
};
/* The spread of values (count). Sorts them. */
struct spread spread_of(double *values, size_t count);

/* The mean of values (count), summed in order, or their median, for which it sorts them. NaN
 * without values. */
double mean_or_median(double *values, size_t count, bool median);

/* Six significant digits, with trailing zeros so that columns line up: "565.420", "825813". Returns
 * text. */
const char *loss_text(double loss, char text[24]);
/* Prints the losses of a line and its end. finite (count) are those that are finite, which it
 * sorts. ended: the word for the other models, such as "diverged". */
void print_losses(FILE *file, double *finite, size_t count, size_t models, const char *ended);

#endif
