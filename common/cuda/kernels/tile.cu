/* tile.cu: tiles cut from an image, a thread per element, and added to its planes: windows one after the other. */
#include "cuda/kernels.h"
#include "cuda/kernels/each.h"

struct cut {
	struct tile t;
	const float *image;
	real *tile;
};

/* Where element i of the image, or its mirror image, lies. */
CELL int64_t unflipped(const struct tile_axis *a, int64_t i) { return a->flip ? a->size - 1 - i : i; }

CELL void cut(const struct cut *a, uint32_t i)
{
	const struct tile_axis *d = &a->t.axis[0], *h = &a->t.axis[1], *w = &a->t.axis[2];
	const uint32_t row = i / (uint32_t)w->tile, plane = row / (uint32_t)h->tile, c = plane / (uint32_t)d->tile;
	const uint32_t x = i % (uint32_t)w->tile, y = row % (uint32_t)h->tile, z = plane % (uint32_t)d->tile;
	const int64_t slot = c * a->t.ring + (uint32_t)d->source[z] % (uint32_t)a->t.ring;

	a->tile[i] = a->image[(slot * h->size + unflipped(h, h->source[y])) * w->size + unflipped(w, w->source[x])];
}
EACH(cut)

void cuda_tile_cut(real *tile, const float *image, int64_t c, const struct tile *t)
{
	const struct cut a = { *t, image, tile };

	cut_each(&a, c * t->axis[0].tile * t->axis[1].tile * t->axis[2].tile);
}

struct add {
	struct tile t;
	const real *tile;
	real *planes;
	uint32_t k;
	float scale;
};

/* Thread i of the window's [k,d,h,w]. No two of them add to the same place. */
CELL void add(const struct add *a, uint32_t i)
{
	const struct tile_axis *d = &a->t.axis[0], *h = &a->t.axis[1], *w = &a->t.axis[2];
	const uint32_t row = i / (uint32_t)w->window, plane = row / (uint32_t)h->window, c = plane / (uint32_t)d->window;
	const uint32_t x = i % (uint32_t)w->window, y = row % (uint32_t)h->window, z = plane % (uint32_t)d->window;
	const int64_t from = ((c * d->tile + d->before + z) * h->tile + h->before + y) * w->tile + w->before + x;
	const int64_t slot = (uint32_t)(d->start + z) % (uint32_t)a->t.ring * (int64_t)a->k + c;
	const int64_t to = (slot * h->size + unflipped(h, h->start + y)) * w->size + unflipped(w, w->start + x);

	a->planes[to] += d->weight[z] * h->weight[y] * a->scale * w->weight[x] * a->tile[from];
}
EACH(add)

void cuda_tile_add(real *planes, const real *tile, int64_t k, const struct tile *t, double scale)
{
	const struct add a = { *t, tile, planes, (uint32_t)k, (float)scale };

	add_each(&a, k * t->axis[0].window * t->axis[1].window * t->axis[2].window);
}
