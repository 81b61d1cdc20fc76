/* array.c: see array.h. */
#include "transform/array.h"

#include <math.h>
#include <string.h>

enum { LANES = 8 };

/* Compiled twice: without a threshold there is nothing to compare and to count. */
static inline double sums(const float *x, int64_t n, bool masked, float above, double origin, double *sum, double *square)
{
	double s[LANES] = { 0 }, q[LANES] = { 0 }, c[LANES] = { 0 }, count = 0;
	int64_t whole = n - n % LANES;

	for (int64_t i = 0; i < n; i += LANES) {
		for (int j = 0; j < (i < whole ? LANES : (int)(n - whole)); j++) {
			double in = !masked || x[i + j] > above ? 1 : 0;
			double d = masked ? ((double)x[i + j] - origin) * in : (double)x[i + j] - origin;

			c[j] += masked ? in : 0;
			s[j] += d;
			q[j] += d * d;
		}
	}
	for (int j = 0; j < LANES; j++) {
		count += c[j];
		*sum += s[j];
		*square += q[j];
	}
	return masked ? count : (double)n;
}

int64_t moments(const float *x, int64_t n, float above, double *mean, double *std)
{
	double s = 0, q = 0, c;
	double origin = n > 0 && x[0] > above ? (double)x[0] : 0; /* keeps the squares small: no cancellation */

	c = above == -INFINITY ? sums(x, n, false, above, origin, &s, &q) : sums(x, n, true, above, origin, &s, &q);
	*mean = 0;
	*std = 1;
	if (c > 0) {
		double variance = (q - s * s / c) / c;

		*mean = origin + s / c;
		*std = variance < 0 ? 0 : sqrt(variance);
	}
	return (int64_t)c;
}

void extent(const float *x, int64_t n, float *lo, float *hi)
{
	float least[LANES], most[LANES];
	int64_t whole = n - n % LANES;

	for (int j = 0; j < LANES; j++)
		least[j] = most[j] = x[0];
	for (int64_t i = 0; i < whole; i += LANES) {
		for (int j = 0; j < LANES; j++) {
			least[j] = x[i + j] < least[j] ? x[i + j] : least[j];
			most[j] = x[i + j] > most[j] ? x[i + j] : most[j];
		}
	}
	for (int64_t i = whole; i < n; i++) {
		least[0] = x[i] < least[0] ? x[i] : least[0];
		most[0] = x[i] > most[0] ? x[i] : most[0];
	}
	*lo = least[0];
	*hi = most[0];
	for (int j = 1; j < LANES; j++) {
		*lo = least[j] < *lo ? least[j] : *lo;
		*hi = most[j] > *hi ? most[j] : *hi;
	}
}

void shift_scale(float *x, int64_t n, float shift, float scale)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = (x[i] - shift) * scale;
}

void limit(float *x, int64_t n, float lo, float hi)
{
	for (int64_t i = 0; i < n; i++) {
		float v = x[i] < lo ? lo : x[i];

		x[i] = v > hi ? hi : v;
	}
}

static inline uint32_t bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static inline float from_bits(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* x = m * 2^e with m in [sqrt(1/2), sqrt(2)): log2(m), and e as a float. x > 0 and normal. */
static inline float log2_parts(float x, float *e)
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
static inline float exp2_part(float f)
{
	return 1 + f * (0.693147181f + f * (0.240226507f + f * (0.0555041087f + f * (0.00961812911f +
		f * (0.00133335581f + f * (0.000154035304f + f * 1.52527338e-5f))))));
}

/* Rounds to the nearest integer, |x| < 2^22. */
static inline float nearest(float x)
{
	const float magic = 12582912.0f; /* 1.5 * 2^23 */

	return (x + magic) - magic;
}

/*
 * u^(head + tail), u in [0,1]. head has 12 significant bits, so that head * exponent is exact: else the product's
 * rounding, blown up by the exponential, would be the largest error.
 */
static inline float power(float u, float head, float tail)
{
	float e, l = log2_parts(u < 1.17549435e-38f ? 1.17549435e-38f : u, &e);
	float whole = head * e, i = nearest(whole + l * head), rest = (whole - i) + (tail * e + l * (head + tail));
	float y = exp2_part(rest);

	i = i < -126 ? -126 : i;
	y *= from_bits((uint32_t)((int32_t)i + 127) << 23);
	return u < 1.17549435e-38f ? 0 : y;
}

void gamma_curve(float *x, int64_t n, float lo, float hi, float gamma, bool invert)
{
	float head = from_bits(bits(gamma) & 0xfffff000u), tail = gamma - head;
	float range = hi - lo, scale = 1 / range, sign = invert ? -1 : 1, start = invert ? 1 : 0;

	for (int64_t i = 0; i < n; i++) {
		float u = start + sign * ((x[i] - lo) * scale);

		u = u < 0 ? 0 : u;
		u = u > 1 ? 1 : u;
		x[i] = lo + range * power(u, head, tail);
	}
}

/* (cos, sin)(2 pi t) for t in [0,1): the quarter is taken off, then Taylor series on |x| <= pi / 4. */
static inline void circle(float t, float *c, float *s)
{
	float q = nearest(t * 4), x = (t * 4 - q) * 1.57079633f, w = x * x;
	float sine = x * (1 + w * (-0.166666667f + w * (8.33333333e-3f + w * (-1.98412698e-4f + w * 2.75573192e-6f))));
	float cosine = 1 + w * (-0.5f + w * (0.0416666667f + w * (-1.38888889e-3f + w * 2.48015873e-5f)));
	int32_t k = (int32_t)q;
	float a = k & 1 ? sine : cosine, b = k & 1 ? cosine : sine;

	*c = k == 1 || k == 2 ? -a : a;
	*s = k == 2 || k == 3 ? -b : b;
}

enum { BLOCK = 1024 }; /* a multiple of 4 */

/* Box and Muller: two uniform numbers make two normal ones. */
static void normal_block(float *x, const uint32_t *u, int n)
{
	for (int i = 0; i < n / 2; i++) {
		float e, l = log2_parts(((float)(u[i] >> 8) + 1) * 0x1p-24f, &e), c, s;
		float radius = sqrtf(-1.38629436f * (e + l) + 0.0f);

		circle((float)(u[n / 2 + i] >> 8) * 0x1p-24f, &c, &s);
		x[i] = radius * c;
		x[n / 2 + i] = radius * s;
	}
}

void fill_normal(float *x, int64_t n, struct rng *rng)
{
	uint32_t u[BLOCK];
	float out[BLOCK];

	for (int64_t at = 0; at < n; at += BLOCK) {
		int part = n - at < BLOCK ? (int)(n - at) : BLOCK, even = part + part % 2;

		for (int i = 0; i < even; i++)
			u[i] = rng_u32(rng);
		normal_block(out, u, even);
		memcpy(x + at, out, (size_t)part * sizeof(*x));
	}
}
