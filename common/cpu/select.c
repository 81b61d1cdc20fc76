/* select.c: the smallest of many numbers, found digit by digit of their ordered bits: exact, and nothing is sorted. */
#include "cpu/select.h"

#include "nn/smallest.h"

#include <string.h>

enum { BITS = 8 * sizeof(real), DIGIT = 8, VALUES = 1 << DIGIT };

/* As an unsigned number of the same order; -0 is 0. */
static inline uint64_t ordered(real x)
{
	const uint64_t sign = (uint64_t)1 << (BITS - 1);
#ifdef PM_REAL_DOUBLE
	uint64_t u;
#else
	uint32_t u;
#endif

	x += 0;
	memcpy(&u, &x, sizeof u);
	return u & sign ? ~u & (sign | (sign - 1)) : u | sign;
}

void cpu_smallest(real *mask, const real *x, const real *among, int64_t n, double share)
{
	int64_t all = n;
	uint64_t last = 0;

	for (int64_t i = 0; among && i < n; i++)
		all -= among[i] == 0;
	const int64_t count = smallest_count(share, all);
	int64_t left = count; /* of those that begin as the last one does */
	for (int at = BITS - DIGIT; at >= 0 && count < all; at -= DIGIT) {
		int64_t seen[VALUES] = { 0 };
		uint64_t digit = 0;

#pragma omp parallel for schedule(static) reduction(+ : seen[:VALUES]) if (n > 16384)
		for (int64_t i = 0; i < n; i++) {
			const uint64_t u = ordered(x[i]) >> at;
			if (u >> DIGIT == last && (!among || among[i] != 0))
				seen[u % VALUES]++;
		}
		while (digit < VALUES - 1 && left >= seen[digit])
			left -= seen[digit++];
		last = last << DIGIT | digit;
	}
	for (int64_t i = 0; i < n; i++) { /* of equals, the first ones */
		const uint64_t u = ordered(x[i]);
		mask[i] = (!among || among[i] != 0) && (count == all || u < last || (u == last && left-- > 0));
	}
}
