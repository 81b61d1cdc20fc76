/* draws.cu: random numbers. */
#include <math.h>

#include "base/philox.h"
#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

struct uniform_cell {
	real *y;
	const uint32_t *key;
	uint32_t layer;
};

CELL void uniform_cell(const struct uniform_cell *a, uint32_t i)
{
	a->y[i] = (real)(philox_word(philox(i >> 2, 0, 0, a->layer, a->key[0], a->key[1]), i & 3) >> 8) / (1 << 24);
}
EACH(uniform_cell)

static void uniform(real *y, int64_t n, const uint32_t *key, uint32_t layer)
{
	const struct uniform_cell a = { y, key, layer };
	uniform_cell_each(&a, n);
}

struct noise_cell {
	real *y;
	const real *x;
	double sigma, most;
	const uint32_t *key;
	uint32_t layer;
};

CELL void noise_cell(const struct noise_cell *a, uint32_t i)
{
	const struct philox word = philox(i >> 1, 0, 0, a->layer, a->key[0], a->key[1]);
	const uint32_t u = philox_word(word, 2 * (i & 1)), v = philox_word(word, 2 * (i & 1) + 1);
	const double z = sqrt(-2 * log((u + 1.0) / 4294967296.0)) * cos(6.283185307179586 / 4294967296.0 * v);

	a->y[i] = a->x[i] + (float)fmax(-a->most, fmin(a->most, a->sigma * z));
}
EACH(noise_cell)

static void noise(real *y, const real *x, int64_t n, double sigma, double most, const uint32_t *key, uint32_t layer)
{
	const struct noise_cell a = { y, x, sigma, most, key, layer };
	noise_cell_each(&a, n);
}

const struct draws cuda_draws = { uniform, noise };
