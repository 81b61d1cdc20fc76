/*
 * unet.c: U-Net in 2-D and 3-D (Ronneberger et al., MICCAI 2015; Cicek et al., MICCAI 2016) as PyMIC has it: batch norm,
 * leaky ReLU, dropout, a 1x1 convolution before interpolated upsampling, outputs at several scales. Tensor names and
 * shapes are those of PyMIC's UNet, so that weights travel both ways.
 */
#include "net/net.h"

#include <string.h>

enum { LEVELS = 8 };

struct conf {
	int dims;
	struct numbers chns, dropout;
	const char *up;
	bool multiscale;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, dims, 0, "2|3", "2", 2, 3, "2: slices of a volume go into the batch; 3: volumes"),
	OPT_NUMBER(struct conf, chns, 0, "LIST", "32,64,128,256,512", 1, 65536, "channels of each level, full size first; 2 to 8 levels"),
	OPT_NUMBER(struct conf, dropout, 0, "LIST", "0,0,0.2,0.3,0.4", 0, 0.99, "dropout of each level (one number: of all)"),
	OPT_CHOICE(struct conf, up, 0, "conv|nearest|linear", "linear", "upsampling: transposed convolution, or 1x1 convolution and interpolation"),
	OPT_SWITCH(struct conf, multiscale, 0, "also predict at 1/2, 1/4, ... of the size, for deep supervision"),
	OPT_END
};

static void check_levels(const struct conf *c)
{
	if (c->chns.n < 2 || c->chns.n > LEVELS)
		die(PM_USAGE, "unet: chns has %d levels, not 2 to %d", c->chns.n, LEVELS);
}

static void multiple(const void *conf, int64_t size[3])
{
	const struct conf *c = conf;

	check_levels(c);
	int64_t m = (int64_t)1 << (c->chns.n - 1);

	size[0] = c->dims == 3 ? m : 1;
	size[1] = size[2] = m;
}

static int dims(const void *conf) { return ((const struct conf *)conf)->dims; }

static double drop(const struct conf *c, int level) { return c->dropout.v[c->dropout.n == 1 ? 0 : level]; }

static void check(const struct conf *c, const struct node *x)
{
	int64_t m[3], size[3] = { x->v.d, x->v.h, x->v.w };

	check_levels(c);
	if (c->dropout.n != 1 && c->dropout.n != c->chns.n)
		die(PM_USAGE, "unet: dropout has %d values, but chns has %d", c->dropout.n, c->chns.n);
	multiple(c, m);
	for (int i = 0; i < 3; i++)
		if (size[i] % m[i])
			die(PM_FAIL, "unet: the size %lldx%lldx%lld is not a multiple of %lldx%lldx%lld; pad or crop to one",
				(long long)size[0], (long long)size[1], (long long)size[2], (long long)m[0], (long long)m[1], (long long)m[2]);
}

/* What a level is upsampled to: the skip's channels, beside the skip. */
static struct node *upsample(struct graph *g, const struct conf *c, struct params *ps, struct node *x, const char *prefix, struct node *skip)
{
	char name[96];

	if (!strcmp(c->up, "conv")) {
		snprintf(name, sizeof name, "%s.up", prefix);
		return conv_up(g, ps, x, name, c->dims, skip->v.c, skip);
	}
	snprintf(name, sizeof name, "%s.conv1x1", prefix);
	x = conv(g, ps, x, name, c->dims, skip->v.c, 1, CONV_TO_MAPS);
	return op_up(g, x, c->dims, strcmp(c->up, "linear") ? UP_NEAREST : UP_LINEAR, skip);
}

static int forward(struct graph *g, const void *conf, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	const struct conf *c = conf;
	struct node *skip[LEVELS], *scale[LEVELS];
	int last = c->chns.n - 1, n = 0;
	char name[64];

	check(c, x);
	for (int i = 0; i <= last; i++) {
		int64_t cout = (int64_t)c->chns.v[i];
		struct block b = { c->dims, cout, drop(c, i), i < last ? c->dims : 0, i < last ? cout : 0, i == last };
		if (i)
			snprintf(name, sizeof name, "encoder.down%d.maxpool_conv.1.conv_conv", i);
		else
			snprintf(name, sizeof name, "encoder.in_conv.conv_conv");
		skip[i] = conv_block(g, ps, x, name, &b, &x);
	}
	x = skip[last];
	for (int i = last - 1; i >= 0; i--) {
		struct block b = { c->dims, (int64_t)c->chns.v[i], drop(c, i), 0, 0, true };
		snprintf(name, sizeof name, "decoder.up%d", last - i);
		x = op_cat(g, skip[i], upsample(g, c, ps, x, name, skip[i]));
		snprintf(name, sizeof name, "decoder.up%d.conv.conv_conv", last - i);
		x = scale[i] = conv_block(g, ps, x, name, &b, NULL);
	}
	for (int i = 0; i < last && (!i || (c->multiscale && g->grad)); i++) {
		if (i)
			snprintf(name, sizeof name, "decoder.out_conv%d", i);
		else
			snprintf(name, sizeof name, "decoder.out_conv");
		out[n++] = op_plain(g, conv(g, ps, scale[i], name, c->dims, classes, 1, CONV_TO_LOGITS));
	}
	return n;
}

const struct net net_unet = {
	{ "unet", "U-Net with batch norm and dropout, 2-D or 3-D", "Ronneberger et al., MICCAI 2015; Cicek et al., MICCAI 2016", opts,
	  sizeof(struct conf) },
	forward, dims, multiple
};
