/* rows.h: neighbours of a plain row: ragged ends, sums, exp, log and square root. */
#ifndef PM_ROWS_H
#define PM_ROWS_H

#include <math.h>

#include "cpu/kernels/simd.h"

/* The first n <= WIDTH elements of a plain row; the others read as 0 and are not written. */
INLINE vec load_part(const real *p, int n)
{
	vec x = { 0 };
	if (n == WIDTH)
		return *(const vec_loose *)p;
	memcpy(&x, p, (size_t)n * sizeof(real));
	return x;
}

INLINE void store_part(real *p, int n, vec x)
{
	if (n == WIDTH)
		*(vec_loose *)p = x;
	else
		memcpy(p, &x, (size_t)n * sizeof(real));
}

INLINE double total(vec x)
{
	double s = 0;
	for (int l = 0; l < WIDTH; l++)
		s += (double)x[l];
	return s;
}

#ifdef PM_REAL_DOUBLE
#define LANEWISE(name, f) \
	INLINE vec name(vec x) \
	{ \
		for (int l = 0; l < WIDTH; l++) \
			x[l] = f(x[l]); \
		return x; \
	}
LANEWISE(vec_exp, exp)
LANEWISE(vec_log, log)
LANEWISE(vec_sqrt, sqrt)
#else

/* The whole number nearest to x, |x| < 2^22, in float and as an integer. */
INLINE vec nearest(vec x, vec_int *n)
{
	const float magic = 12582912; /* 1.5 * 2^23: its last place counts ones */
	vec t = x + magic;
	*n = (vec_int)t - (vec_int)splat(magic);
	return t - magic;
}

INLINE vec power_of_2(vec_int n) { return (vec)((n + 127) << 23); }

/* exp to 3e-7 relative: x = n ln 2 + r, a polynomial for exp r (minimax coefficients as in Cephes' expf). */
INLINE vec vec_exp(vec x)
{
	vec_int n;
	x = smaller(splat(89), larger(splat(-104), x));
	vec f = nearest(x * 1.44269504f, &n);
	vec r = x - f * 0.693359375f + f * 2.12194440e-4f;
	vec y = splat(1.9875691500e-4f);
	y = y * r + 1.3981999507e-3f;
	y = y * r + 8.3334519073e-3f;
	y = y * r + 4.1665795894e-2f;
	y = y * r + 1.6666665459e-1f;
	y = y * r + 5.0000001201e-1f;
	y = y * r * r + r + 1;
	vec_int half = n >> 1;
	return y * power_of_2(half) * power_of_2(n - half); /* in two steps: to infinity and to denormals */
}

/* log to 3e-7 relative: x = 2^n m, m in [sqrt 1/2, sqrt 2), a polynomial in m - 1 (Cephes' logf). */
INLINE vec vec_log(vec x)
{
	mask tiny = greater(splat(1.17549435e-38f), x);
	vec_int bits = (vec_int)pick(tiny, x * 8388608, x);
	vec_int n = (bits - 0x3f3504f3) >> 23; /* 0x3f3504f3: sqrt 1/2 */
	vec m = (vec)(bits - (n << 23)) - 1;
	vec e = __builtin_convertvector(n, vec) - pick(tiny, splat(23), splat(0)), m2 = m * m;
	vec y = splat(7.0376836292e-2f);
	y = y * m - 1.1514610310e-1f;
	y = y * m + 1.1676998740e-1f;
	y = y * m - 1.2420140846e-1f;
	y = y * m + 1.4249322787e-1f;
	y = y * m - 1.6668057665e-1f;
	y = y * m + 2.0000714765e-1f;
	y = y * m - 2.4999993993e-1f;
	y = y * m + 3.3333331174e-1f;
	y = y * m * m2 - e * 2.12194440e-4f - m2 * 0.5f + m + e * 0.693359375f;
	y = pick(equal(x, splat(0)), splat(-INFINITY), y);
	y = pick(equal(x, splat(INFINITY)), x, y);
	return pick(greater(splat(0), x), splat(NAN), pick(equal(x, x), y, x));
}

INLINE vec vec_sqrt(vec x)
{
#if PM_AVX512
	return (vec)_mm512_sqrt_ps((__m512)x);
#else
	for (int l = 0; l < WIDTH; l++)
		x[l] = sqrtf(x[l]);
	return x;
#endif
}
#endif

#endif
