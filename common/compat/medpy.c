/* medpy.c: MedPy 0.5, and what was different until 0.4. Where it raises an exception there is no value. */
#include "compat/library.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

static double or(double value, double otherwise)
{
	return isnan(value) ? otherwise : value;
}

double pooled_percentile(struct pair *p, double percent)
{
	const struct surface *s = pair_surfaces(p, VOXELS);
	const int64_t n = s[TO_TRUTH].n, m = s[TO_PRED].n;
	float *all = xmalloc((size_t)(n + m) * sizeof *all);
	memcpy(all, s[TO_TRUTH].distance, (size_t)n * sizeof *all);
	memcpy(all + n, s[TO_PRED].distance, (size_t)m * sizeof *all);
	const double found = percentile(all, n + m, percent);
	free(all);
	return found;
}

double directed_mean(struct pair *p)
{
	const struct surface *s = &pair_surfaces(p, VOXELS)[TO_TRUTH];
	return surface_sum(s) / (double)s->n;
}

AS(dice, RATIO, COUNTS, "2 TP / (2 TP + FP + FN); both empty: 1", or(metric_dice.eval(NULL, p), 1))
AS(iou, RATIO, COUNTS, "TP / (TP + FP + FN); both empty: 1", or(metric_iou.eval(NULL, p), 1))
NAMED(dice04, "dice", RATIO, COUNTS, "2 TP / (2 TP + FP + FN); both empty: 0", or(metric_dice.eval(NULL, p), 0))
NAMED(iou04, "iou", RATIO, COUNTS, "TP / (TP + FP + FN); both empty: 0", or(metric_iou.eval(NULL, p), 0))
AS(precision, RATIO, COUNTS, "TP / (TP + FP); 0 where undefined", or(metric_precision.eval(NULL, p), 0))
AS(recall, RATIO, COUNTS, "TP / (TP + FN); 0 where undefined", or(metric_sensitivity.eval(NULL, p), 0))
AS(sensitivity, RATIO, COUNTS, "the same", or(metric_sensitivity.eval(NULL, p), 0))
AS(specificity, RATIO, COUNTS, "TN / (TN + FP); 0 where undefined", or(metric_specificity.eval(NULL, p), 0))
AS(ravd, RATIO, COUNTS, "relative volume difference, (|P| - |T|) / |T|", ratio(p->fp - p->fn, p->tp + p->fn))
AS(hd, DISTANCE, MASKS, "the largest surface distance; raises where one is empty", any_empty(p) ? (double)NAN : pair_hausdorff(p, 100))
AS(hd95, DISTANCE, MASKS, "the 95th percentile of both directions taken together; raises where one is empty",
	any_empty(p) ? (double)NAN : pooled_percentile(p, 95))
AS(assd, DISTANCE, MASKS, "mean over the surface voxels of both; raises where one is empty",
	any_empty(p) ? (double)NAN : metric_assd.eval(NULL, p))
NAMED(assd04, "assd", DISTANCE, MASKS, "mean of the two directed means; raises where one is empty",
	any_empty(p) ? (double)NAN : metric_masd.eval(NULL, p))
AS(asd, DISTANCE, MASKS, "mean distance from the surface of P to that of T; raises where one is empty",
	any_empty(p) ? (double)NAN : directed_mean(p))

static const struct plugin *const list[] = {
	&dice.p, &iou.p, &precision.p, &recall.p, &sensitivity.p, &specificity.p, &ravd.p, &hd.p, &hd95.p, &assd.p,
	&asd.p, NULL,
};

const struct library library_medpy = {
	.p = { "medpy", "MedPy 0.5, given voxelspacing; --units vox: without it",
		"https://github.com/loli/medpy", NULL, 0 },
	.metrics = { "medpy-metric", list },
	.usual = "dice,hd95",
	.spacing = OF_TRUTH,
};

static const struct plugin *const list04[] = {
	&dice04.p, &iou04.p, &precision.p, &recall.p, &sensitivity.p, &specificity.p, &ravd.p, &hd.p, &hd95.p,
	&assd04.p, &asd.p, NULL,
};

const struct library library_medpy04 = {
	.p = { "medpy-0.4", "MedPy up to 0.4: assd was the mean of the two directed means",
		"https://github.com/loli/medpy", NULL, 0 },
	.metrics = { "medpy-0.4-metric", list04 },
	.usual = "dice,hd95",
	.spacing = OF_TRUTH,
};
