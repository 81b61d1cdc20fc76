/* box.c: what boxes say of the structures in them: where labels are filled boxes, one class each, and background around them. */
#include "loss/terms.h"

struct conf {
	double tight, empty, size, low, high, t;
	int64_t strip;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, tight, 0, "X", "1e-4", 0, 1e6, "weight: each strip of a box holds at least one pixel of its class per line"),
	OPT_NUMBER(struct conf, strip, 0, "N", "5", 1, 4096, "lines of a strip, counted from where the box begins; more where boxes are loose"),
	OPT_NUMBER(struct conf, empty, 0, "X", "1", 0, 1e6, "weight: there is nothing of a class outside its boxes"),
	OPT_NUMBER(struct conf, size, 0, "X", "1", 0, 1e6, "weight: a class fills between low and high of its boxes"),
	OPT_NUMBER(struct conf, low, 0, "P", "0.5", 0, 1, "the least share"),
	OPT_NUMBER(struct conf, high, 0, "P", "0.9", 0, 1, "the largest share"),
	OPT_NUMBER(struct conf, t, 0, "X", "5", 0.1, 1e6, "of the barrier: the higher the steeper"),
	OPT_END,
};

/* Sums over the planes, in 2-D the lines, across an axis of space. */
static struct node *across(struct graph *g, struct node *x, int axis)
{
	for (int other = 4; other >= 2; other--)
		x = other == axis ? x : op_sum(g, x, other);
	return x;
}

/*
 * The mean over samples of tight sum psi(lines of a strip - p of the boxes in it) + (sum_c empty psi(p outside) + size (psi(p -
 * high A) + psi(low A - p))) / pixels, A: of the boxes of a class, c > 0. Boxes of one class that share a line or lie side by
 * side are one there; the last strip may be narrower; in 3-D a line is a plane. Pixels of no class are neither inside nor outside.
 */
static struct node *eval(struct graph *g, const void *settings, struct node *logits, const struct truth *t)
{
	const struct conf *c = settings;
	const struct fmap *z = &logits->v;
	const double n = (double)z->n, pixels = (double)fmap_space(z);
	double one[1024] = { 0 };

	for (int64_t k = 1; k < z->c; k++)
		one[k] = 1;
	struct node *structure = op_constant(g, one, 1, z->c), *truth = truth_soft(g, t, z->c), *w = truth_weight(g, t, truth);
	struct node *y = by_class(g, truth, structure), *p = by_pixel(g, op_softmax(g, logits), w), *in = product_of(g, y, p);
	struct node *area = space_sums(g, y), *mass = space_sums(g, p), *out = op_binary(g, B_SUB, mass, space_sums(g, in));
	struct node *few = barrier(g, op_binary(g, B_SUB, linear(g, c->low, area, 0), mass), c->t);
	struct node *many = barrier(g, op_binary(g, B_SUB, mass, linear(g, c->high, area, 0)), c->t);
	struct node *filled = op_total(g, product_of(g, op_unary(g, U_STEP, 0, area), sum_of(g, few, many)));
	struct node *empty = op_total(g, by_class(g, barrier(g, out, c->t), structure));
	struct node *sum = sum_of(g, linear(g, c->empty / (n * pixels), empty, 0), linear(g, c->size / (n * pixels), filled, 0));

	for (int axis = 2; axis <= 4; axis++) {
		if ((axis == 2 ? z->d : axis == 3 ? z->h : z->w) == 1)
			continue;
		struct node *there = op_unary(g, U_STEP, 0, across(g, y, axis));
		struct node *lines = op_strips(g, there, there, c->strip), *held = op_strips(g, across(g, in, axis), there, c->strip);
		struct node *tight = product_of(g, op_unary(g, U_STEP, 0, lines), barrier(g, op_binary(g, B_SUB, lines, held), c->t));
		sum = sum_of(g, sum, linear(g, c->tight / n, op_total(g, tight), 0));
	}
	return sum;
}

const struct loss loss_box = {
	.p = { "box", "labels are tight boxes: each strip of a box meets its class, nothing of it is outside, and it fills a part of it",
		"Kervadec et al., Bounding boxes for weakly supervised segmentation: global constraints get close to full supervision, MIDL 2020",
		opts, sizeof(struct conf) },
	.eval = eval,
};
