/*
 * conv_own.c: the convolutions of backend_cpu: kernels of our own where they are the fastest, oneDNN's for the others, im2col
 * where that has none. The choice depends on the shape and the processor alone, so a run can be repeated.
 */
#include "base/base.h"
#include "cpu/conv.h"
#include "cpu/kernels.h"

#include <stdlib.h>
#include <string.h>

/* Does minimal filtering apply? */
static bool filtering(const struct conv_shape *s)
{
#ifdef PM_REAL_DOUBLE
	(void)s;
	return false;
#else
	return s->kernel == 3 && s->dilation == 1 && s->in_lanes == PM_LANES && !s->up;
#endif
}

bool pack_stale(struct pack *p, int slot, size_t bytes, const struct conv *c, uint64_t version)
{
	if (p->bytes[slot] != bytes) {
		if (p->mem[slot])
			cpu_free(p->mem[slot], p->bytes[slot]);
		p->mem[slot] = cpu_alloc(bytes);
		p->bytes[slot] = bytes;
		p->owner[slot] = 0;
	}
	if (p->owner[slot] == c->number && p->version[slot] == version)
		return false;
	p->owner[slot] = c->number;
	p->version[slot] = version;
	return true;
}

static struct filters filters_of(const struct conv *c, bool back)
{
	return (struct filters){ back ? c->ic : c->oc, back ? c->oc : c->ic, c->kk / 9 };
}

static const real *packed(struct conv *c, const real *w, struct pack *pack, uint64_t version, bool back)
{
	struct filters s = filters_of(c, back);

	if (pack_stale(pack, back, (size_t)(36 * s.taps * s.in * s.out) * sizeof(real), c, version))
		kernels()->wino_pack(pack->mem[back], conv_weights(c, w), &s, back);
	return pack->mem[back];
}

struct conv *conv_own_open(const struct conv_shape *s)
{
	if (!filtering(s))
		return conv_dnnl_open(s);
	struct conv *c = conv_plain_open(s);
	c->zeros = xcalloc((size_t)(c->ic > c->oc ? c->ic : c->oc), sizeof(real));
	c->dweights = xcalloc((size_t)(c->oc * c->ic * c->kk), sizeof(real));
	c->dbias = xcalloc((size_t)c->oc, sizeof(real));
	c->own = true;
	return c;
}

void conv_own_close(struct conv *c)
{
	free(c->zeros);
	free(c->dweights);
	free(c->dbias);
	if (c->own)
		conv_plain_close(c);
	else
		conv_dnnl_close(c);
}

void conv_own_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y)
{
	if (!c->own) {
		conv_dnnl_fwd(c, x, w, b, pack, version, y);
		return;
	}
	struct filters s = filters_of(c, false);
	struct finish f = { NULL, conv_bias(c, b), 1 };
	kernels()->wino_conv(x, packed(c, w, pack, version, false), &s, &f, y);
}

void conv_own_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx)
{
	if (!c->own) {
		conv_dnnl_bwd_data(c, dy, w, pack, version, dx);
		return;
	}
	struct filters s = filters_of(c, true);
	struct finish f = { NULL, c->zeros, 1 };
	kernels()->wino_conv(dy, packed(c, w, pack, version, true), &s, &f, dx);
}

void conv_own_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
{
	if (!c->own) {
		conv_dnnl_bwd_weights(c, x, dy, dw, db);
		return;
	}
	struct filters s = filters_of(c, false);
	kernels()->wino_grad(x, dy, &s, c->dweights, c->dbias);
	conv_weights_back(c, c->dweights, dw);
	conv_bias_back(c, c->dbias, db);
}
