/* slab.c: what becomes of finished planes of logits, on the backend that has them: see predict.h. */
#include <stdlib.h>

#include "net/predict.h"

bool slab_finite(const struct slab *s) { return s->backend->all_finite(s->logits, s->planes * s->classes * s->plane); }

void slab_softmax(const struct slab *s) { s->backend->softmax(s->logits, s->logits, s->planes, s->classes, s->plane); }

void slab_classes(const struct slab *s, uint8_t *label)
{
	s->backend->argmax(s->room, s->logits, s->planes, s->classes, s->plane);
	s->backend->get(label + s->first * s->plane, s->room, (size_t)(s->planes * s->plane));
}

void slab_values(const struct slab *s, float *values)
{
	const int64_t k = s->classes, n = s->plane;
	real *host = xmalloc((size_t)(k * n) * sizeof *host);
	for (int64_t z = 0; z < s->planes; z++) {
		s->backend->get(host, s->logits + z * k * n, (size_t)(k * n) * sizeof *host);
		for (int64_t c = 0; c < k; c++)
			for (int64_t i = 0; i < n; i++)
				values[(c * s->depth + s->first + z) * n + i] = (float)host[c * n + i];
	}
	free(host);
}
