/* philox.h: Philox4x32-10 (see rng.h) as every processor computes it. */
#ifndef PM_PHILOX_H
#define PM_PHILOX_H

#include "base/base.h"
#include "base/rng.h"

struct philox {
	uint32_t c0, c1, c2, c3;
};

PM_ANYWHERE struct philox philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1)
{
	for (int round = 0; round < 10; round++) {
		const uint64_t a = (uint64_t)0xd2511f53u * c0, b = (uint64_t)0xcd9e8d57u * c2;
		const uint32_t x = c1, y = c3;

		c0 = (uint32_t)(b >> 32) ^ x ^ k0;
		c1 = (uint32_t)b;
		c2 = (uint32_t)(a >> 32) ^ y ^ k1;
		c3 = (uint32_t)a;
		k0 += 0x9e3779b9u;
		k1 += 0xbb67ae85u;
	}
	const struct philox out = { c0, c1, c2, c3 };
	return out;
}

/* Word `which` (0 to 3) of it. */
PM_ANYWHERE uint32_t philox_word(struct philox p, uint32_t which) { return which == 0 ? p.c0 : which == 1 ? p.c1 : which == 2 ? p.c2 : p.c3; }

/* The word that rng_u32 gives after `skip` others. */
PM_ANYWHERE uint32_t rng_word(const struct rng *r, uint32_t skip)
{
	const uint32_t left = (uint32_t)r->left, n = skip - left;
	struct philox p = { r->out[0], r->out[1], r->out[2], r->out[3] };

	if (skip < left)
		return philox_word(p, 4 - left + skip);
	p = philox(r->ctr[0] + n / 4, r->ctr[1], r->ctr[2], r->ctr[3], r->key[0], r->key[1]);
	return philox_word(p, n % 4);
}

#endif
