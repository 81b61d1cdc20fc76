/*
 * rng.h: counter-based random numbers, Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011).
 * A draw depends on (seed; tool, epoch, id, step) and on nothing else: not on threads, order or where a run was resumed.
 */
#ifndef PM_RNG_H
#define PM_RNG_H

#include <stdint.h>

struct rng {
	uint32_t key[2], ctr[4], out[4];
	int left; /* words of out not handed out yet */
};

/* One block: out = philox(ctr; key). The arithmetic that every backend shares. */
void philox4x32(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4]);

/* The stream of numbers that belongs to these names. id may be "". */
void rng_init(struct rng *r, uint64_t seed, const char *tool, uint64_t epoch, const char *id, uint32_t step);

uint32_t rng_u32(struct rng *r);
void rng_words(struct rng *r, uint32_t *to, int64_t n);      /* the next n, as rng_u32 gives them; many at a time are faster */
void rng_skip(struct rng *r, int64_t n);                     /* as if that many words had been drawn */
double rng_uniform(struct rng *r);                           /* [0, 1) with 32 bits */
double rng_range(struct rng *r, double lo, double hi);       /* [lo, hi) */
int64_t rng_int(struct rng *r, int64_t lo, int64_t hi);      /* lo..hi, both ends included, unbiased */
double rng_normal(struct rng *r);                            /* mean 0, standard deviation 1 (Box-Muller) */
double rng_beta(struct rng *r, double a);                    /* Beta(a, a), a > 0: around 0 and 1 where a is small, 1/2 where large */

/* A random order of 0..n-1 (Fisher-Yates). */
void rng_shuffle(struct rng *r, int64_t *index, int64_t n);

#endif
