/* mix.c: see mix.h. */
#include "mix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is taken from a partner. */
struct part {
	int64_t size[3], voxels;
	uint8_t *mask; /* [voxels] */
};

/* A random box whose sides are the same share of the image's. */
static void draw_box(struct part *p, struct rng *rng)
{
	int64_t lo[3], hi[3];
	int axes = 0;
	for (int a = 0; a < 3; a++)
		axes += p->size[a] > 1;
	const double side = pow(rng_uniform(rng), 1.0 / (axes ? axes : 1));
	for (int a = 0; a < 3; a++) {
		const int64_t n = p->size[a] > 1 ? llround(side * (double)p->size[a]) : 1;
		lo[a] = rng_int(rng, 0, p->size[a] - n);
		hi[a] = lo[a] + n;
	}
	memset(p->mask, 0, (size_t)p->voxels);
	for (int64_t z = lo[0]; z < hi[0]; z++)
		for (int64_t y = lo[1]; y < hi[1]; y++)
			memset(p->mask + (z * p->size[1] + y) * p->size[2] + lo[2], 1, (size_t)(hi[2] - lo[2]));
}

/* All voxels of one of the partner's classes but 0; false: it has none. */
static bool draw_class(struct part *p, const uint8_t *label, struct rng *rng)
{
	bool there[256] = { false };
	uint8_t class[256];
	int n = 0;
	for (int64_t i = 0; i < p->voxels; i++)
		there[label[i]] = true;
	for (int k = 1; k < 256; k++)
		if (there[k])
			class[n++] = (uint8_t)k;
	if (!n)
		return false;
	const uint8_t chosen = class[rng_int(rng, 0, n - 1)];
	for (int64_t i = 0; i < p->voxels; i++)
		p->mask[i] = label[i] == chosen;
	return true;
}

/* Of every field that both samples have. */
static void put(struct record *batch, const struct record *was, const struct part *p, int64_t to, int64_t from)
{
	for (int f = 0; f < batch->n; f++) {
		struct tensor *t = &batch->f[f].t;
		const size_t voxel = dtype_size(t->dtype), plane = (size_t)p->voxels * voxel;
		const int64_t planes = tensor_count(t) / t->dim[0] / p->voxels;
		for (int64_t k = 0; k < planes; k++) {
			char *own = (char *)t->data + (size_t)(to * planes + k) * plane;
			const char *other = (const char *)was->f[f].t.data + (size_t)(from * planes + k) * plane;
			for (int64_t i = 0; i < p->voxels; i++)
				if (p->mask[i])
					memcpy(own + (size_t)i * voxel, other + (size_t)i * voxel, voxel);
		}
	}
}

void mix(struct record *batch, const struct mix *m, int64_t from, int64_t to, struct rng *rng)
{
	struct record was = { .n = 0 };
	struct part p = { .voxels = 1 };
	if (to - from < 2)
		return;
	record_copy(&was, batch);
	const struct tensor *label = record_peek(&was, "label");
	for (int a = 0; a < 3; a++)
		p.voxels *= p.size[a] = label->dim[1 + a];
	p.mask = xmalloc((size_t)p.voxels);
	for (int64_t i = from; i < to; i++) {
		const int64_t other = from + (i - from + rng_int(rng, 1, to - from - 1)) % (to - from);
		if (rng_uniform(rng) < m->cutmix) {
			draw_box(&p, rng);
			put(batch, &was, &p, i, other);
		}
		if (rng_uniform(rng) < m->paste && draw_class(&p, (uint8_t *)label->data + other * p.voxels, rng))
			put(batch, &was, &p, i, other);
	}
	free(p.mask);
	record_fini(&was);
}
