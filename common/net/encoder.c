/*
 * encoder.c: the encoder of a U-Net that says which class an image is of. Its tensors are named as those of the U-Net, from which
 * they can be taken: of one that segments, or that has learned from images alone.
 */
#include "net/perturb.h"
#include "net/unet.h"

struct conf {
	struct unet u;
	double last_dropout;
};

static const struct opt opts[] = {
	UNET_OPTS("32,64,128,256,512", "0,0,0.2,0.3,0.4"),
	OPT_NUMBER(struct conf, last_dropout, 0, "P", "0.2", 0, 0.99, "dropout of the means of the deepest level's channels"),
	OPT_END
};

/* Each channel's mean over the deepest level, and a linear layer. */
static int forward(struct graph *g, const void *settings, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	const struct conf *c = settings;
	const bool drops = g->training && !g->aside && c->last_dropout > 0;
	struct node *skip[UNET_LEVELS];

	unet_encode(g, &c->u, ps, x, false, skip);
	x = op_resample(g, op_plain(g, skip[c->u.chns.n - 1]), (int64_t[]){ 1, 1, 1 }, RESAMPLE_AVERAGE);
	x = drops ? drop_channels(g, x, c->last_dropout, c->last_dropout) : op_maps(g, x);
	out[0] = op_plain(g, conv(g, ps, x, "classifier", c->u.dims, classes, 1, CONV_TO_LOGITS));
	return 1;
}

const struct net net_encoder = {
	{ "encoder", "the encoder of a U-Net, for the class of the whole image", "Lin et al., Network in network, ICLR 2014", opts, sizeof(struct conf) },
	forward, unet_dims, unet_multiple, NULL, unet_features, true
};
