/*
 * dast.c: two branches, one of clean samples and one of noisy ones. Where the noisy labels agree better with the first, they are
 * trusted more or less: the divergence of the branches and what both and the labels vote for are learned then.
 */
#include "agent/methods.h"
#include "loss/terms.h"

#include <math.h>

struct conf {
	RAMPED;
	double self, select;
	int length;
};

static const struct opt opts[] = {
	RAMPED_OPTIONS(struct conf, "0.1", "0"),
	OPT_NUMBER(struct conf, self, 0, "X", "0.1", 0, 1e6, "the same of what branches and labels vote for"),
	OPT_NUMBER(struct conf, select, 0, "P", "0.2", 0, 0.5, "share of the batches that either is learned from: those of extreme ranks"),
	OPT_NUMBER(struct conf, length, 0, "N", "20", 2, 1000, "batches among which one is ranked"),
	OPT_END,
};

static int64_t tell(const struct run *r, float *out) { return tell_weights(r, ((const struct conf *)r->conf)->self, out); }

static int64_t remembers(const void *conf) { return 2 * ((const struct conf *)conf)->length + 1; }

static const char *refuses(const struct run *r)
{
	if (r->clean && r->clean < r->labeled)
		return NULL;
	return "wants clean and noisy samples in each batch, all with a label: pymic-batch --labeled N --unlabeled M CLEAN NOISY";
}

static struct node *at_least(struct graph *g, struct node *rank, double least) { return op_unary(g, U_STEP, 0, linear(g, 1, rank, 0.5 - least)); }
static struct node *at_most(struct graph *g, struct node *rank, double most) { return op_unary(g, U_STEP, 0, linear(g, -1, rank, most + 0.5)); }

/* 1 or 0: are the divergence and the votes learned in this step? e: of the branches of clean and noisy samples. */
static void choose(struct run *r, struct node *const e[2], struct node *chosen[2])
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	const int64_t length = c->length;
	const double share = (double)length * c->select;
	struct node *queue[2], *rank[2], *count = op_part(g, r->memory, 2 * length, 1);

	for (int i = 0; i < 2; i++) {
		queue[i] = op_join(g, op_part(g, r->memory, i * length + 1, length - 1), e[i]);
		rank[i] = newest_rank(g, queue[i], count);
	}
	struct node *left = op_unary(g, U_RELU, 0, linear(g, -1, count, (double)length - 1)); /* places that are empty after this step */
	struct node *less = op_unary(g, U_STEP, 0, op_binary(g, B_SUB, e[1], e[0]));
	chosen[0] = product_of(g, less, at_least(g, rank[1], ceil((double)length - share - 1e-9)));
	chosen[1] = product_of(g, less, product_of(g, at_least(g, rank[0], 0), at_most(g, rank[0], floor(share + 1e-9))));
	remember(r, op_join(g, op_join(g, queue[0], queue[1]), linear(g, -1, left, (double)length)));
}

/*
 * (L(z0, clean) + L(z1, noisy)) / 2; of the noisy samples, where their e0 < e1, + w (KL(p0|p1) + KL(p1|p0)) / 2 where e1 is among
 * the largest of the last ones, the first of each pair a constant, + s mean |p0 - sharp| where e0 is among the smallest.
 */
static struct node *loss(struct run *r)
{
	struct graph *g = r->g;
	const int64_t n = r->labeled - r->clean;
	const struct truth clean = truth_rows(r, 0, r->clean), noisy = truth_rows(r, r->clean, n);
	struct node *out[PM_OUTPUTS], *z[2], *e[2], *chosen[2];
	const int scales = forward_labeled(r, 0, out) / arch_branches(&r->arch[0]);
	struct node *taught = sum_of(g, branch_loss(r, out, scales, 0, &clean), branch_loss(r, out + scales, scales, r->clean, &noisy));

	for (int i = 0; i < 2; i++)
		z[i] = op_part(g, out[i * scales], r->clean, n);
	still_begin(g);
	doubted_errors(g, z, &noisy, e);
	choose(r, e, chosen);
	struct node *sharp = sharpened_votes(g, z, &noisy);
	for (int i = 0; i < 2; i++)
		chosen[i] = weighted(r, chosen[i], i);
	still_end(g);
	struct node *apart = product_of(g, mutual_divergence(g, z), chosen[0]);
	struct node *far = mean_of(g, op_unary(g, U_ABS, 0, op_binary(g, B_SUB, op_softmax(g, z[0]), sharp)));
	return main_output(r, out[0], sum_of(g, linear(g, 0.5, taught, 0), sum_of(g, apart, product_of(g, far, chosen[1]))));
}

const struct agent agent_dast = {
	.p = { "dast", "clean and noisy samples, two branches: the noisy ones are trusted by how they rank among the last; for dbnet",
		"Yang et al., Learning COVID-19 pneumonia lesion segmentation from imperfect annotations via divergence-aware selective training, "
		"IEEE Journal of Biomedical and Health Informatics 2022", opts, sizeof(struct conf) },
	.nets = 1,
	.fixed = true,
	.tell = tell,
	.remembers = remembers,
	.refuses = refuses,
	.branches = 2,
	.loss = loss,
};
