/* library.h: how other libraries define the same metrics, for --compat. One file here and one line in list.h each. */
#ifndef PM_COMPAT_LIBRARY_H
#define PM_COMPAT_LIBRARY_H

#include "metric/metric.h"

/* In whose spacing a library measures. */
enum spacing_of { OF_TRUTH, OF_PREDICTION, OF_NEITHER };

struct library {
	struct plugin p;
	/* Called LIBRARY-metric. A DISTANCE is asked for whatever is empty: what that counts is part of the definition. */
	const struct kind metrics;
	const char *usual; /* which of them, where nothing is said */
	enum spacing_of spacing;
	bool mean_of_means; /* over the cases first, then over the structures, and NaN where one of them has none */
};

#define LIBRARY(name) extern const struct library library_##name;
#include "compat/list.h"
#undef LIBRARY
extern const struct kind library_kind;

/* A metric without settings: what `value`, of struct pair *p, says. NAMED: where two libraries of a file differ in it. */
#define AS(name, quantity, from, summary, value) NAMED(name, #name, quantity, from, summary, value)
#define NAMED(symbol, name, metric_quantity, made_of, summary, value) \
	static double symbol##_eval(const void *conf, struct pair *p) \
	{ \
		(void)conf; \
		return value; \
	} \
	static const struct metric symbol = { .p = { name, summary, NULL, NULL, 0 }, .quantity = metric_quantity, .from = made_of, \
		.eval = symbol##_eval };

static inline bool both_empty(const struct pair *p)
{
	return !(p->tp + p->fp + p->fn);
}

/* At least one. */
static inline bool any_empty(const struct pair *p)
{
	return !(p->tp + p->fp) || !(p->tp + p->fn);
}

/* medpy.c; neither mask may be empty: of both directions taken together, and the mean from pred to truth. */
double pooled_percentile(struct pair *p, double percent);
double directed_mean(struct pair *p);

#endif
