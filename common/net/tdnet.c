/*
 * tdnet.c: a U-Net with three decoders that begin differently and see other features: all, without some channels, without
 * the strongest places; each also predicts at lower scales. Tensors as in PyMIC's TDNet.
 */
#include "net/perturb.h"
#include "net/unet.h"

struct conf {
	struct unet u;
	struct numbers dilation;
};

enum { DECODERS = 3 };

static const struct opt opts[] = {
	UNET_OPTS("16,32,64,128,256", "0,0.1,0.2,0.3,0.5"),
	OPT_NUMBER(struct conf, dilation, 0, "LIST", "1,1,1", 1, 16, "of the convolutions of each decoder above the deepest level"),
	OPT_END
};

static int branches(const void *conf) { (void)conf; return DECODERS; }

static struct node *seen(struct graph *g, int decoder, struct node *x)
{
	if (!decoder || !g->training)
		return x;
	return decoder == 1 ? drop_channels(g, x, 0.2, 0.5) : drop_strongest(g, x);
}

static int forward(struct graph *g, const void *settings, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	static const char *const name[DECODERS] = { "main_decoder", "aux_decoder1", "aux_decoder2" };
	static const enum init init[DECODERS] = { INIT_HE, INIT_XAVIER, INIT_NORMAL };
	const struct conf *c = settings;
	struct node *skip[UNET_LEVELS], *own[UNET_LEVELS];
	int n = 0;

	if (c->dilation.n != DECODERS || c->u.chns.n > PM_OUTPUTS / DECODERS + 1)
		die(PM_USAGE, "tdnet: dilation has %d values, not %d, or chns more than %d", c->dilation.n, DECODERS, PM_OUTPUTS / DECODERS + 1);
	unet_encode(g, &c->u, ps, x, !g->training, skip);
	for (int i = 0; i < DECODERS && (!i || g->grad); i++) {
		const struct decoder d = { .prefix = name[i], .up = "linear", .first = !i, .scales = true, .by_level = true,
			.dilation = (int)c->dilation.v[i], .init = init[i] };
		for (int k = 0; k < c->u.chns.n; k++)
			own[k] = seen(g, i, skip[k]);
		n += unet_decode(g, &c->u, ps, &d, own, classes, out + n);
	}
	return n;
}

const struct net net_tdnet = {
	{ "tdnet", "U-Net with three decoders that predict at several scales; in training the second and the third see less", "Han et al., PS-Seg, 2026",
	  opts, sizeof(struct conf) },
	forward, unet_dims, unet_multiple, branches, unet_features, false
};
