/* monai.c: MONAI 1.5: no overlap where the truth is empty, no HD95 where one is, and NSD by voxels. */
#include "compat/library.h"

struct conf {
	double tolerance;
	bool use_subvoxels;
};

static const struct opt nsd_opts[] = {
	OPT_NUMBER(struct conf, tolerance, 0, "T", "1", 0, 1e9, "what is near enough (class_thresholds)"),
	OPT_SWITCH(struct conf, use_subvoxels, 0, "surfaces by area"),
	OPT_END,
};

/* The percentile is kept in single precision. */
static double quantile(struct surface *s)
{
	const double last = (double)(s->n - 1), at = (double).95f * last;
	return surface_percentile(s, last > 0 ? 100 * at / last : 0);
}

static double hd95_of(struct pair *p)
{
	if (any_empty(p))
		return NAN;
	struct surface *s = pair_surfaces(p, VOXELS);
	return fmax(quantile(&s[TO_TRUTH]), quantile(&s[TO_PRED]));
}

static double asd_of(struct pair *p)
{
	if (any_empty(p))
		return both_empty(p) ? (double)NAN : INFINITY;
	return directed_mean(p);
}

static double nsd_eval(const void *settings, struct pair *p)
{
	const struct conf *conf = settings;
	const struct surface *s = pair_surfaces(p, conf->use_subvoxels ? PATCHES : VOXELS);
	return (surface_area(&s[TO_TRUTH], conf->tolerance) + surface_area(&s[TO_PRED], conf->tolerance)) /
		(surface_area(&s[TO_TRUTH], INFINITY) + surface_area(&s[TO_PRED], INFINITY));
}

AS(dice, RATIO, COUNTS, "2 TP / (2 TP + FP + FN); nan where the truth is empty", p->tp + p->fn ? metric_dice.eval(NULL, p) : (double)NAN)
AS(iou, RATIO, COUNTS, "TP / (TP + FP + FN); nan where the truth is empty", p->tp + p->fn ? metric_iou.eval(NULL, p) : (double)NAN)
AS(hd, DISTANCE, MASKS, "the larger of the two directed maxima; inf where one is empty",
	both_empty(p) ? (double)NAN : pair_hausdorff(p, 100))
AS(hd95, DISTANCE, MASKS, "the larger of the two directed 95th percentiles; nan where one is empty", hd95_of(p))
AS(assd, DISTANCE, MASKS, "mean over the surface voxels of both (symmetric=True); inf where one is empty", metric_assd.eval(NULL, p))
AS(asd, DISTANCE, MASKS, "mean distance from the surface of P to that of T; inf where one is empty", asd_of(p))

static const struct metric nsd = {
	.p = { "nsd", "the part of both surfaces' voxels that is near the other one; 0 where one is empty",
		NULL, nsd_opts, sizeof(struct conf) },
	.quantity = RATIO,
	.from = MASKS,
	.eval = nsd_eval,
};

static const struct plugin *const list[] = {
	&dice.p, &iou.p, &hd.p, &hd95.p, &assd.p, &asd.p, &nsd.p, &metric_sensitivity.p, &metric_specificity.p,
	&metric_precision.p, &metric_accuracy.p, NULL,
};

const struct library library_monai = {
	.p = { "monai", "MONAI 1.5, given spacing; --units vox: without it",
		"https://docs.monai.io/en/stable/metrics.html", NULL, 0 },
	.metrics = { "monai-metric", list },
	.usual = "dice,hd95",
	.spacing = OF_TRUTH,
};
