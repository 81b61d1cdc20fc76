/* nsd.c: normalized surface Dice. */
#include "metric/metric.h"

struct conf {
	struct numbers tolerance;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, tolerance, 0, "T", "1", 0, 1e9,
		"what is near enough, in the unit of distances; 1x2x2: of each structure"),
	OPT_END,
};

static double eval(const void *settings, struct pair *p)
{
	const struct numbers *t = &((const struct conf *)settings)->tolerance;
	if (t->n > 1 && p->structure >= t->n)
		die(PM_USAGE, "nsd: %d tolerances, but structure %d wants one too: give one for all, or one for each", t->n,
			p->structure + 1);
	const double near = t->v[t->n > 1 ? p->structure : 0];
	const struct surface *s = pair_surfaces(p, PATCHES);
	const double all = surface_area(&s[TO_TRUTH], INFINITY) + surface_area(&s[TO_PRED], INFINITY);
	return all > 0 ? (surface_area(&s[TO_TRUTH], near) + surface_area(&s[TO_PRED], near)) / all : (double)NAN;
}

const struct metric metric_nsd = {
	.p = { "nsd", "normalized surface Dice: the part of both surfaces, by area, that is near the other one",
		"Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, JMIR 2021", opts,
		sizeof(struct conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
