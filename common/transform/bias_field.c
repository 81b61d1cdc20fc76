/* bias_field.c: the slow change of brightness that the coils of MR scanners cause: the exponential of a polynomial of the place. */
#include "tensor/values.h"
#include "transform/channels.h"

#include <stdlib.h>

enum { ORDER = 3, ORDERS = ORDER + 1 };

static const struct opt opts[] = { VARIED_OPTS("C", "-0.5", "0.5", -100, 100, "coefficient of the polynomial of third order"), OPT_END };

/* 2^y; where that is beyond the numbers of f32, the last of them. */
static float exp2_of(float y)
{
	const float within = y < -126 ? -126 : y > 127 ? 127 : y, i = nearest(within);

	return exp2_part(within - i) * from_bits((uint32_t)((int32_t)i + 127) << 23);
}

/* -1 to 1 along an axis of n; 0 where there is but one. */
static float place(int64_t i, int64_t n) { return n > 1 ? 2 * (float)i / (float)(n - 1) - 1 : 0; }

static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const int64_t *size = record_peek(r, "image")->dim + 1;
	float c[ORDERS][ORDERS][ORDERS] = { 0 }, *w = xmalloc((size_t)size[2] * sizeof *w);

	for (int i = 0; i < ORDERS; i++)
		for (int j = 0; i + j < ORDERS; j++)
			for (int k = 0; i + j + k < ORDERS; k++)
				c[i][j][k] = (float)varied_draw(conf, rng) * 1.44269504f; /* powers are of 2 */
	for (int64_t i = 0; i < size[2]; i++)
		w[i] = place(i, size[2]);
	for (int64_t row = 0; row < size[0] * size[1]; row++, x += size[2]) {
		const float z = place(row / size[1], size[0]), y = place(row % size[1], size[1]);
		float p[ORDERS] = { 0 };

		for (int i = ORDER; i >= 0; i--)
			for (int k = 0; k < ORDERS; k++) {
				float line = 0;
				for (int j = ORDER; j >= 0; j--)
					line = line * y + c[i][j][k];
				p[k] = p[k] * z + line;
			}
		for (int64_t i = 0; i < size[2]; i++)
			x[i] *= exp2_of(p[0] + w[i] * (p[1] + w[i] * (p[2] + w[i] * p[3])));
	}
	free(w);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e) { return change_channels(conf, r, rng, e, one); }

const struct transform transform_bias_field = {
	{ "bias_field", "random bias field of MR images: intensities times the exponential of a polynomial of the place",
		"Van Leemput et al., Automated model-based tissue classification of MR images of the brain, IEEE TMI 1999", opts, sizeof(struct varied) },
	.apply = apply, .check = varied_check,
};
