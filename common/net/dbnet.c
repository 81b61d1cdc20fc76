/* dbnet.c: a U-Net with two decoders, the second on features that lack half of their channels. Tensors as in PyMIC's DBNet. */
#include "net/perturb.h"
#include "net/unet.h"

static const struct opt opts[] = {
	UNET_OPTS("32,64,128,256,512", "0,0,0.2,0.3,0.4"),
	UNET_UP,
	OPT_END
};

static int branches(const void *conf) { (void)conf; return 2; }

static int forward(struct graph *g, const void *settings, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	const struct unet *u = settings;
	const struct decoder main_branch = { .prefix = "main_decoder", .up = u->up, .first = true }, aux = { .prefix = "aux_decoder", .up = u->up };
	struct node *skip[UNET_LEVELS];

	unet_encode(g, u, ps, x, !g->training, skip);
	int n = unet_decode(g, u, ps, &main_branch, skip, classes, out);
	if (!g->grad)
		return n;
	for (int i = 0; i < u->chns.n && g->training; i++)
		skip[i] = drop_channels(g, skip[i], 0.5, 0.5);
	return n + unet_decode(g, u, ps, &aux, skip, classes, out + n);
}

const struct net net_dbnet = {
	{ "dbnet", "U-Net with two decoders, in training the second one on half of the channels; the first one segments",
	  "Luo et al., Scribble-supervised medical image segmentation via dual-branch network and dynamically mixed pseudo labels supervision, "
	  "MICCAI 2022", opts, sizeof(struct unet) },
	forward, unet_dims, unet_multiple, branches, unet_features, false
};
