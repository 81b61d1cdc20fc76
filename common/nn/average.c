/* average.c: see average.h. */
#include "nn/average.h"

#include <math.h>

enum { KEEP = 2 * sizeof(double) };

void average_init(struct average *a, struct params *ps, const struct params *of, const struct follow *how)
{
	params_clone(ps, of);
	*a = (struct average){ ps, of, *how, of->be->alloc(KEEP) };
}

/* What is kept of the weights and of the statistics. */
static void kept(const struct follow *f, int64_t t, double keep[2])
{
	const int64_t since = t + 1 - f->start;

	if (f->every) {
		keep[0] = since <= 0 ? 0 : since % f->every ? 1 : (double)(since / f->every) / (double)(since / f->every + 1);
		keep[1] = since > 0;
	} else {
		keep[0] = fmin(1 - 1 / ((double)t + 1), f->decay);
		keep[1] = f->statistics ? keep[0] : 0;
	}
}

void average_put(struct average *a, int64_t t)
{
	double keep[2];

	kept(&a->how, t, keep);
	a->ps->be->put(a->keep, keep, sizeof keep);
}

void average_run(struct average *a)
{
	const int64_t n = a->ps->trainable;

	a->ps->be->ema(a->ps->value, a->of->value, n, a->keep);
	a->ps->be->ema(a->ps->value + n, a->of->value + n, a->ps->total - n, a->keep + 1);
	params_touch(a->ps);
}

void average_fini(struct average *a) { a->ps->be->free(a->keep, KEEP); }
