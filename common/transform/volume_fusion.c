/*
 * volume_fusion.c: a sample with a label, out of an image alone: two crops of it are mixed, block by block in one of a few
 * shares, and the share is the class.
 */
#include "tensor/spatial.h"
#include "transform/array.h"
#include "transform/channels.h"
#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	struct numbers size, min, max, scale;
	double share, flip, invert;
	int classes;
	bool shuffle;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "size of both crops and of the sample; 0, or none given: that of the image"),
	OPT_NUMBER(struct conf, classes, 0, "K", "5", 2, 255, "class k has the share k / (K - 1) of the first crop; 0 is outside the blocks"),
	OPT_NUMBER(struct conf, share, 0, "P", "0.7", 0, 1, "share of the blocks that are mixed"),
	OPT_NUMBER(struct conf, min, 0, "D,H,W", "8,8,8", 1, 65536, "smallest block"),
	OPT_NUMBER(struct conf, max, 0, "D,H,W", "32,32,32", 1, 65536, "largest block"),
	OPT_NUMBER(struct conf, scale, 0, "LO,HI", "0.7,1.5", 0.01, 100, "a crop is cut out so many times as large, drawn by axis, and resized"),
	OPT_NUMBER(struct conf, flip, 0, "P", "0.5", 0, 1, "probability that a crop is mirrored, for each axis"),
	OPT_NUMBER(struct conf, invert, 0, "P", "0.25", 0, 1, "probability that dark becomes bright in both"),
	OPT_SWITCH(struct conf, shuffle, 0, "what a block takes of the first crop is a block from anywhere in it"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if (c->size.n && size_check(conf, e))
		return -1;
	if (c->min.n != 3 || c->max.n != 3 || c->scale.n != 2)
		return err_set(e, "min and max take D,H,W, scale takes LO,HI");
	for (int a = 0; a < 3; a++)
		if (c->min.v[a] > c->max.v[a])
			return err_set(e, "min %g is above max %g", c->min.v[a], c->max.v[a]);
	if (c->scale.v[0] > c->scale.v[1])
		return err_set(e, "scale %g,%g: the smaller one comes first", c->scale.v[0], c->scale.v[1]);
	return whole_numbers(&c->min, "min", e) ? -1 : whole_numbers(&c->max, "max", e);
}

static void contrast(float *x, int64_t n, struct rng *rng)
{
	const double lower = rng_range(rng, 0.1, 2), upper = rng_range(rng, 98, 99.9), gamma = rng_range(rng, 0.7, 1.5);

	stretch(x, n, lower, upper);
	gamma_curve(x, n, 0, 1, (float)gamma, false);
}

static void crop(float *out, const int64_t to[3], const struct tensor *image, const struct conf *c, bool invert, struct rng *rng)
{
	const int64_t channels = image->dim[0], *from = image->dim + 1, voxels = to[0] * to[1] * to[2];
	int64_t size[3], start[3];

	for (int a = 0; a < 3; a++) {
		const int64_t n = (int64_t)((double)to[a] * rng_range(rng, c->scale.v[0], c->scale.v[1]));
		size[a] = n < 1 ? 1 : n < from[a] ? n : from[a];
		start[a] = rng_int(rng, 0, from[a] - size[a]);
	}
	float *cut = xmalloc((size_t)(channels * size[0] * size[1] * size[2]) * sizeof *cut);

	crop_pad(cut, size, image->data, from, start, channels, PM_F32, BORDER_ZERO);
	zoom(out, to, cut, size, channels, PM_F32, 1);
	free(cut);
	for (int a = 0; a < 3; a++)
		if (rng_uniform(rng) < c->flip)
			flip_axis(out, to, a, channels, PM_F32);
	for (int64_t k = 0; k < channels; k++)
		contrast(out + k * voxels, voxels, rng);
	if (invert)
		shift_scale(out, channels * voxels, 1, -1);
}

/* Where block b of n begins. */
static int64_t corner(int64_t b, const int64_t n[3], const int64_t block[3], const int64_t start[3], const int64_t size[3])
{
	const int64_t z = start[0] + b / (n[1] * n[2]) * block[0], y = start[1] + b / n[2] % n[1] * block[1];

	return (z * size[1] + y) * size[2] + start[2] + b % n[2] * block[2];
}

/* A grid of equal blocks, of which some become foreground: their class, and from where in the first crop each voxel is. */
static void draw_classes(uint8_t *class, int64_t *source, const int64_t size[3], const struct conf *c, struct rng *rng)
{
	int64_t block[3], start[3], n[3];

	for (int a = 0; a < 3; a++) {
		const int64_t drawn = rng_int(rng, (int64_t)c->min.v[a], (int64_t)c->max.v[a]);
		block[a] = drawn < size[a] ? drawn : size[a];
		start[a] = rng_int(rng, 0, size[a] % block[a]);
		n[a] = size[a] / block[a];
	}
	const int64_t blocks = n[0] * n[1] * n[2], chosen = (int64_t)((double)blocks * c->share);
	int64_t *order = xmalloc((size_t)blocks * sizeof *order), *from = xmalloc((size_t)blocks * sizeof *from);

	rng_shuffle(rng, order, blocks);
	if (c->shuffle)
		rng_shuffle(rng, from, blocks);
	memset(class, 0, (size_t)(size[0] * size[1] * size[2]));
	for (int64_t i = 0; i < chosen; i++) {
		const int64_t to = corner(order[i], n, block, start, size);
		const int64_t shift = c->shuffle ? corner(from[i], n, block, start, size) - to : 0;
		const int k = (int)rng_int(rng, 1, c->classes - 1);

		for (int64_t z = 0; z < block[0]; z++)
			for (int64_t y = 0; y < block[1]; y++)
				for (int64_t x = to + (z * size[1] + y) * size[2], last = x + block[2]; x < last; x++) {
					class[x] = (uint8_t)k;
					source[x] = x + shift;
				}
	}
	free(order);
	free(from);
}

/* It is no image of anything any more: where it lay in space, and how to get back, is forgotten. */
static void forget(struct record *r)
{
	static const char *const field[] = { "weight", "pred", "prob", "target" }, *const key[] = { "spacing", "affine", "nifti", "undo" };

	for (size_t i = 0; i < PM_COUNT(field); i++)
		record_drop(r, field[i]);
	for (size_t i = 0; i < PM_COUNT(key); i++)
		meta_delete(&r->meta, key[i]);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	const struct conf *c = conf;
	const struct tensor *image = image_float(r, e);
	struct actions none = { .n = 0 };
	int64_t from[3], to[3];

	if (!image || all_finite(image->data, tensor_count(image), e))
		return -1;
	record_drop(r, "label");
	forget(r);
	image = record_peek(r, "image");
	if (target_size(&none, r, conf, from, to, e))
		return -1;
	const struct tensor shape = { .dtype = PM_F32, .rank = 4, .dim = { image->dim[0], to[0], to[1], to[2] } };
	const int64_t channels = image->dim[0], voxels = to[0] * to[1] * to[2];
	size_t bytes;
	if (tensor_bytes(&shape, &bytes))
		return err_set(e, "the crops would be too large");
	const bool invert = rng_uniform(rng) < c->invert;
	float *x[2] = { xmalloc(bytes), xmalloc(bytes) };

	for (int i = 0; i < 2; i++)
		crop(x[i], to, image, c, invert, rng);
	uint8_t *class = record_put(r, "label", PM_U8, 3, to)->data;
	int64_t *source = xcalloc((size_t)voxels, sizeof *source); /* outside of the blocks nothing is taken */
	draw_classes(class, source, to, c, rng);
	float *mixed = record_put(r, "image", PM_F32, 4, shape.dim)->data;
	for (int64_t i = 0; i < channels * voxels; i++) {
		const float a = (float)class[i % voxels] / (float)(c->classes - 1);
		mixed[i] = a * x[0][i - i % voxels + source[i % voxels]] + (1 - a) * x[1][i];
	}
	free(source);
	free(x[0]);
	free(x[1]);
	return 0;
}

const struct transform transform_volume_fusion = {
	{ "volume_fusion", "pre-training: two crops of the image mixed block by block; the label says in what share", "Wang et al., MIS-FM: 3D medical "
		"image segmentation using foundation models pretrained on a large-scale unannotated dataset, arXiv 2306.16925", opts, sizeof(struct conf) },
	.apply = apply, .check = check, .makes = "label",
};
