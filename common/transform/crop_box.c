/* crop_box.c: the bounding box of what there is to see. */
#include "transform/grid.h"

#include <stdlib.h>
#include <string.h>

struct conf {
	struct numbers size, margin, labels;
	const char *of;
	double above, share;
};

static const struct opt opts[] = {
	OPT_CHOICE(struct conf, of, 0, "image|label|body", "image",
		"of voxels above a value, of the label's classes, or of the body, over the whole depth"),
	OPT_NUMBER(struct conf, above, 0, "X", "0", -1e30, 1e30, "that value, in any channel; of a body in the first one: -600 in CT"),
	OPT_NUMBER(struct conf, share, 0, "X", "0.5", 0, 1, "the body is where more than this share of the slices lies above it"),
	OPT_NUMBER(struct conf, labels, 0, "L", "", -1e9, 1e9, "those classes; none given: all but 0"),
	OPT_NUMBER(struct conf, margin, 0, "D,H,W", "", 0, 65536, "so many voxels more at each side, as far as there are any"),
	OPT_NUMBER(struct conf, size, 0, "D,H,W", "", 0, 65536, "instead of the box's own size, about its middle; 0 keeps it"),
	OPT_END,
};

static int check(const void *conf, struct err *e)
{
	const struct conf *c = conf;

	if ((c->margin.n && c->margin.n != 2 && c->margin.n != 3) || (c->size.n && size_check(&c->size, e)))
		return c->size.n ? -1 : err_set(e, "margin has %d numbers: give D,H,W or H,W", c->margin.n);
	return whole_numbers(&c->margin, "margin", e) || whole_numbers(&c->labels, "label", e) ? -1 : 0;
}

/* What of a field is in the box: values above, or of the classes. */
static void mark(uint8_t *mask, const struct conf *c, const struct tensor *t, int64_t n, bool classes)
{
	enum { PIECE = 4096 };
	double x[PIECE];

	for (int64_t at = 0, all = tensor_count(t), part; at < all; at += part) {
		part = all - at < PIECE ? all - at : PIECE;
		part = n - at % n < part ? n - at % n : part;
		convert(x, PM_F64, (const char *)t->data + (size_t)at * dtype_size(t->dtype), t->dtype, part);
		for (int64_t i = 0; i < part; i++) {
			bool in = classes ? !c->labels.n && x[i] != 0 : x[i] > c->above;

			for (int k = 0; classes && k < c->labels.n; k++)
				in |= x[i] == c->labels.v[k];
			mask[at % n + i] |= in;
		}
	}
}

/* The first slice of the mask becomes the body seen from above: without table and noise, the largest part. */
static void find_body(uint8_t *mask, const int64_t size[3], double share)
{
	const int64_t plane[3] = { 1, size[1], size[2] }, n = size[1] * size[2];

	for (int64_t i = 0; i < n; i++) {
		int64_t count = 0;

		for (int64_t z = 0; z < size[0]; z++)
			count += mask[z * n + i];
		mask[i] = (double)count > share * (double)size[0];
	}
	erode(mask, plane, 2, true);
	dilate(mask, plane, 2, true);
	keep_largest(mask, plane);
}

static bool looks(const void *conf) { return conf != NULL; }

static int draw(const void *conf, const struct record *r, struct rng *rng, struct actions *to_do, struct err *e)
{
	const struct conf *c = conf;
	const bool body = !strcmp(c->of, "body"), classes = !strcmp(c->of, "label");
	const struct tensor *t = record_peek(r, classes ? "label" : "image");
	int64_t from[3], to[3], lo[3], hi[3];

	(void)rng;
	if (actions_grid(to_do, r, from, e))
		return -1;
	const int64_t n = from[0] * from[1] * from[2];

	if (!t || (classes && tensor_count(t) != n))
		return err_set(e, "has no %s to be boxed", classes ? "label of voxels" : "image");
	struct tensor first = *t;
	uint8_t *mask = xcalloc((size_t)n, 1);

	first.dim[0] = body ? 1 : t->dim[0];
	mark(mask, c, &first, n, classes);
	if (body)
		find_body(mask, from, c->share);
	const bool any = bounding_box(mask, body ? (int64_t[3]){ 1, from[1], from[2] } : from, lo, hi);

	free(mask);
	for (int a = 0; a < 3; a++) {
		const int64_t margin = (int64_t)axis_number(&c->margin, a), size = c->size.n ? (int64_t)axis_number(&c->size, a) : 0;
		const bool whole = !any || (body && a == 0); /* nothing there: the whole image */

		lo[a] = whole || lo[a] < margin ? 0 : lo[a] - margin;
		hi[a] = whole || hi[a] + margin > from[a] ? from[a] : hi[a] + margin;
		to[a] = size ? size : hi[a] - lo[a];
		lo[a] = size ? (lo[a] + hi[a]) / 2 - size / 2 : lo[a];
		lo[a] = lo[a] + to[a] > from[a] ? from[a] - to[a] : lo[a];
		lo[a] = lo[a] < 0 ? 0 : lo[a];
	}
	if (crop_fits(from, to, e))
		return -1;
	draw_shift(to_do, to, lo, BORDER_ZERO);
	return 0;
}

const struct transform transform_crop_box = {
	{ "crop_box", "cut out the bounding box of what is bright, labeled, or a body; of nothing: keep the image", NULL, opts, sizeof(struct conf) },
	.draw = draw, .looks = looks, .check = check,
};
