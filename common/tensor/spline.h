/* spline.h: cubic B-splines and mirrored borders, written once for the host and for the kernels of GPUs. */
#ifndef PM_SPLINE_H
#define PM_SPLINE_H

#include "base/base.h"

/* i reflected into 0..n-1 without repeating the edge, back and forth as often as needed. */
PM_ANYWHERE int64_t mirrored(int64_t i, int64_t n)
{
	if (i >= 0 && i < n)
		return i;
	const int64_t period = 2 * (n - 1), m = n > 1 ? (i % period + period) % period : 0;

	return m < n ? m : period - m;
}

/* Weights of four neighbours, of a place s behind the second. */
PM_ANYWHERE void spline_weights(float s, float w[4])
{
	const float r = 1 - s;

	w[0] = r * r * r / 6;
	w[1] = (4 + s * s * (3 * s - 6)) / 6;
	w[2] = (4 + r * r * (3 * r - 6)) / 6;
	w[3] = s * s * s / 6;
}

/* Values along a line become coefficients of cubic B-splines through them; lanes lines side by side, elements a step apart. */
PM_ANYWHERE void spline_line(float *x, int64_t n, int64_t step, int64_t lanes)
{
	const float pole = -0.267949192f; /* sqrt(3) - 2 */

	if (n < 2)
		return;
	for (int64_t j = 0; j < lanes; j++) {
		float sum = x[j], power = pole;

		for (int64_t i = 1; i < 16; i++, power *= pole)
			sum += power * x[mirrored(i, n) * step + j];
		x[j] = sum;
	}
	for (int64_t i = 1; i < n; i++)
		for (int64_t j = 0; j < lanes; j++)
			x[i * step + j] += pole * x[(i - 1) * step + j];
	for (int64_t j = 0; j < lanes; j++)
		x[(n - 1) * step + j] = 6 * pole / (pole * pole - 1) * (x[(n - 1) * step + j] + pole * x[(n - 2) * step + j]);
	for (int64_t i = n - 2; i >= 0; i--)
		for (int64_t j = 0; j < lanes; j++)
			x[i * step + j] = pole * (x[(i + 1) * step + j] - 6 * x[i * step + j]);
}

#endif
