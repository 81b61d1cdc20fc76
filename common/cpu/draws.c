/* draws.c: see nn/draws.h. */
#include "cpu/draws.h"

#include "base/rng.h"

#include <math.h>

static void uniform(real *y, int64_t n, const uint32_t *key, uint32_t layer)
{
#pragma omp parallel for schedule(static) if (n > 16384)
	for (int64_t q = 0; q < n; q += 4) {
		uint32_t word[4];
		philox4x32((const uint32_t[]){ (uint32_t)(q >> 2), 0, 0, layer }, key, word);
		for (int64_t i = q; i < q + 4 && i < n; i++)
			y[i] = (real)(word[i - q] >> 8) / (1 << 24);
	}
}

static void noise(real *y, const real *x, int64_t n, double sigma, double most, const uint32_t *key, uint32_t layer)
{
#pragma omp parallel for schedule(static)
	for (int64_t block = 0; block < (n + 1) / 2; block++) {
		const uint32_t ctr[4] = { (uint32_t)block, 0, 0, layer };
		uint32_t word[4];

		philox4x32(ctr, key, word);
		for (int64_t i = 2 * block; i < n && i < 2 * block + 2; i++) {
			const uint32_t *w = word + 2 * (i & 1);
			const double z = sqrt(-2 * log((w[0] + 1.0) * 0x1p-32)) * cos(6.283185307179586 * 0x1p-32 * w[1]);
			y[i] = x[i] + (real)fmax(-most, fmin(most, sigma * z));
		}
	}
}

const struct draws cpu_draws = { uniform, noise };
