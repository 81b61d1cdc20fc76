/* mumford_shah.c: classes of even brightness with short borders, whatever the truth. */
#include "loss/terms.h"

#include <string.h>

struct conf {
	const char *penalty;
	double lambda;
};

static const struct opt opts[] = {
	OPT_CHOICE(struct conf, penalty, 0, "l1|l2", "l1", "of the differences between neighbours: absolute or squared"),
	OPT_NUMBER(struct conf, lambda, 0, "X", "1", 0, 1e6, "of that penalty, beside the unevenness of the image in each class"),
	OPT_END,
};

static struct node *plane_sums(struct graph *g, struct node *x) { return op_sum(g, op_sum(g, x, 4), 3); }

/* sum p (I - mu)^2 of each slice and class, mu the mean of I there: sum p I^2 - (sum p I)^2 / sum p. image: one channel. */
static struct node *unevenness(struct graph *g, struct node *p, struct node *mass, struct node *image)
{
	struct node *first = by_pixel(g, p, image), *second = by_pixel(g, first, image), *s = plane_sums(g, first);

	return op_total(g, op_binary(g, B_SUB, plane_sums(g, second), ratio_of(g, op_unary(g, U_SQUARE, 0, s), mass)));
}

/* (the sum over channels of unevenness + lambda times that of the differences along h and w) / elements of p. */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *conf = settings;
	const enum slope f = strcmp(conf->penalty, "l2") ? SLOPE_ABS : SLOPE_SQUARE;
	struct node *p = op_softmax(g, logits), *image = truth_image(g, t, logits), *mass = linear(g, 1, plane_sums(g, p), 1e-8);
	struct node *sum = linear(g, conf->lambda, op_total(g, op_slope(g, p, f, 2)), 0);

	for (int64_t c = 0; c < image->v.c; c++)
		sum = sum_of(g, sum, unevenness(g, p, mass, channel(g, image, c)));
	return linear(g, 1 / (double)(p->v.n * p->v.c * p->v.d * p->v.h * p->v.w), sum, 0);
}

const struct loss loss_mumford_shah = {
	.p = { "mumford-shah", "classes of even brightness with short borders; the truth is not looked at",
		"Kim and Ye, Mumford-Shah loss functional for image segmentation with deep learning, IEEE TIP 2019", opts, sizeof(struct conf) },
	.unsupervised = true,
	.eval = eval,
};
