/* conv_weights.c: parameters as PyTorch orders them, to and from the physical channels that kernels see. */
#include "base/base.h"
#include "cpu/conv.h"

#include <stdlib.h>
#include <string.h>

static int64_t padded(int64_t c) { return (c + PM_LANES - 1) / PM_LANES * PM_LANES; }

void conv_init(struct conv *c, const struct conv_shape *s)
{
	static uint64_t opened;
	int64_t taps = s->kernel;

	memset(c, 0, sizeof *c);
	c->number = ++opened;
	c->s = *s;
	c->kk = s->dims == 3 ? taps * taps * taps : taps * taps;
	c->ic = s->in_lanes == 1 ? s->cin : s->split ? padded(s->split) + padded(s->cin - s->split) : padded(s->cin);
	c->oc = s->up ? padded(s->cout) << s->dims : padded(s->cout);
	c->exact = !s->up && c->ic == s->cin && c->oc == s->cout;
	c->weights = xcalloc((size_t)(c->oc * c->ic * c->kk), sizeof(real));
	c->bias = xcalloc((size_t)c->oc, sizeof(real));
}

void conv_fini(struct conv *c)
{
	free(c->weights);
	free(c->bias);
}

/* Where the weights [oc, ic] (and, transposed, position pos) begin, physically and in the parameters. */
static int64_t physical_at(const struct conv *c, int64_t oc, int64_t ic, int64_t pos)
{
	if (c->s.split && ic >= c->s.split)
		ic += padded(c->s.split) - c->s.split;
	return ((pos * padded(c->s.cout) + oc) * c->ic + ic) * c->kk;
}

static int64_t logical_at(const struct conv *c, int64_t oc, int64_t ic, int64_t pos)
{
	if (c->s.up)
		return ((ic * c->s.cout + oc) << c->s.dims) + pos;
	return (oc * c->s.cin + ic) * c->kk;
}

const real *conv_weights(struct conv *c, const real *w)
{
	int64_t positions = c->s.up ? 1 << c->s.dims : 1;

	if (c->exact)
		return w;
	for (int64_t oc = 0; oc < c->s.cout; oc++)
		for (int64_t ic = 0; ic < c->s.cin; ic++)
			for (int64_t pos = 0; pos < positions; pos++)
				memcpy(c->weights + physical_at(c, oc, ic, pos), w + logical_at(c, oc, ic, pos), (size_t)c->kk * sizeof(real));
	return c->weights;
}

void conv_weights_back(const struct conv *c, const real *physical, real *dw)
{
	int64_t positions = c->s.up ? 1 << c->s.dims : 1;

#pragma omp parallel for
	for (int64_t oc = 0; oc < c->s.cout; oc++)
		for (int64_t ic = 0; ic < c->s.cin; ic++)
			for (int64_t pos = 0; pos < positions; pos++) {
				const real *from = physical + physical_at(c, oc, ic, pos);
				real *to = dw + logical_at(c, oc, ic, pos);
				for (int64_t k = 0; k < c->kk; k++)
					to[k] += from[k];
			}
}

const real *conv_bias(struct conv *c, const real *b)
{
	for (int64_t at = 0; at < c->oc; at += padded(c->s.cout))
		memcpy(c->bias + at, b, (size_t)c->s.cout * sizeof(real));
	return c->bias;
}

void conv_bias_back(const struct conv *c, const real *physical, real *db)
{
	for (int64_t at = 0; at < c->oc; at += padded(c->s.cout))
		for (int64_t k = 0; k < c->s.cout; k++)
			db[k] += physical[at + k];
}
