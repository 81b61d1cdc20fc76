/* rotate.c: rotation in a plane of the grid about its centre; where each output pixel comes from is computed once. */
#include "tensor/spatial.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Offset of the lower corner (nearest neighbour: of the pixel itself), -1 outside; steps to and shares of the upper. */
struct source {
	int64_t at, step_a, step_b;
	float share_a, share_b;
};

/* Rounding must not push the outermost pixels of a right angle out of the image. */
static bool inside(double *x, int64_t n)
{
	const double slack = 1e-9;

	if (!(*x >= -slack && *x <= (double)(n - 1) + slack))
		return false;
	*x = *x < 0 ? 0 : *x > (double)(n - 1) ? (double)(n - 1) : *x;
	return true;
}

static struct source find(double a, double b, const int64_t n[2], const int64_t stride[2], int order)
{
	struct source s = { .at = -1 };

	if (!inside(&a, n[0]) || !inside(&b, n[1]))
		return s;
	if (order == 0) {
		s.at = (int64_t)floor(a + 0.5) * stride[0] + (int64_t)floor(b + 0.5) * stride[1];
		return s;
	}
	int64_t la = (int64_t)floor(a), lb = (int64_t)floor(b);

	s.at = la * stride[0] + lb * stride[1];
	s.step_a = la + 1 < n[0] ? stride[0] : 0;
	s.step_b = lb + 1 < n[1] ? stride[1] : 0;
	s.share_a = (float)(a - (double)la);
	s.share_b = (float)(b - (double)lb);
	return s;
}

static struct source *sources(const int64_t n[2], const int64_t stride[2], double degrees, int order)
{
	struct source *s = xcalloc((size_t)(n[0] * n[1]), sizeof(*s)), *next = s;
	double angle = degrees * (M_PI / 180), cosine = cos(angle), sine = sin(angle);
	double ca = (double)(n[0] - 1) / 2, cb = (double)(n[1] - 1) / 2;

	for (int64_t i = 0; i < n[0]; i++) {
		for (int64_t j = 0; j < n[1]; j++) {
			double a = (double)i - ca, b = (double)j - cb;

			*next++ = find(cosine * a + sine * b + ca, cosine * b - sine * a + cb, n, stride, order);
		}
	}
	return s;
}

static float bilinear(const float *x, const struct source *s)
{
	const float *p = x + s->at;
	float lo = p[0] + (p[s->step_b] - p[0]) * s->share_b;
	float hi = p[s->step_a] + (p[s->step_a + s->step_b] - p[s->step_a]) * s->share_b;

	return lo + (hi - lo) * s->share_a;
}

#define PICK(T) \
	static void pick_##T(T *dst, const T *src, const struct source *s) { *dst = s->at < 0 ? 0 : src[s->at]; }
PICK(uint8_t)
PICK(uint16_t)
PICK(uint32_t)
PICK(uint64_t)

static void pixel(char *dst, const char *src, const struct source *s, size_t bytes, int order)
{
	if (order == 1)
		*(float *)dst = s->at < 0 ? 0 : bilinear((const float *)src, s);
	else if (bytes == 1)
		pick_uint8_t((uint8_t *)dst, (const uint8_t *)src, s);
	else if (bytes == 2)
		pick_uint16_t((uint16_t *)dst, (const uint16_t *)src, s);
	else if (bytes == 4)
		pick_uint32_t((uint32_t *)dst, (const uint32_t *)src, s);
	else
		pick_uint64_t((uint64_t *)dst, (const uint64_t *)src, s);
}

void rotate(void *dst, const void *src, const int64_t size[3], int a, int b, double degrees, int64_t channels,
	enum dtype t, int order)
{
	int64_t stride[3] = { size[1] * size[2], size[2], 1 };
	int64_t n[2] = { size[a], size[b] }, step[2] = { stride[a], stride[b] };
	int other = 3 - a - b;
	size_t bytes = dtype_size(t);

	assert(a >= 0 && a < b && b < 3 && (order == 0 || (order == 1 && t == PM_F32)));
	struct source *s = sources(n, step, degrees, order);

	for (int64_t c = 0; c < channels; c++) {
		size_t channel = (size_t)(c * size[0] * stride[0]) * bytes;

		for (int64_t i = 0; i < n[0]; i++) {
			for (int64_t k = 0; k < size[other]; k++) {
				const char *from = (const char *)src + channel + (size_t)(k * stride[other]) * bytes;
				char *to = (char *)dst + (from - (const char *)src) + (size_t)(i * step[0]) * bytes;

				for (int64_t j = 0; j < n[1]; j++)
					pixel(to + (size_t)(j * step[1]) * bytes, from, &s[i * n[1] + j], bytes, order);
			}
		}
	}
	free(s);
}
