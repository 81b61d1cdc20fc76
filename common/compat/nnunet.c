/* nnunet.c: nnU-Net: overlaps alone. */
#include "compat/library.h"

static const struct plugin *const list[] = {
	&metric_dice.p, &metric_iou.p, NULL,
};

const struct library library_nnunet = {
	.p = { "nnunet", "nnU-Net v2: overlaps; nan where both are empty; the mean is that of the structures, each over its cases",
		"https://github.com/MIC-DKFZ/nnUNet", NULL, 0 },
	.metrics = { "nnunet-metric", list },
	.usual = "dice,iou",
	.spacing = OF_TRUTH,
	.mean_of_means = true,
};
