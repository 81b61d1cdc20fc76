/* gated_crf.c: neighbours that look alike are to be of one class, whatever the truth. */
#include "loss/terms.h"

#include <math.h>

struct conf {
	int radius;
	double alike, xy, rgb, close, smooth_xy;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, radius, 0, "N", "5", 1, AFFINITY_RADIUS, "pixels further apart along an axis are no neighbours"),
	OPT_NUMBER(struct conf, alike, 0, "X", "1", 0, 1e6, "how much neighbours count that look alike"),
	OPT_NUMBER(struct conf, xy, 0, "X", "5", 1e-3, 1e6, "within this distance, in pixels"),
	OPT_NUMBER(struct conf, rgb, 0, "X", "0.1", 1e-6, 1e6, "up to this difference of the image"),
	OPT_NUMBER(struct conf, close, 0, "X", "1", 0, 1e6, "how much all neighbours count"),
	OPT_NUMBER(struct conf, smooth_xy, 0, "X", "3", 1e-3, 1e6, "within this distance"),
	OPT_END,
};

/*
 * The mean over pixels i of sum_j k(i, j) (1 - sum_c p_c(i) p_c(j)), j in the window of the slice and inside the image,
 * k = alike exp(-|x|^2 / 2 xy^2 - |I - I'|^2 / 2 rgb^2) + close exp(-|x|^2 / 2 smooth_xy^2).
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *c = settings;
	struct affinity a = { .radius = c->radius, .contrast = 0.5 / (c->rgb * c->rgb) };
	const struct fmap *z = &logits->v;

	for (int i = 0; i <= c->radius; i++) {
		a.near[0][i] = sqrt(c->alike) * exp(-0.5 * i * i / (c->xy * c->xy));
		a.near[1][i] = sqrt(c->close) * exp(-0.5 * i * i / (c->smooth_xy * c->smooth_xy));
	}
	return linear(g, 1 / (double)(z->n * z->d * z->h * z->w), op_disagreement(g, op_softmax(g, logits), truth_image(g, t, logits), &a), 0);
}

const struct loss loss_gated_crf = {
	.p = { "gated-crf", "neighbours that look alike are to be of one class; the truth is not looked at",
		"Obukhov et al., Gated CRF loss for weakly supervised semantic image segmentation, NeurIPS workshop 2019", opts, sizeof(struct conf) },
	.unsupervised = true,
	.eval = eval,
};
