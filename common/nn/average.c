/* average.c: see average.h. */
#include "nn/average.h"

#include <math.h>

enum { KEEP = 2 * sizeof(double) };

void average_init(struct average *a, struct params *ps, const struct params *of, const struct follow *how)
{
	params_clone(ps, of);
	*a = (struct average){ ps, of, *how, of->be->alloc(KEEP) };
}

void average_put(struct average *a, int64_t t)
{
	const double decay = a->how.decay, keep = a->how.steady ? decay : fmin(1 - 1 / ((double)t + 1), decay);
	const double both[2] = { keep, a->how.statistics ? keep : 0 };

	a->ps->be->put(a->keep, both, sizeof both);
}

void average_run(struct average *a)
{
	const int64_t n = a->ps->trainable;

	a->ps->be->ema(a->ps->value, a->of->value, n, a->keep);
	a->ps->be->ema(a->ps->value + n, a->of->value + n, a->ps->total - n, a->keep + 1);
	params_touch(a->ps);
}

void average_fini(struct average *a) { a->ps->be->free(a->keep, KEEP); }
