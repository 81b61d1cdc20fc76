/* philox.h: one word of Philox4x32-10 (base/rng.h): dropout masks that are the CPU's, bit for bit. */
#ifndef PM_PHILOX_H
#define PM_PHILOX_H

#include "cuda/kernels/each.h"

/* Word `which` (0 to 3) of philox({c0, c1, c2, c3}, {k0, k1}). */
CELL uint32_t philox_word(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1, uint32_t which)
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
	return which == 0 ? c0 : which == 1 ? c1 : which == 2 ? c2 : c3;
}

#endif
