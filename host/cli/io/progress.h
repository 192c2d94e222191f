/* Shows progress on stderr: a bar on a terminal, else a line from time to time. */
#ifndef WR_CLI_PROGRESS_H
#define WR_CLI_PROGRESS_H

#include <stdbool.h>

struct progress {
    bool on;
    bool bar;      /* rewrite one line on a terminal */
    bool colour;   /* the bar has colour */
    bool drawn;    /* the bar is on the screen */
    double due;    /* seconds of training at which the next update is due */
    char note[48]; /* shown after the time: "12 of 100 trials" */
};

void progress_start(struct progress *progress, bool quiet);
/* Shows the progress if an update is due. fraction: 0 .. 1; seconds: so far; left: estimated. */
void progress_show(struct progress *progress, double fraction, double seconds, double left);
/* "1:02" or "1:00:02" */
const char *progress_time(double seconds, char text[32]);
/* Removes the bar from the screen, so that other lines can be printed. Call it at the end too. */
void progress_clear(struct progress *progress);

#endif
