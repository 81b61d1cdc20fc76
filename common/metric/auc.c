/* auc.c: how well scores tell the cases that are from those that are not. */
#include "metric/metric.h"

#include <stdlib.h>

struct scored {
	double score;
	int is;
};

static int by_score(const void *a, const void *b)
{
	const double x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
	return (x > y) - (x < y);
}

/* Counts, of all pairs of one that is and one that is not, those in the right order; a tie is half right. */
static double eval(const void *conf, struct pair *p)
{
	(void)conf;
	const int64_t n = p->tp + p->fp + p->fn + p->tn, yes = p->tp + p->fn;
	struct scored *s = xcalloc((size_t)n, sizeof *s);
	double right = 0;
	int64_t below = 0;
	for (int64_t i = 0; i < n; i++)
		s[i] = (struct scored){ p->score[i], p->is[i] };
	qsort(s, (size_t)n, sizeof *s, by_score);
	for (int64_t i = 0, end; i < n; i = end) {
		int64_t tied[2] = { 0, 0 };
		for (end = i; end < n && s[end].score == s[i].score; end++)
			tied[s[end].is]++;
		right += (double)tied[1] * ((double)below + (double)tied[0] / 2);
		below += tied[0];
	}
	free(s);
	return right / ((double)yes * (double)(n - yes)); /* of none: NaN */
}

const struct metric metric_auc = {
	.p = { "auc", "area under the ROC curve; of tables of predictions alone, which have scores", NULL, NULL, 0 },
	.quantity = RATIO,
	.from = SCORES,
	.eval = eval,
};
