/*
 * conv_own.c: the convolutions of backend_cpu: kernels of our own where they are the fastest, oneDNN's for the others, im2col
 * where that has none. The choice depends on the shape alone, so a run can be repeated.
 */
#include "base/base.h"
#include "cpu/conv.h"
#include "cpu/kernels.h"

#include <stdlib.h>
#include <string.h>

enum { LIBRARY, TILES, POINT, FIRST }; /* what is a convolution's own: nothing, minimal filtering, kernel 1, plain images */

static int own_kind(const struct conv_shape *s)
{
#ifndef PM_REAL_DOUBLE /* there the plain twin is what gradients are checked with */
	if (s->in_lanes == 1)
		return FIRST;
	if (s->kernel == 1)
		return POINT;
	if (s->kernel == 3 && s->dilation == 1)
		return TILES;
#endif
	(void)s;
	return LIBRARY;
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
	return (struct filters){ back ? c->ic : c->oc, back ? c->oc : c->ic, c->kk == 27 ? 3 : 1 };
}

static const real *packed(struct conv *c, const real *w, struct pack *pack, uint64_t version, bool back)
{
	struct filters s = filters_of(c, back);
	int64_t count = c->own == TILES ? 36 * s.taps * s.in * s.out : c->oc * c->ic * c->kk;

	if (!pack_stale(pack, back, (size_t)count * sizeof(real), c, version))
		return pack->mem[back];
	w = conv_weights(c, w);
	if (c->own == TILES)
		kernels()->wino_pack(pack->mem[back], w, &s, back);
	else if (c->own == POINT)
		kernels()->point_pack(pack->mem[back], w, &s, back);
	else
		kernels()->first_pack(pack->mem[back], w, c->oc, c->ic * c->kk);
	return pack->mem[back];
}

struct conv *conv_own_open(const struct conv_shape *s)
{
	int own = own_kind(s);

	if (own == LIBRARY)
		return conv_dnnl_open(s);
	struct conv *c = conv_plain_open(s);
	c->own = own;
	c->zeros = xcalloc((size_t)c->ic, sizeof(real));
	c->dweights = xcalloc((size_t)(c->oc * c->ic * c->kk), sizeof(real));
	c->dbias = xcalloc((size_t)c->oc, sizeof(real));
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

void conv_own_fwd(struct conv *c, const struct fmap *x, const real *w, const real *b, struct pack *pack, uint64_t version, struct fmap *y,
	double *moments)
{
	if (!c->own) {
		conv_dnnl_fwd(c, x, w, b, pack, version, y, moments);
		return;
	}
	struct filters s = filters_of(c, false);
	const real *u = packed(c, w, pack, version, false), *shift = conv_bias(c, b);
	if (c->own == TILES) {
		kernels()->wino_conv(x, u, &s, shift, y, moments);
	} else if (c->own == FIRST) {
		kernels()->first_conv(x, u, &c->s, shift, y, moments);
	} else {
		kernels()->point_conv(x, u, &s, shift, y);
		if (moments)
			kernels()->norm_stats(y, &(struct sharing){ y->n, 1 }, moments, moments + y->c);
	}
}

void conv_own_bwd_data(struct conv *c, const struct fmap *dy, const real *w, struct pack *pack, uint64_t version, struct fmap *dx)
{
	struct filters s = filters_of(c, true);

	if (c->own == TILES)
		kernels()->wino_conv(dy, packed(c, w, pack, version, true), &s, c->zeros, dx, NULL);
	else if (c->own == POINT)
		kernels()->point_conv(dy, packed(c, w, pack, version, true), &s, c->zeros, dx);
	else if (c->own == FIRST)
		conv_plain_bwd_data(c, dy, w, pack, version, dx); /* images want no gradient but in tests */
	else
		conv_dnnl_bwd_data(c, dy, w, pack, version, dx);
}

void conv_own_bwd_weights(struct conv *c, const struct fmap *x, const struct fmap *dy, real *dw, real *db)
{
	if (!c->own) {
		conv_dnnl_bwd_weights(c, x, dy, dw, db);
		return;
	}
	struct filters s = filters_of(c, false);
	if (c->own == TILES)
		kernels()->wino_grad(x, dy, &s, c->dweights, c->dbias);
	else if (c->own == POINT)
		kernels()->point_grad(x, dy, &s, c->dweights, c->dbias);
	else
		kernels()->first_grad(x, dy, &c->s, c->dweights, c->dbias);
	conv_weights_back(c, c->dweights, dw);
	conv_bias_back(c, c->dbias, db);
}
