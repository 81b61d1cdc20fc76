/*
 * mcnet.c: a U-Net whose encoder has several decoders that upsample in different ways, so that they err in different places.
 * Tensor names and shapes are those of PyMIC's MCNet.
 */
#include "net/unet.h"

struct conf {
	struct unet u;
	int decoders;
};

static const struct opt opts[] = {
	UNET_OPTS("32,64,128,256,512", "0,0,0.2,0.3,0.4"),
	OPT_NUMBER(struct conf, decoders, 0, "N", "3", 2, 6, "they upsample by transposed convolution, nearest, linear, and so on; the first is used"),
	OPT_END
};

static int branches(const void *conf) { return ((const struct conf *)conf)->decoders; }

static int forward(struct graph *g, const void *settings, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	static const char *const up[] = { "conv", "nearest", "linear" };
	const struct conf *c = settings;
	struct node *skip[UNET_LEVELS];
	char name[UNET_NAME / 4];
	int n = 0;

	unet_encode(g, &c->u, ps, x, true, skip);
	for (int i = 0; i < c->decoders && (!i || g->grad); i++) {
		snprintf(name, sizeof name, "decoder%d", i + 1);
		const struct decoder d = { .prefix = name, .up = up[i % 3], .first = !i };
		n += unet_decode(g, &c->u, ps, &d, skip, classes, out + n);
	}
	return n;
}

const struct net net_mcnet = {
	{ "mcnet", "U-Net with several decoders that upsample differently; the first one segments",
	  "Wu et al., Mutual consistency learning for semi-supervised medical image segmentation, Medical Image Analysis 2022",
		opts, sizeof(struct conf) },
	forward, unet_dims, unet_multiple, branches, unet_features, false
};
