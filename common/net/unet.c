/*
 * unet.c: U-Net in 2-D and 3-D (Ronneberger et al., MICCAI 2015; Cicek et al., MICCAI 2016) as PyMIC has it: batch norm (or
 * instance norm), leaky ReLU, dropout, a 1x1 convolution before interpolated upsampling, outputs at several scales. Tensor names and
 * shapes are those of PyMIC's UNet, so that weights travel both ways.
 */
#include "net/unet.h"

#include "net/perturb.h"

#include <string.h>

struct conf {
	struct unet u;
	bool multiscale;
};

static const struct opt opts[] = {
	UNET_OPTS("32,64,128,256,512", "0,0,0.2,0.3,0.4"),
	UNET_UP,
	OPT_SWITCH(struct conf, multiscale, 0, "also predict at 1/2, 1/4, ... of the size, for deep supervision"),
	OPT_END
};

static void check_levels(const struct unet *u)
{
	if (u->chns.n < 2 || u->chns.n > UNET_LEVELS)
		die(PM_USAGE, "unet: chns has %d levels, not 2 to %d", u->chns.n, UNET_LEVELS);
}

void unet_multiple(const void *conf, int64_t size[3])
{
	const struct unet *u = conf;

	check_levels(u);
	int64_t m = (int64_t)1 << (u->chns.n - 1);

	size[0] = u->dims == 3 ? m : 1;
	size[1] = size[2] = m;
}

int unet_dims(const void *conf) { return ((const struct unet *)conf)->dims; }

static bool instance(const struct unet *u) { return !strcmp(u->norm, "instance"); }

static double drop(const struct unet *u, int level) { return u->dropout.v[u->dropout.n == 1 ? 0 : level]; }

static void check(const struct unet *u, const struct node *x)
{
	int64_t m[3], size[3] = { x->v.d, x->v.h, x->v.w };

	check_levels(u);
	if (u->dropout.n != 1 && u->dropout.n != u->chns.n)
		die(PM_USAGE, "unet: dropout has %d values, but chns has %d", u->dropout.n, u->chns.n);
	unet_multiple(u, m);
	for (int i = 0; i < 3; i++)
		if (size[i] % m[i])
			die(PM_FAIL, "unet: the size %lldx%lldx%lld is not a multiple of %lldx%lldx%lld; pad or crop to one",
				(long long)size[0], (long long)size[1], (long long)size[2], (long long)m[0], (long long)m[1], (long long)m[2]);
}

void unet_encode(struct graph *g, const struct unet *u, struct params *ps, struct node *x, bool deferred, struct node *skip[UNET_LEVELS])
{
	const int last = u->chns.n - 1;
	const bool twice = g->drop > 0, made = twice || g->halves; /* what is made anew has no room */
	char name[UNET_NAME];

	check(u, x);
	for (int i = 0; i <= last; i++) {
		int64_t cout = (int64_t)u->chns.v[i];
		struct block b = { u->dims, cout, drop(u, i), i < last ? u->dims : 0, i < last && !made ? cout : 0, i == last && deferred && !made, 1,
			INIT_FAN_IN, instance(u) };
		if (i)
			snprintf(name, sizeof name, "encoder.down%d.maxpool_conv.1.conv_conv", i);
		else
			snprintf(name, sizeof name, "encoder.in_conv.conv_conv");
		skip[i] = conv_block(g, ps, x, name, &b, &x);
		if (twice)
			skip[i] = with_dropped(g, skip[i], g->drop);
		if (g->halves)
			skip[i] = in_halves(g, skip[i]);
	}
}

int unet_features(struct graph *g, const void *conf, struct params *ps, struct node *x, struct node *level[PM_OUTPUTS])
{
	const struct unet *u = conf;

	unet_encode(g, u, ps, x, false, level);
	return u->chns.n;
}

/* What a level is upsampled to: the skip's channels, beside the skip. */
static struct node *upsample(struct graph *g, const struct unet *u, struct params *ps, const struct decoder *d, struct node *x,
	const char *prefix, struct node *skip)
{
	const struct filter point = { u->dims, 1, 1, d->init };
	struct node *beside = d->first && !(g->drop > 0 || g->halves) ? skip : NULL;
	char name[UNET_NAME];

	if (!strcmp(d->up, "conv")) {
		snprintf(name, sizeof name, "%s.up", prefix);
		return conv_up(g, ps, x, name, u->dims, skip->v.c, beside);
	}
	snprintf(name, sizeof name, "%s.conv1x1", prefix);
	x = conv_by(g, ps, x, name, &point, skip->v.c, CONV_TO_MAPS);
	return op_up(g, x, u->dims, strcmp(d->up, "linear") ? UP_NEAREST : UP_LINEAR, beside);
}

int unet_decode(struct graph *g, const struct unet *u, struct params *ps, const struct decoder *d, struct node *const *skip, int classes,
	struct node **out)
{
	const struct filter point = { u->dims, 1, 1, d->init };
	const int last = u->chns.n - 1;
	struct node *scale[UNET_LEVELS], *x = skip[last];
	char up[UNET_NAME - 16], name[UNET_NAME];
	int n = 0;

	for (int i = last - 1; i >= 0; i--) {
		struct block b = { u->dims, (int64_t)u->chns.v[i], drop(u, i), 0, 0, true, i < last - 1 ? d->dilation : 1, d->init, instance(u) };
		snprintf(up, sizeof up, "%s.up%d", d->prefix, d->by_level ? i + 1 : last - i);
		x = op_cat(g, skip[i], upsample(g, u, ps, d, x, up, skip[i]));
		snprintf(name, sizeof name, "%s.conv.conv_conv", up);
		x = scale[i] = conv_block(g, ps, x, name, &b, NULL);
	}
	for (int i = 0; i < last && (!i || (d->scales && g->grad)); i++) {
		if (i)
			snprintf(name, sizeof name, "%s.out_conv%d", d->prefix, d->by_level ? i + 1 : i);
		else
			snprintf(name, sizeof name, "%s.out_conv", d->prefix);
		out[n++] = op_plain(g, conv_by(g, ps, scale[i], name, &point, classes, CONV_TO_LOGITS));
	}
	return n;
}

static int forward(struct graph *g, const void *settings, struct params *ps, struct node *x, int classes, struct node *out[PM_OUTPUTS])
{
	const struct conf *c = settings;
	const struct decoder d = { .prefix = "decoder", .up = c->u.up, .first = true, .scales = c->multiscale };
	struct node *skip[UNET_LEVELS];

	unet_encode(g, &c->u, ps, x, true, skip);
	return unet_decode(g, &c->u, ps, &d, skip, classes, out);
}

const struct net net_unet = {
	{ "unet", "U-Net with batch or instance norm and dropout, 2-D or 3-D", "Ronneberger et al., MICCAI 2015; Cicek et al., MICCAI 2016", opts,
	  sizeof(struct conf) },
	forward, unet_dims, unet_multiple, NULL, unet_features, false
};
