/* compactness.c: a shape prior: regions are to be round, whatever the truth. */
#include "loss/terms.h"

struct conf {
	struct numbers classes;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, classes, 0, "LIST", "", 0, 255, "classes whose union is to be round; none: each one but the background"),
	OPT_END,
};

/* 1 for the classes that are listed, or for all but the background: [1,k]. */
static struct node *chosen(struct graph *g, const struct numbers *classes, int64_t k)
{
	double member[1024] = { 0 };

	for (int64_t c = 1; c < k && !classes->n; c++)
		member[c] = 1;
	for (int i = 0; i < classes->n; i++) {
		if (classes->v[i] >= (double)k)
			die(PM_USAGE, "--loss compactness: there is no class %g", classes->v[i]);
		member[(int)classes->v[i]] = 1;
	}
	return op_constant(g, member, 1, k);
}

/*
 * P^2 / 4 pi A of each sample and region, in 3-D P^3 / 36 pi A^2, 1 where it is round; the mean over those of an area A of
 * at least one pixel. P: the length (area) of the border.
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *conf = settings;
	const double pi = 3.14159265358979323846;
	const bool flat = logits->v.d == 1;
	struct node *p = by_class(g, op_softmax(g, logits), chosen(g, &conf->classes, logits->v.c));

	(void)t;
	if (conf->classes.n)
		p = op_sum(g, p, 1);
	struct node *area = linear(g, 1, space_sums(g, p), 1e-8), *border = space_sums(g, op_slope(g, p, SLOPE_LENGTH, 3));
	struct node *there = op_unary(g, U_STEP, 0, linear(g, 1, area, -1)), *b2 = op_unary(g, U_SQUARE, 0, border);
	struct node *each = flat ? linear(g, 1 / (4 * pi), ratio_of(g, b2, area), 0) :
		linear(g, 1 / (36 * pi), ratio_of(g, product_of(g, b2, border), op_unary(g, U_SQUARE, 0, area)), 0);
	return ratio_of(g, op_total(g, product_of(g, each, there)), linear(g, 1, op_total(g, there), 1e-10));
}

const struct loss loss_compactness = {
	.p = { "compactness", "regions are to be round; the truth is not looked at",
		"Liu et al., Shape-aware meta-learning for generalizing prostate MRI segmentation, MICCAI 2020", opts, sizeof(struct conf) },
	.unsupervised = true,
	.eval = eval,
};
