/*
 * learning.c: see learning.h. Steps and numbers are those of cleanlab 1.0 with the probabilities pruned by class and by noise
 * rate, "both". Order statistics of any number of voxels are exact: a digit of 8 bits per pass is counted.
 */
#include "learning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 5, DIGITS = 4, BUCKETS = 256 };
static const double tolerance = 1e-6;

/* The value of a rank (from 0, ascending) among the voxels of one given label; rank < 0: none is wanted. */
struct order {
	int64_t rank, count[BUCKETS];
	uint32_t key;
};

struct learning {
	int classes;
	double *threshold;   /* [class], at first the sum of the probabilities of its voxels */
	int64_t *given;      /* [class], voxels of that label */
	int64_t *joint;      /* [given][class] while it is counted, then [truth][given] */
	struct order *order; /* [given][class]: of p[given], or of p[class] - p[given] */
};

struct learning *learning_new(int classes)
{
	struct learning *l = xcalloc(1, sizeof(*l));
	const size_t k = (size_t)classes;

	l->classes = classes;
	l->threshold = xcalloc(k, sizeof(*l->threshold));
	l->given = xcalloc(k, sizeof(*l->given));
	l->joint = xcalloc(k * k, sizeof(*l->joint));
	l->order = xcalloc(k * k, sizeof(*l->order));
	return l;
}

void learning_free(struct learning *l)
{
	free(l->threshold);
	free(l->given);
	free(l->joint);
	free(l->order);
	free(l);
}

int64_t learning_joint(const struct learning *l, int truth, int given)
{
	return l->joint[truth * l->classes + given];
}

static int most_probable(const struct learning *l, const struct part *p, int64_t i)
{
	int best = 0;

	for (int k = 1; k < l->classes; k++)
		if (p->prob[k * p->n + i] > p->prob[best * p->n + i])
			best = k;
	return best;
}

/* The class that a voxel is confidently of: at least as probable as it is where it is the label. -1: none. */
static int confident(const struct learning *l, const struct part *p, int64_t i)
{
	int found = -1;

	for (int k = 0; k < l->classes; k++) {
		if (!((double)p->prob[k * p->n + i] >= l->threshold[k] - tolerance))
			continue;
		if (found >= 0)
			return most_probable(l, p, i);
		found = k;
	}
	return found;
}

/* Bits that are in the order of the numbers. */
static uint32_t key_of(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits >> 31 ? ~bits : bits | 0x80000000u;
}

static float value_of(const struct part *p, int64_t i, int given, int k)
{
	const float own = p->prob[given * p->n + i];

	return k == given ? own : p->prob[k * p->n + i] - own;
}

void learning_see(struct learning *l, int pass, const struct part *p)
{
	const int shift = 8 * (LEARNING_PASSES - 1 - pass);

	for (int64_t i = 0; i < p->n; i++) {
		const int given = p->label[i];

		if (pass == 0) {
			l->given[given]++;
			l->threshold[given] += (double)p->prob[given * p->n + i];
		} else if (pass == 1) {
			const int k = confident(l, p, i);

			if (k >= 0)
				l->joint[given * l->classes + k]++;
		} else {
			for (int k = 0; k < l->classes; k++) {
				struct order *o = &l->order[given * l->classes + k];

				if (o->rank < 0)
					continue;
				const uint32_t key = key_of(value_of(p, i, given, k));

				if (pass == 2 || key >> (shift + 8) == o->key >> (shift + 8))
					o->count[key >> shift & (BUCKETS - 1)]++;
			}
		}
	}
}

/* Rounds n numbers to whole ones of the same sum: what was rounded farthest the wrong way moves, of equals the last. */
static void round_row(const double *x, int64_t *out, int n)
{
	double sum = 0;
	int64_t left = 0;

	for (int k = 0; k < n; k++) {
		out[k] = (int64_t)rint(x[k]);
		sum += x[k];
		left -= out[k];
	}
	left += (int64_t)rint(sum);
	for (const int way = left > 0 ? 1 : -1; left; left -= way) {
		int far = 0;

		for (int k = 1; k < n; k++)
			if (way * (x[k] - (double)out[k]) >= way * (x[far] - (double)out[far]))
				far = k;
		out[far] += way;
	}
}

/* Counts become those of all voxels, not only of the confident ones: row by row, then in all. */
static void calibrate(struct learning *l)
{
	const int K = l->classes;
	double *x = xcalloc((size_t)K * (size_t)K, sizeof(*x)), sum = 0, all = 0;

	for (int s = 0; s < K; s++) {
		int64_t *row = l->joint + s * K, total = 0;

		row[s] = row[s] > 1 ? row[s] : 1;
		for (int k = 0; k < K; k++)
			total += row[k];
		for (int k = 0; k < K; k++)
			sum += x[s * K + k] = (double)row[k] / (double)total * (double)l->given[s];
		all += (double)l->given[s];
	}
	for (int i = 0; i < K * K; i++)
		x[i] = sum > 0 ? x[i] / sum * all : 0;
	for (int s = 0; s < K; s++)
		round_row(x + s * K, l->joint + s * K, K);
	free(x);
}

/* To [truth][given]; where fewer than LEAST are believed of a label, so many are, at the cost of the column's others. */
static void transpose(struct learning *l)
{
	const int K = l->classes;
	int64_t *m = xcalloc((size_t)K * (size_t)K, sizeof(*m));

	for (int given = 0; given < K; given++) {
		const int64_t *row = l->joint + given * K, own = row[given];
		const int64_t more = own < LEAST ? LEAST - own : 0;
		int others = -1;

		for (int k = 0; k < K; k++)
			others += row[k] != 0;
		for (int k = 0; k < K; k++) {
			const double v = (double)row[k] - (double)more / fmax(others, 1);

			m[k * K + given] = k == given ? own + more : v > 0 ? (int64_t)v : 0;
		}
	}
	free(l->joint);
	l->joint = m;
}

/* Which order statistics learning_mark needs. */
static void choose_ranks(struct learning *l)
{
	for (int given = 0; given < l->classes; given++)
		for (int k = 0; k < l->classes; k++) {
			const int64_t n = l->given[given], m = learning_joint(l, k, given);

			l->order[given * l->classes + k].rank = n > LEAST && m > 0 ? n - m : -1;
		}
}

static void next_digit(struct order *o, int shift)
{
	uint32_t digit = 0;

	if (o->rank < 0)
		return;
	while (o->rank >= o->count[digit])
		o->rank -= o->count[digit++];
	o->key |= digit << shift;
	memset(o->count, 0, sizeof(o->count));
}

void learning_pass_end(struct learning *l, int pass)
{
	_Static_assert(LEARNING_PASSES == 2 + DIGITS, "means, counts, digits");
	if (pass == 0) {
		for (int k = 0; k < l->classes; k++)
			l->threshold[k] = l->given[k] ? l->threshold[k] / (double)l->given[k] : INFINITY;
	} else if (pass == 1) {
		calibrate(l);
		transpose(l);
		choose_ranks(l);
	} else {
		for (int i = 0; i < l->classes * l->classes; i++)
			next_digit(&l->order[i], 8 * (LEARNING_PASSES - 1 - pass));
	}
}

/* Pruned by class: among the least probable of its label; by noise rate: among those most probably of some other class. */
static bool suspicious(const struct learning *l, const struct part *p, int64_t i)
{
	const int given = p->label[i];
	const struct order *o = &l->order[given * l->classes];

	if (o[given].rank < 0 || key_of(value_of(p, i, given, given)) >= o[given].key)
		return false;
	for (int k = 0; k < l->classes; k++)
		if (k != given && o[k].rank >= 0 && key_of(value_of(p, i, given, k)) >= o[k].key)
			return most_probable(l, p, i) != given;
	return false;
}

int64_t learning_mark(const struct learning *l, const struct part *p, uint8_t *suspect)
{
	int64_t n = 0;

	for (int64_t i = 0; i < p->n; i++)
		n += suspect[i] = suspicious(l, p, i);
	return n;
}
