/* values.h: a gamma curve, written once for the loops of the host, which are vectorised, and for the kernels of GPUs. */
#ifndef PM_VALUES_H
#define PM_VALUES_H

#include "base/base.h"

#include <math.h>
#include <string.h>

PM_ANYWHERE uint32_t bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

PM_ANYWHERE float from_bits(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* x = m * 2^e with m in [sqrt(1/2), sqrt(2)): log2(m), and e as a float. x > 0 and normal. */
PM_ANYWHERE float log2_parts(float x, float *e)
{
	uint32_t shifted = bits(x) - 0x3f3504f3u;
	int32_t exponent = (int32_t)shifted >> 23;
	float m = from_bits((shifted & 0x7fffffu) + 0x3f3504f3u);
	float z = (m - 1) / (m + 1), w = z * z;

	*e = (float)exponent;
	/* 2 / ln 2 * atanh(z) */
	return z * (2.88539008f + w * (0.961796694f + w * (0.577078016f + w * (0.412198583f + w * 0.320598898f))));
}

/* 2^f for |f| <= 1/2, relative error 1e-8 before rounding. */
PM_ANYWHERE float exp2_part(float f)
{
	return 1 + f * (0.693147181f + f * (0.240226507f + f * (0.0555041087f + f * (0.00961812911f +
		f * (0.00133335581f + f * (0.000154035304f + f * 1.52527338e-5f))))));
}

/* Rounds to the nearest integer, |x| < 2^22. */
PM_ANYWHERE float nearest(float x)
{
	const float magic = 12582912.0f; /* 1.5 * 2^23 */

	return (x + magic) - magic;
}

/*
 * u^(head + tail), u in [0,1]. head has 12 significant bits, so that head * exponent is exact: else the product's
 * rounding, blown up by the exponential, would be the largest error.
 */
PM_ANYWHERE float power(float u, float head, float tail)
{
	float e, l = log2_parts(u < 1.17549435e-38f ? 1.17549435e-38f : u, &e);
	float whole = head * e, i = nearest(whole + l * head), rest = (whole - i) + (tail * e + l * (head + tail));
	float y = exp2_part(rest);

	i = i < -126 ? -126 : i;
	y *= from_bits((uint32_t)((int32_t)i + 127) << 23);
	return u < 1.17549435e-38f ? 0 : y;
}

struct gamma {
	float lo, range, scale, sign, start, head, tail;
};

/* lo + (hi - lo) * u^exponent with u = (x - lo) / (hi - lo), or 1 - u where invert. */
PM_ANYWHERE struct gamma gamma_of(float lo, float hi, float exponent, bool invert)
{
	struct gamma g;

	g.lo = lo;
	g.range = hi - lo;
	g.scale = 1 / g.range;
	g.sign = invert ? -1 : 1;
	g.start = invert ? 1 : 0;
	g.head = from_bits(bits(exponent) & 0xfffff000u);
	g.tail = exponent - g.head;
	return g;
}

PM_ANYWHERE float gamma_value(float x, const struct gamma *g)
{
	float u = g->start + g->sign * ((x - g->lo) * g->scale);

	u = u < 0 ? 0 : u;
	u = u > 1 ? 1 : u;
	return g->lo + g->range * power(u, g->head, g->tail);
}

#endif
