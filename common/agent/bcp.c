/*
 * bcp.c: bidirectional copy-paste. Labeled samples are pasted into unlabeled ones and these into labeled ones, so that both are seen
 * in one image; there a teacher's labels stand for the missing ones. Where all samples have labels, into each other.
 */
#include "agent/taught.h"
#include "base/rng.h"
#include "loss/terms.h"

#include <string.h>

struct conf {
	double weight, share;
	const char *largest;
	FOLLOWED;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, weight, 0, "X", "0.5", 0, 1e6, "of the pixels whose labels are the teacher's"),
	OPT_NUMBER(struct conf, share, 0, "P", "0.6666667", 0.01, 1, "side of the box that is pasted, as a share of the image's"),
	OPT_CHOICE(struct conf, largest, 0, "each|none", "each",
		"the teacher's labels keep the largest component of each class; none: all, where there may be several, as of lesions"),
	FOLLOWED_OPTIONS(struct conf),
	OPT_END,
};

static struct follow follow(const void *conf)
{
	const struct conf *c = conf;

	return following(c->decay, c->statistics);
}

static const char *refuses(const struct run *r)
{
	const int64_t others = r->samples - r->labeled;

	if (r->labeled % 2 == 0 && (!others || others == r->labeled))
		return NULL;
	return "pastes pairs: it wants an even number of labeled samples in a batch and as many unlabeled ones, or none of these";
}

/* One box for the batch: from and to along d, h, w, anywhere in the image. */
static int64_t tell(const struct run *r, float *out)
{
	const struct conf *c = r->conf;
	struct rng rng;

	rng_init(&rng, r->seed, "bcp", (uint64_t)r->iter, "", 0);
	for (int axis = 0; axis < 3 && out; axis++) {
		const int64_t side = (int64_t)(c->share * (double)r->size[axis]), box = side ? side : 1;
		const int64_t at = rng_int(&rng, 0, r->size[axis] - box);
		out[axis] = (float)at;
		out[3 + axis] = (float)(at + box);
	}
	return 6;
}

/* Where the first of two sides is to be seen, [n,1,...]: the first `boxed` samples in the box, the others around it. */
static struct node *first_side(struct run *r, int64_t boxed, int64_t n)
{
	struct graph *g = r->g;

	still_begin(g);
	struct node *box = op_box(g, told(r, 0, 6), r->size), *around = op_spread(g, linear(g, -1, box, 1), 0, n - boxed);
	struct node *mask = boxed ? op_join(g, op_spread(g, box, 0, boxed), around) : around;
	still_end(g);
	return mask;
}

/* Of unlabeled samples. */
static struct truth pseudo_labels(struct run *r, struct node *image)
{
	const struct conf *c = r->conf;
	struct node *label = op_argmax(r->g, still_probabilities(r, 1, image, false));

	return (struct truth){ .target = strcmp(c->largest, "none") ? op_largest(r->g, label, r->classes) : label,
		.class_weight = r->truth.class_weight };
}

/* The loss of rows first.. */
static struct node *part(struct run *r, struct node *const *out, int n, struct truth t, int64_t first, int64_t count)
{
	t.target = op_part(r->g, t.target, first, count);
	t.weight = t.weight ? op_part(r->g, t.weight, first, count) : NULL;
	t.image = op_part(r->g, t.image, first, count);
	return branches_loss(r, 0, out, n, first, &t);
}

/*
 * Labeled a and b, unlabeled u and v, half as many of each: L(z(a in u), a) + w L(z(a in u), teacher u) + L(z(v in b), b)
 * + w L(z(v in b), teacher v), each label where its sample is to be seen. Without unlabeled ones L(z(b in a), a) + L(z(b in a), b).
 */
static struct node *loss(struct run *r)
{
	const struct conf *c = r->conf;
	struct graph *g = r->g;
	struct node *out[PM_OUTPUTS], *image = op_to_plain(g, r->image), *others = unlabeled(r, r->image), *sum = NULL;
	const int64_t n = others ? r->labeled : r->labeled / 2, boxed = others ? n / 2 : 0;
	struct truth own = truth_rows(r, 0, n), other = others ? pseudo_labels(r, others) : truth_rows(r, n, n);
	struct node *mask = first_side(r, boxed, n);
	struct node *x = op_to_maps(g, pasted(g, mask, op_part(g, image, 0, n), op_part(g, image, n, n)));

	own.target = labels_where(g, own.target, r->classes, mask);
	other.target = labels_where(g, other.target, r->classes, linear(g, -1, mask, 1));
	own.image = other.image = x;
	const int outputs = forward_on(r, 0, x, out);
	for (int64_t first = 0; first < n; first += first < boxed ? boxed : n - boxed) {
		const int64_t count = first < boxed ? boxed : n - boxed;
		struct node *hidden = part(r, out, outputs, other, first, count);
		struct node *both = sum_of(g, part(r, out, outputs, own, first, count), linear(g, others ? c->weight : 1, hidden, 0));
		sum = sum ? sum_of(g, sum, both) : both;
	}
	r->truth = own; /* what the training Dice is of */
	r->labeled = n;
	return main_output(r, out[0], sum);
}

const struct agent agent_bcp = {
	.p = { "bcp", "bidirectional copy-paste: labeled and unlabeled samples in one image, a teacher labels the latter",
		"Bai et al., Bidirectional copy-paste for semi-supervised medical image segmentation, CVPR 2023", opts, sizeof(struct conf) },
	.nets = 1,
	.maps = true,
	.teachers = 1,
	.follow = follow,
	.tell = tell,
	.refuses = refuses,
	.loss = loss,
};
