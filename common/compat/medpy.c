/* medpy.c: MedPy 0.5, and what was different until 0.4. Where it raises an exception there is no value. */
#include "compat/library.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

static double or(double value, double otherwise)
{
	return isnan(value) ? otherwise : value;
}

static double dice_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_dice.eval(NULL, p), 1);
}

static double iou_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_iou.eval(NULL, p), 1);
}

static double dice04_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_dice.eval(NULL, p), 0);
}

static double iou04_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_iou.eval(NULL, p), 0);
}

static double precision_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_precision.eval(NULL, p), 0);
}

static double recall_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_sensitivity.eval(NULL, p), 0);
}

static double specificity_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return or(metric_specificity.eval(NULL, p), 0);
}

static double ravd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return ratio(p->fp - p->fn, p->tp + p->fn);
}

static double hd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return any_empty(p) ? (double)NAN : pair_hausdorff(p, 100);
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

static double hd95_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return any_empty(p) ? (double)NAN : pooled_percentile(p, 95);
}

static double assd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return any_empty(p) ? (double)NAN : metric_assd.eval(NULL, p);
}

static double assd04_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return any_empty(p) ? (double)NAN : metric_masd.eval(NULL, p);
}

double directed_mean(struct pair *p)
{
	const struct surface *s = &pair_surfaces(p, VOXELS)[TO_TRUTH];
	return surface_sum(s) / (double)s->n;
}

static double asd_eval(const void *conf, struct pair *p)
{
	(void)conf;
	return any_empty(p) ? (double)NAN : directed_mean(p);
}

static const struct metric dice = {
	.p = { "dice", "2 TP / (2 TP + FP + FN); both empty: 1", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = dice_eval,
};

static const struct metric iou = {
	.p = { "iou", "TP / (TP + FP + FN); both empty: 1", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = iou_eval,
};

static const struct metric dice04 = {
	.p = { "dice", "2 TP / (2 TP + FP + FN); both empty: 0", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = dice04_eval,
};

static const struct metric iou04 = {
	.p = { "iou", "TP / (TP + FP + FN); both empty: 0", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = iou04_eval,
};

static const struct metric precision = {
	.p = { "precision", "TP / (TP + FP); 0 where undefined", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = precision_eval,
};

static const struct metric recall = {
	.p = { "recall", "TP / (TP + FN); 0 where undefined", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = recall_eval,
};

static const struct metric sensitivity = {
	.p = { "sensitivity", "the same", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = recall_eval,
};

static const struct metric specificity = {
	.p = { "specificity", "TN / (TN + FP); 0 where undefined", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = specificity_eval,
};

static const struct metric ravd = {
	.p = { "ravd", "relative volume difference, (|P| - |T|) / |T|", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = COUNTS,
	.eval = ravd_eval,
};

static const struct metric hd = {
	.p = { "hd", "the largest surface distance; raises where one is empty", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = hd_eval,
};

static const struct metric hd95 = {
	.p = { "hd95", "the 95th percentile of both directions taken together; raises where one is empty",
		NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = hd95_eval,
};

static const struct metric assd = {
	.p = { "assd", "mean over the surface voxels of both; raises where one is empty", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = assd_eval,
};

static const struct metric assd04 = {
	.p = { "assd", "mean of the two directed means; raises where one is empty", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = assd04_eval,
};

static const struct metric asd = {
	.p = { "asd", "mean distance from the surface of P to that of T; raises where one is empty", NULL, NULL, 0 },
	.quantity = DISTANCE,
	.from = MASKS,
	.eval = asd_eval,
};

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
