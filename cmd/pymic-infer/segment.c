/* segment.c: from the image of a case to the class of each voxel. */
#include "infer.h"

#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"
#include "transform/transform.h"

static const float *image_of(struct segmenter *s, const struct record *r, int64_t size[3])
{
	const struct tensor *x = record_peek(r, "image");
	if (!x || x->rank != 4 || tensor_count(x) <= 0)
		die(PM_FAIL, "%s: no image [C,D,H,W] in this sample", r->id);
	if (x->dim[0] != s->channels)
		die(PM_FAIL, "%s: the image has %lld channels, but the model was trained with %lld", r->id, (long long)x->dim[0],
			(long long)s->channels);
	memcpy(size, x->dim + 1, 3 * sizeof *size);
	if (x->dtype == PM_F32)
		return x->data;
	const size_t n = (size_t)tensor_count(x);
	if (n > s->image_cap) {
		s->image = xresize(s->image, n, sizeof *s->image);
		s->image_cap = n;
	}
	convert(s->image, PM_F32, x->data, x->dtype, (int64_t)n);
	return s->image;
}

/* Where the slabs of a case go. */
struct result {
	const char *id;
	uint8_t *pred; /* [D,H,W], or NULL */
	float *prob;   /* [classes,D,H,W], or NULL */
};

static void take(void *arg, const struct slab *s)
{
	const struct result *to = arg;
	if (!slab_finite(s))
		die(PM_FAIL, "%s: the network's output is not finite: look for NaN or huge values in the image", to->id);
	slab_softmax(s);
	if (to->pred)
		slab_classes(s, to->pred);
	if (to->prob)
		slab_values(s, to->prob);
}

/* The most probable class by planes, which a plane of all classes is put together for. */
static void choose(uint8_t *pred, const struct tensor *prob)
{
	const int64_t k = prob->dim[0], depth = prob->dim[1], n = prob->dim[2] * prob->dim[3];
	const float *from = prob->data;
	real *plane = xmalloc((size_t)(k * n) * sizeof *plane);
	for (int64_t z = 0; z < depth; z++) {
		for (int64_t c = 0; c < k; c++)
			for (int64_t i = 0; i < n; i++)
				plane[c * n + i] = (real)from[(c * depth + z) * n + i];
		backend_cpu.argmax(pred + z * n, plane, 1, k, n);
	}
	free(plane);
}

static void undo(struct record *r)
{
	struct err e;
	if (transform_undo(r, &e))
		die(PM_FAIL, "%s: %s", r->id, e.msg);
}

void segment(struct segmenter *s, struct record *r)
{
	const struct conf *c = s->conf;
	/* Classes can be moved from voxel to voxel, but not interpolated. */
	const bool late = !c->no_undo && undo_blends(&r->meta);
	int64_t size[3];
	const float *image = image_of(s, r, size);
	const int64_t grid[3] = { s->whole ? 1 : size[0], s->whole ? 1 : size[1], s->whole ? 1 : size[2] };
	struct result to = { .id = r->id };
	if (!late)
		to.pred = record_put(r, "pred", PM_U8, 3, grid)->data;
	if (late || c->prob)
		to.prob = record_put(r, "prob", PM_F32, 4, (int64_t[]){ s->classes, grid[0], grid[1], grid[2] })->data;
	predictor_run(s->predictor, image, s->channels, size, take, &to);
	if (!c->keep_image)
		record_drop(r, "image");
	record_drop(r, "weight");
	if (!c->no_undo)
		undo(r);
	if (late) {
		const struct tensor *prob = record_peek(r, "prob");
		choose(record_put(r, "pred", PM_U8, 3, prob->dim + 1)->data, prob);
	}
	if (strcmp(c->largest, "none")) {
		struct tensor *pred = record_get(r, "pred");
		keep_parts(pred->data, s->classes, !strcmp(c->largest, "each"), pred->dim);
	}
	if (!c->prob)
		record_drop(r, "prob");
}
