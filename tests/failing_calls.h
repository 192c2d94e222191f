/* A library to be loaded before windrow (LD_PRELOAD), in which the n-th call of a kind fails.
 * failing_calls.c has the calls, failing_campaign.c runs main for each n. */
#ifndef FAILING_CALLS_H
#define FAILING_CALLS_H

#include <stdbool.h>

/* What fails, in memory that a process shares with its children. */
struct failing {
    char kind[16]; /* "alloc", "write", ...: see failing_calls.c */
    long nth;      /* the call that fails, from 1; 0: none */
    bool onwards;  /* and all that follow */
    int cause;     /* errno */
    bool trace;    /* print on stderr which call it is */
    long count;    /* calls of the kind so far */
    bool hit;      /* one has failed */
};
extern struct failing *failing;
extern bool failing_armed; /* this process: from the start of main to its end */

typedef int main_function(int count, char **arguments, char **environment);

/* Runs main as the environment says, or many times; in the place of main. */
int failing_campaign(main_function *own, int count, char **arguments, char **environment);

#endif
