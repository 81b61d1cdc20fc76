/* cldice.c: Dice of centre lines, for vessels and other tubes. */
#include "metric/metric.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

/* How much of the mask's skeleton lies within the other mask. */
static double inside(const struct pair *p, const uint8_t *mask, const uint8_t *other)
{
	const int64_t n = p->box[0] * p->box[1] * p->box[2];
	uint8_t *line = xmalloc((size_t)n);
	int64_t all = 0, in = 0;
	memcpy(line, mask, (size_t)n);
	skeletonize(line, p->box, p->size[0] == 1);
	for (int64_t i = 0; i < n; i++) {
		all += line[i];
		in += line[i] & other[i];
	}
	free(line);
	return ratio(in, all);
}

static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	if (!p->tp)
		return p->fp + p->fn ? 0 : (double)NAN;
	uint8_t *pred = pair_bytes(p, p->pred), *truth = pair_bytes(p, p->truth);
	const double precision = inside(p, pred, truth), sensitivity = inside(p, truth, pred);
	free(pred);
	free(truth);
	return precision + sensitivity > 0 ? 2 * precision * sensitivity / (precision + sensitivity) : 0;
}

const struct metric metric_cldice = {
	.p = { "cldice", "centre-line Dice: of the part of P's skeleton that lies in T and of T's that lies in P (Lee's skeletons)",
		"Shit et al., clDice: a novel topology-preserving loss function for tubular structure segmentation, CVPR 2021", NULL,
		0 },
	.quantity = RATIO,
	.from = MASKS,
	.eval = eval,
};
