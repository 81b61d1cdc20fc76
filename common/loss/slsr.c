/* slsr.c: cross entropy with labels smoothed where they are suspect (spatial label smoothing regularisation). */
#include "loss/terms.h"

struct conf {
	double epsilon;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, epsilon, 0, "X", "0.25", 0, 0.5, "how far a suspect label is moved"),
	OPT_END,
};

/*
 * Pixel weights above 0 mark suspects, as confident learning finds them; there 1 becomes 1 - epsilon and 0 epsilon.
 * mean_v -sum_c y'_c ln(0.999 p_c + 5e-4).
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double epsilon = ((const struct conf *)settings)->epsilon;
	const struct truth unweighted = { .target = t->target };
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c), *valid = truth_weight(g, &unweighted, y);
	struct node *smooth = y;

	if (t->weight) { /* y + m (smoothed - y), smoothed - y = epsilon (1 - 2 y) */
		struct node *suspect = op_unary(g, U_STEP, 0, t->weight);
		smooth = sum_of(g, y, by_pixel(g, linear(g, -2 * epsilon, y, epsilon), suspect));
	}
	struct node *e = product_of(g, smooth, linear(g, -1, op_unary(g, U_LOG, 0, squeezed(g, p)), 0));
	return pixel_mean(g, op_sum(g, by_class(g, e, t->class_weight), 1), valid);
}

const struct loss loss_slsr = {
	.p = { "slsr", "cross entropy, labels smoothed where pixel weights say that they are suspect",
		"Zhang et al., Characterizing label errors: confident learning for noisy-labeled image segmentation, MICCAI 2020", opts,
		sizeof(struct conf) },
	.eval = eval,
};
