/*
 * cctnet.c: a U-Net with a main decoder and auxiliary ones that see the deepest features perturbed: by their own dropout
 * alone, without the strongest places, noisy, or moved where the prediction changes most. Tensors as in PyMIC's CCTNet.
 */
#include "net/perturb.h"
#include "net/unet.h"

#include <string.h>

struct conf {
	struct unet u;
	int plain, drop, noise, vat, steps;
	double range, xi, eps;
};

static const struct opt opts[] = {
	UNET_OPTS("32,64,128,256,512", "0,0,0.2,0.3,0.4"),
	UNET_UP,
	OPT_NUMBER(struct conf, plain, 0, "N", "1", 0, 3, "auxiliary decoders with their own dropout alone"),
	OPT_NUMBER(struct conf, drop, 0, "N", "1", 0, 3, "that do not see the strongest features"),
	OPT_NUMBER(struct conf, noise, 0, "N", "1", 0, 3, "that see noisy features"),
	OPT_NUMBER(struct conf, vat, 0, "N", "1", 0, 3, "that see features moved where the prediction changes most (virtual adversarial training)"),
	OPT_NUMBER(struct conf, range, 0, "X", "0.3", 0, 1, "of the noise, times the feature"),
	OPT_NUMBER(struct conf, steps, 0, "N", "2", 1, 16, "power iterations for that direction"),
	OPT_NUMBER(struct conf, xi, 0, "X", "0.1", 1e-6, 1e3, "how far they look; in bf16 small ones are lost in rounding"),
	OPT_NUMBER(struct conf, eps, 0, "X", "2", 0, 1e3, "how far features are moved, over all of a sample"),
	OPT_END
};

static int auxiliary(const struct conf *c) { return c->plain + c->drop + c->noise + c->vat; }
static int branches(const void *conf) { return 1 + auxiliary(conf); }

/* Each sample of d [n,...] with length 1; its largest element becomes 1 first, so that squares of small numbers do not vanish. */
static struct node *unit(struct graph *g, struct node *d)
{
	const int64_t dim[5] = { d->v.n, d->v.c, d->v.d, d->v.h, d->v.w };
	struct node *scale = op_unary(g, U_ABS, 0, d);

	for (int pass = 0; pass < 2; pass++) {
		if (pass)
			scale = op_unary(g, U_SQUARE, 0, d);
		for (int axis = 4; axis >= 1; axis--)
			scale = pass ? op_sum(g, scale, axis) : op_max(g, scale, axis);
		if (pass)
			scale = op_unary(g, U_SQRT, 0, scale);
		scale = op_unary(g, U_OFFSET, 1e-30, scale);
		for (int axis = 4; axis >= 1; axis--)
			scale = op_spread(g, scale, axis, dim[axis]);
		d = op_binary(g, B_DIV, d, scale);
	}
	return d;
}

static struct node *moved(struct graph *g, struct node *plain, double by, struct node *d)
{
	return op_maps(g, op_binary(g, B_ADD, plain, op_unary(g, U_SCALE, by, d)));
}

/*
 * x + eps d, d the direction of length 1 in which the decoder's prediction turns away fastest (Miyato et al., TPAMI 2019), a
 * constant. While it is looked for nothing drops out, and the decoder's parameters and running statistics are left alone.
 */
static struct node *adversary(struct graph *g, const struct conf *c, struct params *ps, const struct decoder *aux, struct node *const *skip,
	int classes)
{
	const int last = c->u.chns.n - 1;
	struct node *still[UNET_LEVELS], *out[UNET_LEVELS], *x = op_plain(g, skip[last]), *at = op_detach(g, x);
	struct node *d = unit(g, op_unary(g, U_OFFSET, -0.5, op_uniform(g, x->v.n, x->v.c, x->v.d, x->v.h, x->v.w)));

	const bool aside = g->aside;

	g->aside = true;
	for (int i = 0; i <= last; i++)
		still[i] = op_detach(g, skip[i]);
	unet_decode(g, &c->u, ps, aux, still, classes, out);
	struct node *p = op_softmax(g, out[0]);
	for (int i = 0; i < c->steps; i++) {
		struct node *leaf = op_leaf(g, d);
		still[last] = moved(g, at, c->xi, leaf);
		unet_decode(g, &c->u, ps, aux, still, classes, out);
		d = unit(g, graph_slope(g, op_part(g, op_ce(g, out[0], p, NULL, NULL), 0, 1), leaf));
	}
	g->aside = aside;
	return moved(g, x, c->eps, d);
}

static struct node *perturbed(struct graph *g, const struct conf *c, struct params *ps, const struct decoder *aux, struct node *const *skip,
	int kind, int classes)
{
	struct node *x = skip[c->u.chns.n - 1];

	if (!g->training || kind < c->plain)
		return x;
	if (kind < c->plain + c->drop)
		return drop_strongest(g, x);
	if (kind < c->plain + c->drop + c->noise)
		return noisy(g, x, c->range);
	return adversary(g, c, ps, aux, skip, classes);
}

static int forward(struct graph *g, const void *settings, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	const struct conf *c = settings;
	const struct decoder first = { .prefix = "decoder", .up = c->u.up, .first = true };
	const int last = c->u.chns.n - 1;
	struct node *skip[UNET_LEVELS], *own[UNET_LEVELS];
	char name[UNET_NAME / 2];

	unet_encode(g, &c->u, ps, x, !g->training, skip);
	int n = unet_decode(g, &c->u, ps, &first, skip, classes, out);
	for (int i = 0; i < auxiliary(c) && g->grad; i++) {
		snprintf(name, sizeof name, "aux_decoders.%d.decoder", i);
		const struct decoder aux = { .prefix = name, .up = c->u.up };
		memcpy(own, skip, sizeof own);
		own[last] = perturbed(g, c, ps, &aux, skip, i, classes);
		n += unet_decode(g, &c->u, ps, &aux, own, classes, out + n);
	}
	return n;
}

const struct net net_cctnet = {
	{ "cctnet", "U-Net with auxiliary decoders that see perturbed features in training; the main one segments",
	  "Ouali et al., Semi-supervised semantic segmentation with cross-consistency training, CVPR 2020", opts, sizeof(struct conf) },
	forward, unet_dims, unet_multiple, branches, unet_features, false
};
