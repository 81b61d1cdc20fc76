/* normal.h: normal numbers from words of philox, for the loops of the host and for the kernels of GPUs. */
#ifndef PM_NORMAL_H
#define PM_NORMAL_H

#include "tensor/values.h"

/* (cos, sin)(2 pi t) for t in [0,1): the quarter is taken off, then Taylor series on |x| <= pi / 4. */
PM_ANYWHERE void circle(float t, float *c, float *s)
{
	float q = nearest(t * 4), x = (t * 4 - q) * 1.57079633f, w = x * x;
	float sine = x * (1 + w * (-0.166666667f + w * (8.33333333e-3f + w * (-1.98412698e-4f + w * 2.75573192e-6f))));
	float cosine = 1 + w * (-0.5f + w * (0.0416666667f + w * (-1.38888889e-3f + w * 2.48015873e-5f)));
	int32_t k = (int32_t)q;
	float a = k & 1 ? sine : cosine, b = k & 1 ? cosine : sine;

	*c = k == 1 || k == 2 ? -a : a;
	*s = k == 2 || k == 3 ? -b : b;
}

/* Of so many words that are drawn at once, the first half are u, the others v, of as many pairs; the last piece may be shorter. */
enum { NORMAL_PIECE = 1024 };

/* Box and Muller: two uniform numbers make two normal ones. */
PM_ANYWHERE void normal_pair(uint32_t u, uint32_t v, float *a, float *b)
{
	float e, l = log2_parts(((float)(u >> 8) + 1) * 0x1p-24f, &e), c, s;
	float radius = sqrtf(-1.38629436f * (e + l) + 0.0f);

	circle((float)(v >> 8) * 0x1p-24f, &c, &s);
	*a = radius * c;
	*b = radius * s;
}

/* How many words n normal numbers take. */
PM_ANYWHERE int64_t normal_words(int64_t n) { return n + n % 2; }

#endif
