/* array.c: see array.h. */
#include "transform/array.h"

#include <math.h>
#include <string.h>

#include "tensor/normal.h"

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

PM_WIDE void gamma_curve(float *x, int64_t n, float lo, float hi, float gamma, bool invert)
{
	const struct gamma g = gamma_of(lo, hi, gamma, invert);

	for (int64_t i = 0; i < n; i++)
		x[i] = gamma_value(x[i], &g);
}

PM_WIDE static void normal_block(float *x, const uint32_t *u, int n)
{
	for (int i = 0; i < n / 2; i++)
		normal_pair(u[i], u[n / 2 + i], &x[i], &x[n / 2 + i]);
}

void fill_normal(float *x, int64_t n, struct rng *rng)
{
	uint32_t u[NORMAL_PIECE];
	float out[NORMAL_PIECE];

	for (int64_t at = 0; at < n; at += NORMAL_PIECE) {
		int part = n - at < NORMAL_PIECE ? (int)(n - at) : NORMAL_PIECE, even = part + part % 2;

		rng_words(rng, u, even);
		normal_block(out, u, even);
		memcpy(x + at, out, (size_t)part * sizeof(*x));
	}
}
