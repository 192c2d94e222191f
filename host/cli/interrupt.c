#include "cli/interrupt.h"

#include <stddef.h>
#include <unistd.h>

#include "windrow/status.h"

volatile sig_atomic_t interrupt_seen;
static volatile sig_atomic_t catching;

static void on_interrupt(int number) {
    (void)number;
    if (!catching || interrupt_seen)
        _exit(WR_ERR_STOPPED);
    interrupt_seen = 1;
}

void interrupt_exit(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction old, action = {.sa_handler = on_interrupt};
        sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

void interrupt_catch(void) {
    catching = 1;
}
