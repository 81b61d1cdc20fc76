/* pymic.c: PyMIC 0.5.4. Its caps, "to reject outliers", also bound what an empty mask costs. */
#include "compat/library.h"

/* Where both are empty 0, where one is this. */
static const double ASSD_EMPTY = 20, HD95_EMPTY = 100, ASSD_CAP = 20, HD95_CAP = 50, EPSILON = 1e-5;

static double assd_uncapped_of(struct pair *p)
{
	if (any_empty(p))
		return both_empty(p) ? 0 : ASSD_EMPTY;
	return metric_assd.eval(NULL, p);
}

/* The first of the sorted distances behind 95 % of them: number int(0.95 n) from 0. */
static double behind(struct surface *s)
{
	const int64_t at = (int64_t)((double)s->n * .95);
	return surface_percentile(s, s->n > 1 ? 100. * (double)at / (double)(s->n - 1) : 0);
}

static double hd95_uncapped_of(struct pair *p)
{
	if (any_empty(p))
		return both_empty(p) ? 0 : HD95_EMPTY;
	struct surface *s = pair_surfaces(p, VOXELS);
	return fmax(behind(&s[TO_TRUTH]), behind(&s[TO_PRED]));
}

AS(dice, RATIO, COUNTS, "(2 TP + 1e-5) / (2 TP + FP + FN + 1e-5)",
	(2. * (double)p->tp + EPSILON) / ((double)(2 * p->tp + p->fp + p->fn) + EPSILON))
AS(iou, RATIO, COUNTS, "(TP + 1e-5) / (TP + FP + FN + 1e-5)", ((double)p->tp + EPSILON) / ((double)(p->tp + p->fp + p->fn) + EPSILON))
AS(assd, DISTANCE, MASKS, "mean over the surface voxels of both; both empty: 0, one empty: 20; no more than 20",
	fmin(assd_uncapped_of(p), ASSD_CAP))
AS(assd_uncapped, DISTANCE, MASKS, "the same before the cap", assd_uncapped_of(p))
AS(hd95, DISTANCE, MASKS, "the larger of the two directed distances number int(0.95 n); both empty: 0, one empty: 100; no more than 50",
	fmin(hd95_uncapped_of(p), HD95_CAP))
AS(hd95_uncapped, DISTANCE, MASKS, "the same before the cap", hd95_uncapped_of(p))
AS(volume, VOLUME, MASKS, "of the truth", (double)(p->tp + p->fn) * p->spacing[0] * p->spacing[1] * p->spacing[2])

static const struct plugin *const list[] = {
	&dice.p, &iou.p, &assd.p, &assd_uncapped.p, &hd95.p, &hd95_uncapped.p, &metric_rve.p, &volume.p, NULL,
};

const struct library library_pymic = {
	.p = { "pymic", "PyMIC 0.5.4: distances in the spacing of the prediction, capped",
		"https://github.com/HiLab-git/PyMIC", NULL, 0 },
	.metrics = { "pymic-metric", list },
	.usual = "dice,hd95",
	.spacing = OF_PREDICTION,
};
