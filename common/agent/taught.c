/* taught.c: see taught.h. */
#include "agent/taught.h"

#include "loss/terms.h"

#include <math.h>
#include <string.h>

const struct opt unsure_opts[] = {
	RAMPED_OPTIONS(struct unsure, "0.1", "0"), TAUGHT_OPTIONS(struct unsure),
	OPT_NUMBER(struct unsure, passes, 0, "N", "8", 1, 64, "predictions of the teacher with dropout"),
	OPT_END,
};

struct follow following(double decay, const char *statistics)
{
	return (struct follow){ .decay = decay, .statistics = !strcmp(statistics, "average") };
}

struct follow taught_follow(const void *conf)
{
	const struct followed *c = conf;

	return following(c->decay, c->statistics);
}

struct node *still_logits(struct run *r, int set, struct node *image, bool dropout)
{
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS];

	still_begin(g);
	g->training = g->frozen = dropout;
	forward_on(r, set, image, out);
	g->training = true;
	g->frozen = false;
	still_end(g);
	return out[0];
}

struct node *still_probabilities(struct run *r, int set, struct node *image, bool dropout)
{
	struct node *z = still_logits(r, set, image, dropout);

	still_begin(r->g);
	struct node *p = op_softmax(r->g, z);
	still_end(r->g);
	return p;
}

struct node *noisy_image(struct run *r, struct node *image, double sigma)
{
	struct graph *g = r->g;

	still_begin(g);
	image = op_to_maps(g, op_noise(g, image, sigma, 2 * sigma));
	still_end(g);
	return image;
}

struct node *sure_gap(struct graph *g, struct node *p, struct node *q, struct node *p_mean, struct node *threshold)
{
	still_begin(g);
	struct node *minus_u = op_sum(g, product_of(g, p_mean, op_unary(g, U_LOG, 0, linear(g, 1, p_mean, 1e-6))), 1);
	struct node *sure = op_unary(g, U_STEP, 0, sum_of(g, minus_u, threshold));
	still_end(g);
	struct node *gap = op_sum(g, op_unary(g, U_SQUARE, 0, op_binary(g, B_SUB, p, q)), 1);
	return ratio_of(g, op_total(g, product_of(g, gap, sure)), linear(g, 2, op_total(g, sure), 1e-16));
}

int64_t tell_sure(const struct run *r, float *out)
{
	if (out)
		out[1] = (float)((0.75 + 0.25 * ramp(r, r->conf)) * log(r->classes));
	return 1 + tell_weight(r, out);
}

struct node *sure_teacher(struct run *r, struct node *image, int passes, double sigma, struct node **p_mean)
{
	struct graph *g = r->g;
	struct node *q = still_probabilities(r, 1, noisy_image(r, image, sigma), false), *sum = NULL;

	for (int i = 0; i < passes; i++) {
		struct node *one = still_probabilities(r, 1, noisy_image(r, image, sigma), true);
		still_begin(g);
		sum = sum ? sum_of(g, sum, one) : one;
		still_end(g);
	}
	still_begin(g);
	*p_mean = linear(g, 1.0 / passes, sum, 0);
	still_end(g);
	return q;
}
