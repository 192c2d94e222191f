/* A library that LD_PRELOAD loads before windrow, in which the n-th call of a kind fails.
 * failing_calls.c has the calls; failing_campaign.c runs main for each n. */
#ifndef FAILING_CALLS_H
#define FAILING_CALLS_H

#include <stdbool.h>

/* What fails. It lies in memory that a process shares with its children. */
struct failing {
    char kind[16]; /* "alloc", "write", ...: see failing_calls.c */
    long nth;      /* the call that fails, from 1; 0: none */
    bool onwards;  /* whether all later calls fail too */
    int cause;     /* errno */
    bool trace;    /* print on stderr which call it is */
    long count;    /* calls of the kind so far */
    bool hit;      /* one has failed */
};
extern struct failing *failing;
extern bool failing_armed; /* in this process: true from the start of main to its end */

typedef int main_function(int count, char **arguments, char **environment);

/* Replaces main: runs it as the environment says, once or many times. */
int failing_campaign(main_function *own, int count, char **arguments, char **environment);

#endif
