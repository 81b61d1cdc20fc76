/* count.h: a backend that computes nothing and counts what others would have to do. */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include "nn/backend.h"

/*
 * products: multiplications of the convolutions, counted as direct ones. bytes: what the calls read and write at least:
 * each call every input once and its result once, as they lie in memory (padding lanes included); what is added to is
 * read too. Numbers per channel are left out, and a cache that holds a result for the next call is not reckoned with.
 */
struct counts {
	double products, bytes;
};
extern struct counts counted;

/* Maps lie as they do on that backend. */
struct backend counting(const struct backend *like);

#endif
