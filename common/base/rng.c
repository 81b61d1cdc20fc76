/* rng.c: Philox4x32-10. */
#include <math.h>

#include "base/philox.h"
#include "base/rng.h"

void philox4x32(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4])
{
	const struct philox p = philox(ctr[0], ctr[1], ctr[2], ctr[3], key[0], key[1]);

	out[0] = p.c0;
	out[1] = p.c1;
	out[2] = p.c2;
	out[3] = p.c3;
}

/* FNV-1a, the closing zero included so that ("ab", "c") and ("a", "bc") differ. */
static uint64_t hash_text(uint64_t h, const char *s)
{
	do {
		h ^= (unsigned char)*s;
		h *= 0x100000001B3u;
	} while (*s++);
	return h;
}

void rng_init(struct rng *r, uint64_t seed, const char *tool, uint64_t epoch, const char *id, uint32_t step)
{
	uint64_t h = hash_text(hash_text(0xCBF29CE484222325u, tool), id);
	const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
	const uint32_t ctr[4] = {(uint32_t)h, (uint32_t)(h >> 32), (uint32_t)epoch, (uint32_t)(epoch >> 32)};
	uint32_t mixed[4];
	philox4x32(ctr, key, mixed);
	r->key[0] = mixed[0];
	r->key[1] = mixed[1];
	r->ctr[0] = 0; /* the number of the block */
	r->ctr[1] = step;
	r->ctr[2] = mixed[2];
	r->ctr[3] = mixed[3];
	r->left = 0;
}

uint32_t rng_u32(struct rng *r)
{
	if (!r->left) {
		philox4x32(r->ctr, r->key, r->out);
		r->ctr[0]++;
		r->left = 4;
	}
	return r->out[4 - r->left--];
}

/* Blocks from the next one on, side by side. */
PM_WIDE static void blocks(const struct rng *r, uint32_t *to, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		const struct philox p = philox(r->ctr[0] + (uint32_t)i, r->ctr[1], r->ctr[2], r->ctr[3], r->key[0], r->key[1]);

		to[4 * i] = p.c0;
		to[4 * i + 1] = p.c1;
		to[4 * i + 2] = p.c2;
		to[4 * i + 3] = p.c3;
	}
}

void rng_words(struct rng *r, uint32_t *to, int64_t n)
{
	for (; n && r->left; n--)
		*to++ = rng_u32(r);
	const int64_t whole = n / 4 * 4;

	blocks(r, to, whole / 4);
	rng_skip(r, whole);
	for (int64_t i = whole; i < n; i++)
		to[i] = rng_u32(r);
}

void rng_skip(struct rng *r, int64_t n)
{
	for (; n && r->left; n--)
		r->left--;
	r->ctr[0] += (uint32_t)(n / 4);
	for (n %= 4; n; n--)
		rng_u32(r);
}

double rng_uniform(struct rng *r)
{
	return rng_u32(r) * 0x1p-32;
}

double rng_range(struct rng *r, double lo, double hi)
{
	double v = lo + (hi - lo) * rng_uniform(r);
	return v < hi || hi <= lo ? v : lo; /* rounding may reach hi */
}

int64_t rng_int(struct rng *r, int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)hi - (uint64_t)lo; /* one less than the number of values */
	uint64_t x, reject;
	if (hi <= lo)
		return lo;
	if (span <= UINT32_MAX - 1) {
		uint32_t n = (uint32_t)span + 1;
		reject = (uint32_t)-n % n;
		do
			x = rng_u32(r);
		while (x < reject);
		return lo + (int64_t)(x % n);
	}
	uint64_t n = span + 1; /* 0 stands for 2^64 */
	reject = n ? -n % n : 0;
	do {
		x = (uint64_t)rng_u32(r) << 32;
		x |= rng_u32(r);
	} while (x < reject);
	return (int64_t)((uint64_t)lo + (n ? x % n : x));
}

double rng_normal(struct rng *r)
{
	double radius = sqrt(-2 * log((rng_u32(r) + 1.0) * 0x1p-32));
	return radius * cos(6.283185307179586 * rng_uniform(r));
}

/* The logarithm of Gamma(a, 1), which may be too small for itself (Marsaglia and Tsang, A simple method for generating gamma variables, 2000). */
static double log_gamma(struct rng *r, double a)
{
	const double d = a + 1 - 1.0 / 3, c = 1 / sqrt(9 * d);

	for (;;) { /* Gamma(a + 1), times U^(1/a) */
		const double x = rng_normal(r), v = pow(fmax(0, 1 + c * x), 3), u = (rng_u32(r) + 1.0) * 0x1p-32;
		if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v))
			return log(d * v) + log((rng_u32(r) + 1.0) * 0x1p-32) / a;
	}
}

double rng_beta(struct rng *r, double a)
{
	const double x = log_gamma(r, a), y = log_gamma(r, a);

	return 1 / (1 + exp(y - x));
}

void rng_shuffle(struct rng *r, int64_t *index, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		index[i] = i;
	for (int64_t i = n - 1; i > 0; i--) {
		int64_t j = rng_int(r, 0, i), t = index[i];
		index[i] = index[j];
		index[j] = t;
	}
}
