/* Ctrl-C and other signals that ask the command to stop. */
#ifndef WR_CLI_INTERRUPT_H
#define WR_CLI_INTERRUPT_H

#include <signal.h>

/* Set by the first SIGINT, SIGTERM, SIGHUP or SIGUSR1 after interrupt_catch. Batch systems send
 * SIGUSR1 before a time limit. */
extern volatile sig_atomic_t interrupt_seen;

/* From now on these signals end the process at once, with exit code 130. A signal that the parent
 * process ignores (nohup, a background job) stays ignored. */
void interrupt_exit(void);
/* From now on the first of these signals only sets interrupt_seen. A second ends the process. */
void interrupt_catch(void);

#endif
