/* The progress line on stderr: a bar on a terminal, else a line now and then. */
#ifndef WR_CLI_PROGRESS_H
#define WR_CLI_PROGRESS_H

#include <stdbool.h>

struct progress {
    bool on;
    bool bar;      /* rewrite one line */
    bool colour;   /* of the bar */
    bool drawn;    /* the bar is on the screen now */
    double due;    /* seconds of training at which something is shown next */
    char note[48]; /* shown beside the rest: "12 of 100 trials" */
};

void progress_start(struct progress *progress, bool quiet);
/* fraction 0 .. 1; seconds so far; seconds left, estimated. Shows what is due. */
void progress_show(struct progress *progress, double fraction, double seconds, double left);
/* "1:02" or "1:00:02" */
const char *progress_time(double seconds, char text[32]);
/* Takes the bar off the screen, so that other lines can be written; also at the end. */
void progress_clear(struct progress *progress);

#endif
