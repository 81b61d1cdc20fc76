/* pair.c: what the metrics share: two masks as bits, the counts, and sums and percentiles of the distances of their surfaces. */
#include "metric/lesions.h"

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
	p->how = (struct convention){ 1, VOXELS, 100 };
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

double surface_sum(const struct surface *s)
{
	double sum = 0;
	for (int64_t i = 0; i < s->n; i++)
		sum += s->area ? s->distance[i] * s->area[i] : s->distance[i];
	return sum;
}

double surface_area(const struct surface *s, double within)
{
	double sum = 0;
	for (int64_t i = 0; i < s->n; i++)
		if (s->distance[i] <= within)
			sum += s->area ? s->area[i] : 1;
	return sum;
}

struct element {
	double distance, area;
};

static int nearer(const void *a, const void *b)
{
	const double x = ((const struct element *)a)->distance, y = ((const struct element *)b)->distance;
	return (x > y) - (x < y);
}

static double percentile_by_area(const struct surface *s, double percent)
{
	struct element *e = xcalloc((size_t)s->n, sizeof *e);
	double sum = 0;
	for (int64_t i = 0; i < s->n; i++)
		e[i] = (struct element){ s->distance[i], s->area[i] };
	qsort(e, (size_t)s->n, sizeof *e, nearer);
	const double wanted = percent / 100 * surface_area(s, INFINITY);
	int64_t at = 0;
	while (at < s->n - 1 && (sum += e[at].area) < wanted)
		at++;
	const double found = e[at].distance;
	free(e);
	return found;
}

double surface_percentile(struct surface *s, double percent)
{
	if (!s->n)
		return INFINITY;
	return s->area ? percentile_by_area(s, percent) : percentile(s->distance, s->n, percent);
}

double pair_hausdorff(struct pair *p, double percent)
{
	struct surface *s = pair_distances(p);
	return fmax(surface_percentile(&s[TO_TRUTH], percent), surface_percentile(&s[TO_PRED], percent));
}

uint8_t *pair_bytes(const struct pair *p, const uint64_t *mask)
{
	const int64_t rows = p->box[0] * p->box[1], width = p->box[2];
	uint8_t *bytes = xmalloc((size_t)(rows * width)), *out = bytes;
	for (int64_t r = 0; r < rows; r++)
		for (int64_t x = 0; x < width; x++)
			*out++ = mask[r * p->words + x / 64] >> x % 64 & 1;
	return bytes;
}

double pair_diagonal(const struct pair *p)
{
	double sum = 0;
	for (int a = 0; a < 3; a++)
		sum += pow((double)(p->size[a] - 1) * p->spacing[a], 2);
	return sqrt(sum);
}

void pair_fini(struct pair *p)
{
	free(p->pred);
	free(p->truth);
	for (int i = 0; i < 4; i++) {
		free(p->surface[i / 2][i % 2].distance);
		free(p->surface[i / 2][i % 2].area);
	}
	lesions_free(p->lesions);
	*p = (struct pair){ 0 };
}
