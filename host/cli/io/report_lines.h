/* Lines, and parts of lines, that several commands print. */
#ifndef WR_CLI_REPORT_LINES_H
#define WR_CLI_REPORT_LINES_H

struct wr_device;

/* Prints on stdout `before`, then the text of a file or an option as wr_print_shown does. */
void report_named(const char *before, const char *text);
/* Prints a line on stderr if the losses of an inexact device differ from the cpu's. */
void report_deviation(const struct wr_device *device);
/* Prints a line on stderr: how many updates took how many seconds. */
void report_speed(double updates, double seconds);

#endif
