#include "cli/io/interrupt.h"

#include <pthread.h>
#include <stdbool.h>
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

static bool is_ignored(int number) {
    struct sigaction old;
    return sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
}

static void handle(int number) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    if (!is_ignored(number))
        sigaction(number, &action, NULL);
}

static void *turn_into_sigterm(void *signals) {
    int got;
    while (sigwait(signals, &got) == 0)
        kill(getpid(), SIGTERM);
    return NULL;
}

/* LLVM, which many OpenCL drivers use, replaces signal handlers when it first compiles. It passes
 * other signals on to the old handlers, but drops SIGUSR1. So a thread waits for SIGUSR1 instead of
 * a handler. */
static void wait_for_sigusr1(void) {
    static sigset_t usr1;
    sigset_t all, old;
    pthread_t thread;
    if (is_ignored(SIGUSR1))
        return;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&thread, NULL, turn_into_sigterm, &usr1);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed) {
        handle(SIGUSR1);
        return;
    }
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    pthread_detach(thread);
}

void interrupt_exit(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        handle(numbers[i]);
    wait_for_sigusr1();
}

void interrupt_catch(void) {
    catching = 1;
}
