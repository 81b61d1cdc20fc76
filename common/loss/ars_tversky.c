/* ars_tversky.c: adaptive region-specific Tversky loss: patches set their own balance of false positives and negatives. */
#include "loss/terms.h"

struct conf {
	struct numbers patch;
	double a, b;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, patch, 0, "[DxH]xW", "16", 1, 4096, "size of a patch; one number: of all axes that are longer than 1"),
	OPT_NUMBER(struct conf, a, 0, "X", "0.3", 0, 1, "the least that an error counts"),
	OPT_NUMBER(struct conf, b, 0, "X", "0.4", 0, 1, "what is divided between the two kinds of errors"),
	OPT_END,
};

/* How many patches there are along each axis; where their size does not divide it they overlap a little. */
static void patches_of(const struct numbers *patch, const struct fmap *v, int64_t count[3])
{
	if (patch->n < 1 || patch->n > 3)
		die(PM_USAGE, "--loss ars-tversky: patch: one number, HxW or DxHxW are expected");
	const int64_t size[3] = { v->d, v->h, v->w };

	for (int i = 0; i < 3; i++) {
		const int at = patch->n == 1 ? 0 : i - (3 - patch->n);
		const int64_t p = at < 0 || size[i] == 1 ? 1 : (int64_t)patch->v[at];
		count[i] = (size[i] + p - 1) / p;
	}
}

/*
 * With TP, FP, FN averaged over each patch and s = 1e-5: alpha = a + b (FP + s) / (FP + FN + s), beta likewise with FN; the
 * mean over patches, classes and batch of 1 - (TP + s) / (TP + alpha FP + beta FN + s).
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *conf = settings;
	struct node *y = truth_soft(g, t, logits->v.c), *w = truth_weight(g, t, y), *p = by_pixel(g, op_softmax(g, logits), w);
	int64_t count[3];

	y = by_pixel(g, y, w);
	patches_of(&conf->patch, &logits->v, count);
	struct node *both = product_of(g, p, y), *tp = op_resample(g, both, count, RESAMPLE_AVERAGE);
	struct node *fp = op_resample(g, op_binary(g, B_SUB, p, both), count, RESAMPLE_AVERAGE);
	struct node *fn = op_resample(g, op_binary(g, B_SUB, y, both), count, RESAMPLE_AVERAGE);
	struct node *wrong = linear(g, 1, sum_of(g, fp, fn), 1e-5);
	struct node *alpha = linear(g, conf->b, ratio_of(g, linear(g, 1, fp, 1e-5), wrong), conf->a);
	struct node *beta = linear(g, conf->b, ratio_of(g, linear(g, 1, fn, 1e-5), wrong), conf->a);
	struct node *all = sum_of(g, tp, sum_of(g, product_of(g, alpha, fp), product_of(g, beta, fn)));

	return linear(g, -1, mean_of(g, ratio_of(g, linear(g, 1, tp, 1e-5), linear(g, 1, all, 1e-5))), 1);
}

const struct loss loss_ars_tversky = {
	.p = { "ars-tversky", "Tversky loss of patches that set their own balance of errors",
		"Chen et al., Adaptive region-specific loss for improved medical image segmentation, IEEE TPAMI 2023", opts, sizeof(struct conf) },
	.eval = eval,
};
