#include "cli/io/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_FIRST  0.5 /* seconds before the bar appears; a short run shows none */
#define BAR_EVERY  0.1
#define LINE_EVERY 30.0
#define BAR_WIDTH  40
#define BAR_LEAST  10

static bool set(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && *value != '\0';
}

void progress_start(struct progress *progress, bool quiet) {
    const char *terminal = getenv("TERM");
    bool dumb = terminal == NULL || *terminal == '\0' || strcmp(terminal, "dumb") == 0;
    bool bar = isatty(STDERR_FILENO) && !dumb;
    *progress = (struct progress){.on = !quiet,
                                  .bar = bar,
                                  .colour = bar && !set("NO_COLOR"),
                                  .due = bar ? BAR_FIRST : LINE_EVERY};
}

const char *progress_time(double seconds, char text[32]) {
    double whole = seconds > 0 && seconds < 1e9 ? seconds + 0.5 : 0;
    unsigned long s = (unsigned long)whole, hours = s / 3600, minutes = s / 60 % 60;
    if (seconds >= 1e9)
        snprintf(text, 32, "years");
    else if (hours > 0)
        snprintf(text, 32, "%lu:%02lu:%02lu", hours, minutes, s % 60);
    else
        snprintf(text, 32, "%lu:%02lu", minutes, s % 60);
    return text;
}

static unsigned screen_columns(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void draw_bar(const struct progress *progress, double fraction, unsigned percent,
                     const char *left) {
    unsigned room = screen_columns(), text = 30 + (unsigned)strlen(progress->note);
    unsigned width = room > text + BAR_LEAST ? room - text - 1 : 0;
    width = width < BAR_WIDTH ? width : BAR_WIDTH;
    unsigned full = (unsigned)(fraction * width);
    fputs("\r\033[K", stderr);
    if (width > 0) {
        fputs(progress->colour ? "[\033[32m" : "[", stderr);
        for (unsigned i = 0; i < width; i++)
            fputc(i < full ? '=' : ' ', stderr);
        fputs(progress->colour ? "\033[0m] " : "] ", stderr);
    }
    fprintf(stderr, "%3u%%  ETA %s", percent, left);
    if (*progress->note != '\0' && room > text)
        fprintf(stderr, "  %s", progress->note);
}

void progress_show(struct progress *progress, double fraction, double seconds, double left) {
    if (!progress->on || seconds < progress->due)
        return;
    fraction = fraction >= 0 && fraction <= 1 ? fraction : 0;
    unsigned percent = (unsigned)(fraction * 100); /* rounded down: 100 only at the end */
    char left_text[32], so_far[32];
    progress_time(left, left_text);
    if (progress->bar)
        draw_bar(progress, fraction, percent, left_text);
    else
        fprintf(stderr, "windrow: %u%% after %s, about %s left%s%s\n", percent,
                progress_time(seconds, so_far), left_text, *progress->note != '\0' ? ", " : "",
                progress->note);
    fflush(stderr);
    progress->drawn = progress->bar;
    progress->due = seconds + (progress->bar ? BAR_EVERY : LINE_EVERY);
}

void progress_clear(struct progress *progress) {
    if (!progress->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->drawn = false;
}
