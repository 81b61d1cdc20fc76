/* pair.c: what the metrics share: two masks as bits, the counts, and percentiles of the distances of their surfaces. */
#include "metric/metric.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"

/* The smallest box around both masks, from lo: outside of it all is background. */
static void common_box(struct pair *p, const uint8_t *pred, const uint8_t *truth, int64_t lo[3])
{
	int64_t hi[3], other_lo[3], other_hi[3];
	bounding_box(pred, p->size, lo, hi);
	bounding_box(truth, p->size, other_lo, other_hi);
	for (int a = 0; a < 3; a++) {
		lo[a] = lo[a] < other_lo[a] ? lo[a] : other_lo[a];
		hi[a] = hi[a] > other_hi[a] ? hi[a] : other_hi[a];
		p->box[a] = hi[a] > lo[a] ? hi[a] - lo[a] : 0;
	}
	p->words = (p->box[2] + 63) / 64;
}

/* The part of the mask within the box, from lo. */
static uint64_t *pack(const struct pair *p, const uint8_t *mask, const int64_t lo[3])
{
	/* Eight bytes of 0 or 1 times this: the sum of their shifted copies has them as the bits of its highest byte. */
	const uint64_t gather = 0x0102040810204080u;
	const int64_t rows = p->box[0] * p->box[1], width = p->box[2];
	uint64_t *bits = xcalloc((size_t)(rows * p->words), sizeof *bits);
	for (int64_t r = 0; r < rows; r++) {
		const int64_t z = lo[0] + r / p->box[1], y = lo[1] + r % p->box[1];
		const uint8_t *row = mask + (z * p->size[1] + y) * p->size[2] + lo[2];
		uint64_t *out = bits + r * p->words, eight;
		int64_t i = 0;
		for (; i + 8 <= width; i += 8) {
			memcpy(&eight, row + i, 8);
			out[i / 64] |= eight * gather >> 56 << i % 64;
		}
		for (; i < width; i++)
			out[i / 64] |= (uint64_t)row[i] << i % 64;
	}
	return bits;
}

void pair_init(struct pair *p, const uint8_t *pred, const uint8_t *truth, const int64_t size[3],
	const double spacing[3])
{
	int64_t lo[3], n = size[0] * size[1] * size[2], both = 0, s = 0, g = 0;
	*p = (struct pair){ 0 };
	memcpy(p->size, size, sizeof p->size);
	memcpy(p->spacing, spacing, sizeof p->spacing);
	common_box(p, pred, truth, lo);
	p->pred = pack(p, pred, lo);
	p->truth = pack(p, truth, lo);
	for (int64_t i = 0; i < p->box[0] * p->box[1] * p->words; i++) {
		both += __builtin_popcountll(p->pred[i] & p->truth[i]);
		s += __builtin_popcountll(p->pred[i]);
		g += __builtin_popcountll(p->truth[i]);
	}
	p->tp = both;
	p->fp = s - both;
	p->fn = g - both;
	p->tn = n - s - g + both;
}

double pair_hausdorff(struct pair *p, double percent)
{
	pair_surfaces(p);
	return fmax(percentile(p->to_truth, p->n_to_truth, percent), percentile(p->to_pred, p->n_to_pred, percent));
}

void pair_fini(struct pair *p)
{
	free(p->pred);
	free(p->truth);
	free(p->to_truth);
	free(p->to_pred);
	*p = (struct pair){ 0 };
}
