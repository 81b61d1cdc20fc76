/* ssl4mis.c: SSL4MIS: MedPy in voxels, and nought for all where one mask is empty: the worst Dice, the best distance. */
#include "compat/library.h"

AS(dice, RATIO, COUNTS, "2 TP / (2 TP + FP + FN); 0 where one is empty or both", any_empty(p) ? 0 : metric_dice.eval(NULL, p))
AS(iou, RATIO, COUNTS, "TP / (TP + FP + FN); 0 where one is empty or both", any_empty(p) ? 0 : metric_iou.eval(NULL, p))
AS(hd95, DISTANCE, MASKS, "the 95th percentile of both directions taken together, in voxels; 0 where one is empty or both",
	any_empty(p) ? 0 : pooled_percentile(p, 95))
AS(asd, DISTANCE, MASKS, "mean distance from the surface of P to that of T, in voxels; 0 where one is empty or both",
	any_empty(p) ? 0 : directed_mean(p))

static const struct plugin *const list[] = {
	&dice.p, &iou.p, &hd95.p, &asd.p, NULL,
};

const struct library library_ssl4mis = {
	.p = { "ssl4mis", "SSL4MIS, testing in 3-D: MedPy in voxels", "https://github.com/HiLab-git/SSL4MIS", NULL, 0 },
	.metrics = { "ssl4mis-metric", list },
	.usual = "dice,hd95",
	.spacing = OF_NEITHER,
};
