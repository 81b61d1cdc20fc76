/*
 * progress.h: one line on stderr that says how far, how fast, how long still. On a terminal it is redrawn, else a line is
 * written each 30 s. And --stats: how long a stage worked and how long it waited for its neighbours.
 */
#ifndef PM_PROGRESS_H
#define PM_PROGRESS_H

#include "base/base.h"

/* total < 0: unknown. unit: "cases", "iterations". */
void progress_start(const char *unit, int64_t total);
void progress_to(int64_t done, const char *fmt, ...) PM_PRINTF(2, 3); /* fmt: what to add, e.g. "loss 0.31"; "" for nothing */
void progress_end(void);
void progress_clear(void); /* takes the line off the terminal, so that a message has a line of its own */

/* Bracket the time spent blocked on the input or the output; the streams do so. */
enum wait { WAIT_IN, WAIT_OUT };
void wait_begin(enum wait w);
void wait_end(enum wait w);
/* Prints "tool: worked 1.2 s, waited 0.3 s for input, 0.1 s for output" when --stats was given; runs at exit by itself. */
void stats_print(void);

#endif
