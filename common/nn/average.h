/*
 * average.h: parameters that follow trained ones: teachers (Tarvainen and Valpola, NeurIPS 2017), and averages of a run that
 * are kept for inference. They start as a copy; after each step w = a w + (1 - a) trained, a = min(1 - 1 / (t + 1), decay).
 * Or stochastic weight averaging (Izmailov et al., UAI 2018): copies until `start` steps, then the mean of the weights after
 * each `every` of them; running statistics are left to who lets images through them.
 */
#ifndef PM_AVERAGE_H
#define PM_AVERAGE_H

#include "nn/params.h"

struct follow {
	double decay;
	bool statistics; /* running statistics are averaged as well; else they are copies */
	int64_t start, every; /* every 0: exponential */
};

struct average {
	struct params *ps;
	const struct params *of;
	struct follow how;
	double *keep; /* on the backend: a, and that of the statistics */
};

void average_init(struct average *a, struct params *ps, const struct params *of, const struct follow *how); /* clones of, which is frozen */
/* As with optimizers: put tells the backend which step t follows (0, 1, ...), run is the same work each time. */
void average_put(struct average *a, int64_t t);
void average_run(struct average *a);
void average_fini(struct average *a); /* not the parameters */

#endif
