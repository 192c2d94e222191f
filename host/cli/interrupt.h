/* Ctrl-C and its relatives. */
#ifndef WR_CLI_INTERRUPT_H
#define WR_CLI_INTERRUPT_H

#include <signal.h>

/* Set by the first SIGINT, SIGTERM or SIGHUP after interrupt_catch. */
extern volatile sig_atomic_t interrupt_seen;

/* From now on the first of these signals only sets interrupt_seen; the second one ends the process.
 * A signal that the caller had ignored (nohup, a job in the background) stays ignored. */
void interrupt_catch(void);

#endif
