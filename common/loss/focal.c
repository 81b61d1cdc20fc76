/* focal.c: cross entropy that pays less for what is already right. */
#include "loss/terms.h"

struct conf {
	double gamma;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, gamma, 0, "X", "2", 1, 10, "how much less easy pixels count"),
	OPT_END,
};

/* The mean of e_v = sum_c a_c y_c (1 - p_c)^gamma (-ln p_c). */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const double gamma = ((const struct conf *)settings)->gamma;
	struct node *p = op_softmax(g, logits), *y = truth_soft(g, t, logits->v.c), *w = truth_weight(g, t, y);
	struct node *hard = op_unary(g, U_POWER, gamma, linear(g, -1, p, 1));

	return pixel_mean(g, op_sum(g, by_class(g, product_of(g, y, product_of(g, hard, surprise(g, p))), t->class_weight), 1), w);
}

const struct loss loss_focal = {
	.p = { "focal", "cross entropy that pays less for what is already right",
		"Lin et al., Focal loss for dense object detection, ICCV 2017", opts, sizeof(struct conf) },
	.eval = eval,
};
