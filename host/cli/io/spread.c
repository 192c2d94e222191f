#include "cli/io/spread.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

struct spread spread_of(double *values, size_t count) {
    if (count == 0)
        return (struct spread){0};
    qsort(values, count, sizeof *values, compare);
    double middle = values[count / 2];
    if (count % 2 == 0)
        middle = (values[count / 2 - 1] + middle) / 2;
    return (struct spread){count, values[0], middle, values[count - 1]};
}

double mean_or_median(double *values, size_t count, bool median) {
    double sum = 0;
    if (count == 0)
        return (double)NAN;
    if (median)
        return spread_of(values, count).median;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

const char *loss_text(double loss, char text[24]) {
    int length = snprintf(text, 24, "%#7.6g", loss);
    if (text[length - 1] == '.')
        text[length - 1] = '\0';
    return text;
}

void print_losses(FILE *file, double *finite, size_t count, size_t models, const char *ended) {
    struct spread spread = spread_of(finite, count);
    char least[24], median[24], most[24];
    loss_text(spread.median, median);
    if (count == 0)
        fprintf(file, "%s%s", models == 1 ? "" : "all ", ended);
    else if (models == 1)
        fputs(median, file);
    else
        fprintf(file, "min %s  median %s  max %s", loss_text(spread.least, least), median,
                loss_text(spread.most, most));
    if (count > 0 && count < models)
        fprintf(file, "  %s %zu", ended, models - count);
    fputc('\n', file);
}
