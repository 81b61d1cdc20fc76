/* methods.c: see methods.h. */
#include "agent/methods.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loss/terms.h"

static struct node *sub(struct graph *g, struct node *a, struct node *b) { return op_binary(g, B_SUB, a, b); }
static struct node *squared(struct graph *g, struct node *x) { return op_unary(g, U_SQUARE, 0, x); }
static struct node *ln(struct graph *g, struct node *x) { return op_unary(g, U_LOG, 0, x); }
static struct node *negative_exp(struct graph *g, struct node *x) { return op_unary(g, U_EXP, 0, linear(g, -1, x, 0)); }

static struct node *branch_mean(struct graph *g, struct node *const *x, int n)
{
	struct node *sum = x[0];

	for (int i = 1; i < n; i++)
		sum = sum_of(g, sum, x[i]);
	return linear(g, 1.0 / n, sum, 0);
}

/* Of each pixel: sum over classes of a (ln a - ln b). */
static struct node *pixel_divergence(struct graph *g, struct node *a, struct node *b)
{
	return op_sum(g, product_of(g, a, sub(g, ln(g, a), ln(g, b))), 1);
}

/*
 * With p_s = 0.99 softmax + 0.005 at full size (nearest) and m that of their mean, D_s = KL(m | p_s) of each pixel, w = e^-D:
 * the mean over s of mean(w (m - p_s)^2) / (mean w + 1e-8) + mean D.
 */
struct node *pyramid_consistency(struct graph *g, struct node *const *z, int n)
{
	const int64_t full[3] = { z[0]->v.d, z[0]->v.h, z[0]->v.w };
	struct node *p[PM_OUTPUTS] = { NULL }, *sum = NULL;

	for (int i = 0; i < n; i++) {
		p[i] = op_softmax(g, z[i]);
		p[i] = linear(g, 0.99, i ? op_resample(g, p[i], full, RESAMPLE_NEAREST) : p[i], 0.005);
	}
	struct node *m = branch_mean(g, p, n);
	for (int i = 0; i < n; i++) {
		struct node *d = pixel_divergence(g, m, p[i]), *w = negative_exp(g, d);
		struct node *far = ratio_of(g, mean_of(g, by_pixel(g, squared(g, sub(g, m, p[i])), w)), linear(g, 1, mean_of(g, w), 1e-8));
		far = sum_of(g, far, mean_of(g, d));
		sum = sum ? sum_of(g, sum, far) : far;
	}
	return linear(g, 1.0 / n, sum, 0);
}

/* Means over samples, classes and pixels; js is half of KL(m | p) + KL(m | teacher), m = (p + teacher) / 2. */
struct node *consistency(struct graph *g, const char *how, struct node *z, struct node *teacher)
{
	const double share = 1 / (double)z->v.c;
	struct node *p = op_softmax(g, z);

	if (!strcmp(how, "mse"))
		return square_gap(g, p, teacher);
	const bool kl = !strcmp(how, "kl");
	p = linear(g, 1, p, 1e-8);
	teacher = linear(g, 1, teacher, kl ? 1e-8 : 1e-5);
	if (kl)
		return linear(g, share, mean_of(g, pixel_divergence(g, teacher, p)), 0);
	struct node *m = linear(g, 0.5, sum_of(g, p, teacher), 0);
	return linear(g, share / 2, mean_of(g, sum_of(g, pixel_divergence(g, m, p), pixel_divergence(g, m, teacher))), 0);
}

/* H(p), the mean over pixels. */
static struct node *mean_entropy(struct graph *g, struct node *p)
{
	return linear(g, (double)p->v.c, mean_of(g, product_of(g, p, surprise(g, p))), 0);
}

struct node *distillation(struct graph *g, struct node *z, struct node *q, double temperature)
{
	const struct truth t = { .target = q };

	still_begin(g);
	struct node *h = mean_entropy(g, q);
	still_end(g);
	return linear(g, temperature * temperature, sub(g, loss_ce.eval(g, NULL, linear(g, 1 / temperature, z, 0), &t), h), 0);
}

struct node *jensen_shannon(struct graph *g, struct node *p, struct node *q)
{
	struct node *m = linear(g, 0.5, sum_of(g, p, q), 0);

	return sub(g, mean_entropy(g, m), linear(g, 0.5, sum_of(g, mean_entropy(g, p), mean_entropy(g, q)), 0));
}

/*
 * l is the cross entropy of the network with the labels and, where there are none, with the
 * classes that it says itself. While its gradient is looked for nothing drops out, and parameters and running statistics are left alone.
 */
struct node *misleading_image(struct run *r, int net, double eps)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *x = op_to_plain(g, r->image), *leaf = op_leaf(g, x);

	g->aside = true;
	forward_both(r, net, op_maps(g, leaf), out);
	struct node *others = unlabeled(r, out[0]);
	struct node *l = op_part(g, op_ce(g, labeled(r, out[0]), r->truth.target, r->truth.weight, NULL), 0, 1);
	if (others)
		l = sum_of(g, l, op_part(g, op_ce(g, others, op_argmax(g, others), NULL, NULL), 0, 1));
	struct node *slope = graph_slope(g, l, leaf);
	g->aside = false;
	still_begin(g);
	x = op_to_maps(g, sum_of(g, x, linear(g, eps, op_unary(g, U_SIGN, 0, slope), 0)));
	still_end(g);
	return x;
}

/* The sum over i != j of the mean of (p_i - y_j)^2, y = p^(1/T) / (p^(1/T) + (1 - p)^(1/T)). */
struct node *mutual_consistency(struct graph *g, struct node *const *z, int n, double temperature)
{
	struct node *p[PM_OUTPUTS], *y[PM_OUTPUTS], *sum = NULL;

	for (int i = 0; i < n; i++) {
		p[i] = op_softmax(g, z[i]);
		struct node *a = op_unary(g, U_POWER, 1 / temperature, p[i]), *b = op_unary(g, U_POWER, 1 / temperature, linear(g, -1, p[i], 1));
		y[i] = ratio_of(g, a, sum_of(g, a, b));
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			if (i == j)
				continue;
			struct node *far = square_gap(g, p[i], y[j]);
			sum = sum ? sum_of(g, sum, far) : far;
		}
	return sum;
}

struct node *mixed_pseudo_labels(struct graph *g, struct node *const z[2], struct node *share, bool soft, const char *pseudo, bool twice)
{
	struct node *p[2], *each[2];

	for (int i = 0; i < 2; i++)
		p[i] = op_softmax(g, z[i]);
	struct node *mixed = op_detach(g, sum_of(g, p[1], product_of(g, sub(g, p[0], p[1]), share)));
	const struct truth t = { .target = soft ? mixed : op_argmax(g, mixed) };
	for (int i = 0; i < 2; i++) {
		struct node *logits = twice ? p[i] : z[i];
		if (!strcmp(pseudo, "ce"))
			each[i] = loss_ce.eval(g, NULL, logits, &t);
		else
			each[i] = linear(g, -1, mean_of(g, dice_of(g, logits, &t, 1e-5)), 1);
	}
	return branch_mean(g, each, 2);
}

/* The mean over branches of sum w KL(p_i | m) / sum w, m the mean of all p, w = exp(-H(m) / ln k). */
struct node *sure_consistency(struct graph *g, struct node *const *z, int n)
{
	struct node *p[PM_OUTPUTS] = { NULL }, *each[PM_OUTPUTS] = { NULL };

	for (int i = 0; i < n; i++)
		p[i] = squeezed(g, op_softmax(g, z[i]));
	struct node *m = branch_mean(g, p, n), *h = linear(g, -1 / log((double)m->v.c), op_sum(g, product_of(g, m, ln(g, m)), 1), 0);
	struct node *w = negative_exp(g, h);
	for (int i = 0; i < n; i++)
		each[i] = ratio_of(g, op_total(g, product_of(g, pixel_divergence(g, p[i], m), w)), op_total(g, w));
	return branch_mean(g, each, n);
}

/* 1 but where a vector meets itself, as op_products lays them out. */
static struct node *others(struct graph *g, int64_t n, int64_t m)
{
	double *box = xcalloc((size_t)(n * m * 6), sizeof *box);

	for (int64_t i = 0; i < n * m; i++)
		for (int a = 0; a < 3; a++) {
			box[i * 6 + a] = a == 2 ? (double)(i % m) : 0;
			box[i * 6 + 3 + a] = box[i * 6 + a] + 1;
		}
	struct node *itself = op_box(g, op_constant(g, box, n * m, 6), (int64_t[]){ 1, 1, m });
	free(box);
	return linear(g, -1, itself, 1);
}

/* The mean over i of ln(sum_(j != i) e^(a_i a_j / T) + sum_j e^(a_i b_j / T)) - a_i b_i / T. */
static struct node *told_apart(struct graph *g, struct node *a, struct node *b, double temperature)
{
	const double pairs = (double)(a->v.n * a->v.w);
	struct node *same = op_unary(g, U_EXP, 0, linear(g, 1 / temperature, op_products(g, a, a), 0));
	struct node *far = op_unary(g, U_EXP, 0, linear(g, 1 / temperature, op_products(g, a, b), 0));
	struct node *all = sum_of(g, product_of(g, same, others(g, a->v.n, a->v.w)), far);
	struct node *pair = linear(g, 1 / (temperature * pairs), op_total(g, product_of(g, a, b)), 0);

	return sub(g, mean_of(g, ln(g, op_sum(g, all, 4))), pair);
}

struct node *info_nce(struct graph *g, struct node *a, struct node *b, double temperature)
{
	return linear(g, 0.5, sum_of(g, told_apart(g, a, b, temperature), told_apart(g, b, a, temperature)), 0);
}

static struct node *over_space(struct graph *g, struct node *x)
{
	for (int axis = 4; axis >= 2; axis--)
		x = op_sum(g, x, axis);
	return x;
}

/*
 * Each class map of each sample gets length 1; for each pair of branches the scalar products of their maps, [k,k], shall be
 * the identity: the mean of the squares of the difference, over pairs.
 */
struct node *class_affinity(struct graph *g, struct node *const *z, int n)
{
	const int64_t k = z[0]->v.c;
	struct node *f[PM_OUTPUTS], *only[UINT8_MAX + 1], *sum = NULL;
	double one[UINT8_MAX + 1] = { 0 };

	for (int64_t c = 0; c < k; c++) {
		one[c] = 1;
		only[c] = op_constant(g, one, 1, k);
		one[c] = 0;
	}
	for (int i = 0; i < n; i++) {
		struct node *length = op_unary(g, U_SQRT, 0, linear(g, 1, over_space(g, squared(g, z[i])), 1e-24));
		f[i] = ratio_of(g, z[i], to_space(g, length, &z[i]->v));
	}
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++)
			for (int64_t c = 0; c < k; c++) {
				struct node *map = op_spread(g, op_sum(g, by_class(g, f[j], only[c]), 1), 1, k);
				struct node *column = over_space(g, product_of(g, f[i], map));
				struct node *far = op_total(g, squared(g, sub(g, column, op_spread(g, only[c], 0, z[0]->v.n))));
				sum = sum ? sum_of(g, sum, far) : far;
			}
	return linear(g, 2 / (double)(n * (n - 1) * k * k * z[0]->v.n), sum, 0);
}

/* e_i = the mean of CE(p_i) e^(-16 v), p_i squeezed, v = (KL(p0|p1) + KL(p1|p0)) / 2 of each pixel, of those that have a label. */
void doubted_errors(struct graph *g, struct node *const z[2], const struct truth *t, struct node *e[2])
{
	struct node *p[2], *y = truth_soft(g, t, z[0]->v.c);

	for (int i = 0; i < 2; i++)
		p[i] = op_softmax(g, z[i]);
	struct node *apart = product_of(g, sub(g, p[0], p[1]), sub(g, surprise(g, p[1]), surprise(g, p[0])));
	struct node *trust = negative_exp(g, linear(g, 8, op_sum(g, apart, 1), 0));
	for (int i = 0; i < 2; i++) {
		struct node *ce = linear(g, -1, op_sum(g, product_of(g, y, ln(g, squeezed(g, p[i]))), 1), 0);
		e[i] = pixel_mean(g, product_of(g, ce, trust), truth_weight(g, t, y));
	}
}

/* The share s of the votes of both branches and the label for each class, sharpened: s^2 / (s^2 + (1 - s)^2). */
struct node *sharpened_votes(struct graph *g, struct node *const z[2], const struct truth *t)
{
	const int64_t k = z[0]->v.c;
	struct node *vote[3] = { op_onehot(g, op_argmax(g, z[0]), k), op_onehot(g, op_argmax(g, z[1]), k), truth_soft(g, t, k) };
	struct node *s = branch_mean(g, vote, 3), *a = squared(g, s);

	return ratio_of(g, a, sum_of(g, a, squared(g, linear(g, -1, s, 1))));
}

/* (KL(p0|p1) + KL(p1|p0)) / 2, the mean over pixels, where the first of each pair is a constant. */
struct node *mutual_divergence(struct graph *g, struct node *const z[2])
{
	struct node *each[2];

	for (int i = 0; i < 2; i++)
		each[i] = consistency(g, "kl", z[i], op_detach(g, op_softmax(g, z[1 - i])));
	return linear(g, (double)z[0]->v.c, branch_mean(g, each, 2), 0);
}

struct node *newest_rank(struct graph *g, struct node *queue, struct node *count)
{
	const int64_t n = queue->v.n;
	struct node *full = op_unary(g, U_STEP, 0, linear(g, 1, count, 0.5 - (double)n)), *newest = op_part(g, queue, n - 1, 1);
	struct node *rank = op_total(g, op_unary(g, U_STEP, 0, linear(g, -1, sub(g, queue, newest), 0)));

	return linear(g, 1, product_of(g, linear(g, 1, rank, 1), full), -1);
}
