/* Ctrl-C and its relatives. */
#ifndef WR_CLI_INTERRUPT_H
#define WR_CLI_INTERRUPT_H

#include <signal.h>

/* Set by the first SIGINT, SIGTERM, SIGHUP or SIGUSR1 (which batch systems send before a time
 * limit) after interrupt_catch. */
extern volatile sig_atomic_t interrupt_seen;

/* From now on these signals end the process at once, with exit code 130. One that the caller had
 * ignored (nohup, a job in the background) stays ignored. */
void interrupt_exit(void);
/* From now on the first of them only sets interrupt_seen; the second one ends the process. */
void interrupt_catch(void);

#endif
