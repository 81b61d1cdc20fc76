/* Affine maps, cubic splines and displacements: values of scipy.ndimage; and the transforms that are made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "tensor/warp.h"
#include "transform/chain.h"
#include "transform/grid.h"
#include "transform_made.h"

static void wave(float *x, int n)
{
	for (int i = 0; i < n; i++)
		x[i] = (float)sin(0.7 * i);
}

static void near_all(const float *x, const double *want, int n)
{
	for (int i = 0; i < n; i++)
		assert_float_equal((double)x[i], want[i], 1e-6);
}

static double sum(const float *x, int n)
{
	double s = 0;

	for (int i = 0; i < n; i++)
		s += (double)x[i];
	return s;
}

/* For each order: the sum of all and a row. */
static void golden(const struct warp *w, int row, const double *want)
{
	const int n = (int)(w->to[0] * w->to[1] * w->to[2]), width = (int)w->to[2];
	float x[4 * 5 * 6], y[4 * 5 * 9];

	wave(x, (int)(w->from[0] * w->from[1] * w->from[2]));
	for (int order = 0; order <= 3; order += order + 1) { /* 0, 1, 3 */
		warp(y, x, w, 1, PM_F32, order);
		assert_float_equal(sum(y, n), *want, 2e-6);
		near_all(y + row * width, want + 1, width);
		want += 1 + width;
	}
}

static void affine_golden(void **state)
{
	(void)state;
	const struct warp plane = { .from = { 1, 5, 6 }, .to = { 1, 5, 6 }, .map = { { 1 }, { 0, 0.9, 0.2, 0.3 }, { 0, -0.15, 1.1, 0.25 } } };
	const struct warp volume = { .from = { 4, 5, 6 }, .to = { 3, 5, 7 },
		.map = { { 0.8, 0.1, 0.05, 0.2 }, { -0.1, 0.9, 0.2, 0.3 }, { 0.07, -0.15, 1.05, 0.1 } } };

	golden(&plane, 2, (double[]){ 1.1642295, 0, 0.3190984, 0.9906074, 0.8457468, 0.3031184, 0,
		0.4713843, 0, 0.4050601, 0.2627083, 0.2256929, -0.0283096, 0, 0.5059656, 0, 0.7240518, 0.5286104, 0.3154350, -0.1661824, 0 });
	golden(&volume, 7, (double[]){ -5.4262618, 0, -0.9676961, -0.5777150, -0.9096667, -0.9633202, 0, 0,
		0.3110275, 0, -0.4413985, -0.2473462, -0.1872864, -0.1029117, 0, 0, 0.1268496, 0, -0.8619148, -0.6661451, -0.4551824, -0.1025736, 0, 0 });
}

/* Slices that stay slices have ways of their own; a tilt too small to be seen takes the general one. */
static void planes(void **state)
{
	(void)state;
	static const double last[] = { 0, 2, 3 };
	float x[2 * 5 * 9 * 10], y[2 * 3 * 8 * 7], z[2 * 3 * 8 * 7];

	wave(x, 2 * 5 * 9 * 10);
	for (int bent = 0; bent < 2; bent++)
		for (size_t k = 0; k < PM_COUNT(last); k++)
			for (int order = 0; order <= 3; order += order + 1) {
				struct warp w = { .from = { 5, 9, 10 }, .to = { last[k] > 2 ? 2 : 3, 8, 7 },
					.map = { { 1, 0, 0, last[k] }, { 0, 0.9, 0.2, 0.3 }, { 0, -0.15, 1.1, 1.25 } },
					.bend = { .points = { bent, 5, 5 }, .rate = { 0, 0.2, 0.2 }, .most = { { 0 }, { 0, 0.5 }, { 0, 0, 0.5 } } } };
				const int64_t n = 2 * w.to[0] * 56;

				rng_init(&w.bend.rng, 5, "bend", 0, "", 0);
				warp(y, x, &w, 2, PM_F32, order);
				w.map[0][2] = -1e-12;
				warp(z, x, &w, 2, PM_F32, order);
				for (int64_t i = 0; i < n; i++)
					assert_float_equal((double)y[i], (double)z[i], 2e-6);
			}
}

static struct record made_wave(int64_t d, int64_t h, int64_t w)
{
	struct record r = { .n = 0 };
	const int64_t dim[4] = { 1, d, h, w };

	wave(record_put(&r, "image", PM_F32, 4, dim)->data, (int)(d * h * w));
	return r;
}

static void transform_golden(const char *spec, const int64_t size[3], double all, int row, const double *want)
{
	struct record r = made_wave(size[0], size[1], size[2]);

	apply(&r, spec, 1);
	const struct tensor *t = record_get(&r, "image");
	const float *y = t->data;

	assert_float_equal(sum(y, (int)tensor_count(t)), all, 2e-6);
	near_all(y + row * t->dim[3], want, (int)t->dim[3]);
	record_fini(&r);
}

static void golden_transforms(void **state)
{
	(void)state;
	const int64_t plane[3] = { 1, 5, 6 }, volume[3] = { 4, 5, 6 };

	transform_golden("rotate:p=1:d=30,30", plane, 1.1659603, 2, (double[]){ -0.6275914, -0.6385774, -0.4476070, -0.4201249, 0.0693281, 0.1077345 });
	transform_golden("rotate:p=1:d=30,30:cubic", plane, 1.1900413, 2,
		(double[]){ -0.7742860, -0.9997029, -0.7429551, -0.4695245, 0.0527386, 0.1429467 });
	transform_golden("resize:cubic:size=4,7,4", volume, 1.2721153, 2 * 7 + 3, (double[]){ 0.1341122, 0.9864501, 0.6446436, -0.4732046 });
	transform_golden("rescale:p=1:cubic:lower=1.5x1x1.5:upper=1.5,1,1.5", volume, 3.2904398, 2 * 5 + 3,
		(double[]){ 0.5628816, 0.2481090, -0.2630956, -0.6198269, -0.8561520, -0.9717147, -0.9031042, -0.5395804, -0.2526011 });
}

/* Right angles move voxels exactly, in every plane: with the interpolation, and by exchange and mirroring. */
static void right_angles(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 }, other = { .n = 0 };

	for (int about = 0; about < 3; about++) {
		bool met[4] = { false };
		char spec[64];

		make(&was, PM_F32, 2, 7, 7, 7);
		for (uint64_t seed = 0; seed < 30; seed++) {
			bool same = false;

			record_copy(&r, &was);
			snprintf(spec, sizeof spec, "rot90:about=%c", "dhw"[about]);
			apply(&r, spec, seed);
			for (int k = 0; k < 4 && !same; k++) {
				record_copy(&other, &was);
				snprintf(spec, sizeof spec, "rotate:p=1:d=:%c=%d,%d", "dhw"[about], 90 * k, 90 * k);
				apply(&other, spec, 1);
				same = !memcmp(record_get(&r, "label")->data, record_get(&other, "label")->data, 343);
				met[k] |= same;
				for (int64_t i = 0; i < 2 * 343 && same; i++)
					assert_float_equal(tensor_at(record_get(&r, "image"), i), tensor_at(record_get(&other, "image"), i), 1e-3);
			}
			assert_true(same);
		}
		assert_true(met[0] && met[1] && met[2] && met[3]);
	}
	/* numpy.rot90 of [[0,1,2],[3,4,5]] is one of three */
	const int64_t dim[4] = { 1, 1, 2, 3 };
	int met[3] = { 0 };

	for (uint64_t seed = 0; seed < 300; seed++) {
		static const float want[3][6] = { { 2, 5, 1, 4, 0, 3 }, { 5, 4, 3, 2, 1, 0 }, { 3, 0, 4, 1, 5, 2 } };
		record_clear(&r);
		memcpy(record_put(&r, "image", PM_F32, 4, dim)->data, (const float[]){ 0, 1, 2, 3, 4, 5 }, 24);
		apply(&r, "rot90:p=1", seed);
		const struct tensor *t = record_get(&r, "image");

		for (int k = 0; k < 3; k++)
			met[k] += t->dim[2] == (k == 1 ? 2 : 3) && !memcmp(t->data, want[k], 24);
	}
	assert_int_equal(met[0] + met[1] + met[2], 300);
	for (int k = 0; k < 3; k++)
		assert_in_range(met[k], 70, 130);
	record_fini(&r);
	record_fini(&was);
	record_fini(&other);
}

/* A basis function as its recursion defines it, on whole knots. */
static double basis(int degree, double t)
{
	if (degree == 0)
		return t >= 0 && t < 1;
	return (t * basis(degree - 1, t) + (degree + 1 - t) * basis(degree - 1, t - 1)) / degree;
}

static double displaced(const struct bend *b, const double o[3], int axis)
{
	double u = 0;

	for (int64_t i = 0; i < b->points[0] * b->points[1] * b->points[2]; i++) {
		const int64_t at[3] = { i / (b->points[1] * b->points[2]), i / b->points[2] % b->points[1], i % b->points[2] };
		double w = 1;
		float v[3];

		for (int a = 0; a < 3; a++)
			w *= b->points[a] == 1 ? 1 : basis(3, o[a] * b->rate[a] + b->start[a] + 3 - (double)at[a]);
		bend_point(b, (uint32_t)i, v);
		u += w * (double)v[axis];
	}
	return u;
}

/* On a ramp what is read says where it was read. */
static void displacements(void **state)
{
	(void)state;
	struct warp w = { .from = { 9, 40, 50 }, .to = { 9, 40, 50 }, .map = { { 1 }, { 0, 1 }, { 0, 0, 1 } },
		.bend = { .points = { 4, 6, 7 }, .rate = { 1. / 8, 3. / 39, 4. / 49 }, .most = { { 2 }, { 0, 3 }, { 0, 0, 4 } } } };
	static float ramp[9 * 40 * 50], got[9 * 40 * 50];
	double most = 0;

	rng_init(&w.bend.rng, 5, "bend", 0, "", 0);
	for (int axis = 0; axis < 3; axis++)
		for (int order = 1; order <= 3; order += 2) {
			for (int i = 0; i < 9 * 40 * 50; i++)
				ramp[i] = (float)(1000 + (axis == 0 ? i / 2000 : axis == 1 ? i / 50 % 40 : i % 50));
			warp(got, ramp, &w, 1, PM_F32, order);
			for (int i = 0; i < 9 * 40 * 50; i += 7) {
				const double o[3] = { i / 2000, i / 50 % 40, i % 50 };
				const double u[3] = { displaced(&w.bend, o, 0), displaced(&w.bend, o, 1), displaced(&w.bend, o, 2) };
				bool outside = false, edge = false;

				for (int a = 0; a < 3; a++) {
					const double p = o[a] + u[a], last = (double)(w.from[a] - 1);
					outside |= p < -1e-4 || p > last + 1e-4;
					edge |= p < (order == 3 ? 4 : 1e-4) || p > last - (order == 3 ? 4 : 1e-4); /* a mirrored ramp is none */
				}
				if (outside)
					assert_float_equal((double)got[i], 0, 0);
				else if (!edge)
					assert_float_equal((double)got[i] - 1000, o[axis] + u[axis], 1e-3);
				most = fabs(u[2]) > most ? fabs(u[2]) : most;
			}
		}
	assert_true(most > 0.5 && most <= 4);
}

static struct record ramp_record(int64_t d, int64_t h, int64_t w, int axis)
{
	struct record r = { .n = 0 };
	const int64_t dim[4] = { 1, d, h, w };
	float *x = record_put(&r, "image", PM_F32, 4, dim)->data;

	strcpy(r.id, "case_1");
	for (int64_t i = 0; i < d * h * w; i++)
		x[i] = (float)(1000 + (axis == 0 ? i / (h * w) : axis == 1 ? i / w % h : i % w));
	return r;
}

static void elastic(void **state)
{
	(void)state;
	struct err e;
	int bent = 0;

	for (uint64_t seed = 0; seed < 100; seed++) {
		struct record r = ramp_record(3, 40, 50, 2);
		double most = 0;

		apply(&r, "elastic:max=5,4", seed);
		const float *x = record_get(&r, "image")->data;

		for (int64_t i = 0; i < 3 * 40 * 50; i++) {
			assert_true(x[i] == x[i % 2000]); /* all slices alike */
			most = x[i] > 0 ? fmax(most, fabs((double)x[i] - 1000 - (double)(i % 50))) : most;
		}
		assert_true(most <= 4.001);
		bent += most > 0;
		assert_int_equal(transform_undo(&r, &e), most > 0 ? -1 : 0);
		assert_true(most == 0 || strstr(e.msg, "\"elastic\", which cannot be undone"));
		record_fini(&r);
	}
	assert_in_range(bent, 30, 70);
	struct record r = ramp_record(9, 40, 50, 0);

	apply(&r, "elastic:p=1:max=3,4,4:locked=1:cubic", 1); /* along the depth too */
	const float *x = record_get(&r, "image")->data;
	int moved = 0;

	for (int64_t i = 0; i < 9 * 2000; i++)
		moved += fabs((double)x[i] - 1000 - (double)(i / 2000)) > 0.1;
	assert_true(moved > 1000);
	fails(&r, "elastic:max=3", -2, "max has 1 numbers");
	fails(&r, "elastic:points=6:locked=3", -2, "none is left");
	fails(&r, "elastic:points=3", -2, "points");
	record_fini(&r);
}

/* Where the middle of the ramps comes from, of an affine transform with fixed settings. */
static void affine(void **state)
{
	(void)state;
	static const struct {
		const char *spec;
		double at[3]; /* the place that voxel (5,20,30), one of (4,20,25) from the centre (4,20,25) */
	} want[] = {
		{ "affine:p=1:d=:scale=2,2", { 5, 20, 27.5 } },
		{ "affine:p=1:d=:scale=1,1:shear=45,45", { 5, 25, 30 } },
		{ "affine:p=1:d=:scale=1,1:shift=3,3", { 5, 17, 27 } },
		{ "affine:p=1:d=90,90:scale=1,1", { 5, 25, 25 } },
		{ "affine:p=1:d=:h=90,90:scale=1,1", { 4 + 5. / 4, 20, 25 - 4 } }, /* a slice is four voxels thick */
		{ "affine:p=1:d=:scale=1.25,1.25:axes=d", { 4.8, 20, 30 } },
	};
	int done = 0;

	for (size_t i = 0; i < PM_COUNT(want); i++)
		for (int axis = 0; axis < 3; axis++) {
			struct record r = ramp_record(9, 41, 51, axis);
			const double spacing[3] = { 4, 1, 1 };

			meta_set_numbers(&r.meta, "spacing", spacing, 3);
			apply(&r, want[i].spec, 1);
			assert_float_equal(tensor_at(record_get(&r, "image"), 5 * 41 * 51 + 20 * 51 + 30) - 1000, want[i].at[axis], 1e-3);
			record_fini(&r);
		}
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct record r = ramp_record(1, 21, 21, 2);

		apply(&r, "affine:h=-40,40:w=-40,40:axes=dhw:same:shear=-5,5", seed); /* of a slice nothing leaves the plane */
		assert_true(tensor_at(record_get(&r, "image"), 220) > 999);
		done += fabs(tensor_at(record_get(&r, "image"), 225) - 1015) > 1e-6;
		record_fini(&r);
	}
	assert_in_range(done, 70, 130);
	struct record r = ramp_record(1, 21, 21, 2);

	fails(&r, "affine:axes=x", -2, "letters of d, h, w");
	fails(&r, "affine:scale=2,1", -2, "scale has to be a range");
	fails(&r, "affine:shear=5", -2, "shear has to be a range");
	fails(&r, "affine:scale=0,1", -2, "scale");
	record_fini(&r);
}

static struct chain chain_of(char *const *word)
{
	struct chain c = { .seed = 1 };
	struct err e;
	int n = 0;

	while (word[n])
		n++;
	if (chain_parse(&c, word, n, &e))
		fail_msg("%s", e.msg);
	return c;
}

/* How many steps are left where those that can be are one. */
static int steps(char *const *word)
{
	const struct chain c = chain_of(word);
	struct record r = ramp_record(5, 40, 50, 2);
	struct actions a = { .n = 0 };
	struct err e;

	assert_int_equal(chain_draw(&c, &r, &a, &e), 0);
	const int n = a.n;

	free(a.v);
	record_fini(&r);
	return n;
}

static void joined(void **state)
{
	(void)state;
	static char *const all[] = { "rotate:p=1", "affine:p=1", "flip:p=1", "elastic:p=1:max=2,2", "rescale:p=1", "flip:p=1:axes=w",
		"crop:size=20,20", NULL };
	static char *const turned[] = { "transpose:p=1:about=d", "rotate:p=1", "transpose:p=1:about=d", "rescale:p=1", "crop:size=4,20,20",
		"flip:p=1", NULL };
	static char *const apart[][4] = { { "rotate:p=1", "crop:size=20,20", "rotate:p=1" }, { "elastic:p=1", "rotate:p=1" },
		{ "elastic:p=1", "elastic:p=1" }, { "rotate:p=1", "pad:size=60,60:border=zero" }, { "rotate:p=1", "noise:p=1:channel-p=1", "rotate:p=1" },
		{ "crop:size=20,20", "flip:p=1" } };
	static char *const luck[] = { "rotate:p=1", "noise:p=0", "rotate:p=1", NULL };

	assert_int_equal(steps(all), 1);
	assert_int_equal(steps(turned), 2); /* what moves whole voxels before */
	assert_int_equal(steps(luck), 1);
	for (size_t i = 0; i < PM_COUNT(apart); i++)
		assert_true(steps(apart[i]) >= 2);
	/* On ramps linear interpolation is exact: in one step and in several the same, where nothing comes from outside. */
	for (int axis = 0; axis < 3; axis++)
		for (int which = 0; which < 2; which++) {
			char *const *word = which ? turned : all;
			const struct chain c = chain_of(word);
			struct record r = ramp_record(5, 40, 50, axis), other = ramp_record(5, 40, 50, axis);
			struct err e;
			int compared = 0, far = 0;

			assert_int_equal(chain_apply(&c, 0, c.n, &r, &e), 0);
			for (int i = 0; i < c.n; i++)
				assert_int_equal(chain_apply(&c, i, i + 1, &other, &e), 0);
			const struct tensor *t = record_get(&r, "image"), *u = record_get(&other, "image");

			assert_memory_equal(t->dim, u->dim, sizeof t->dim);
			assert_int_equal(r.meta.len, other.meta.len);
			assert_memory_equal(r.meta.buf, other.meta.buf, r.meta.len);
			for (int64_t i = 0; i < tensor_count(t); i++)
				if (tensor_at(t, i) >= 1000 && tensor_at(u, i) >= 1000) {
					far += fabs(tensor_at(t, i) - tensor_at(u, i)) > 2e-2; /* a displaced ramp is none between voxels */
					compared++;
				}
			assert_true(compared > 1000 && far < compared / 50); /* at edges several steps mix in what is outside */
			record_fini(&r);
			record_fini(&other);
		}
}

/* Which box is cut out: its place, in a volume whose voxels hold their own number. */
static void boxed(const char *spec, double first, int64_t d, int64_t h, int64_t w, const struct record *of)
{
	struct record r = { .n = 0 };
	double v[9];
	char name[PM_NAME];

	record_copy(&r, of);
	apply(&r, spec, 1);
	const int64_t *dim = record_get(&r, "image")->dim;

	if (dim[1] != d || dim[2] != h || dim[3] != w)
		fail_msg("%s: %dx%dx%d", spec, (int)dim[1], (int)dim[2], (int)dim[3]);
	const bool moved = meta_pop_undo(&r.meta, name, sizeof name, v, 9) > 0;

	assert_float_equal((moved ? v[6] * 10000 + v[7] * 100 + v[8] : 0), first, 0);
	record_fini(&r);
}

static void boxes(void **state)
{
	(void)state;
	struct record r = { .n = 0 };
	const int64_t dim[4] = { 2, 6, 30, 40 };

	struct tensor *image = record_put(&r, "image", PM_I16, 4, dim), *label = record_put(&r, "label", PM_U8, 3, dim + 1);

	for (int64_t i = 0; i < 2 * 7200; i++)
		tensor_set(image, i, -1000);
	memset(label->data, 0, 7200);
	boxed("crop_box", 0, 6, 30, 40, &r); /* nothing there */
	boxed("crop_box:size=4,10,10", 11015, 4, 10, 10, &r);
	for (int64_t i = 0; i < 7200; i++) {
		const int64_t z = i / 1200, y = i / 40 % 30, x = i % 40;

		if (y >= 8 && y < 22 && x >= 10 && x < 30)
			tensor_set(image, i, z < 4 ? 0 : -1000); /* a body in four slices of six */
		if (y == 27)
			tensor_set(image, i, 500); /* on a table */
		if (z == 5 && y == 1 && x == 2)
			tensor_set(image, 7200 + i, 1000);
		if (z == 2 && y >= 10 && y < 14 && x >= 12 && x < 20)
			tensor_set(label, i, x < 16 ? 1 : 2);
	}
	boxed("crop_box:above=600", 50102, 1, 1, 1, &r); /* of the second channel */
	boxed("crop_box:above=600:margin=2,4,4", 30000, 3, 6, 7, &r);
	boxed("crop_box:above=600:size=0,8,8", 50000, 1, 8, 8, &r);
	boxed("crop_box:of=label", 21012, 1, 4, 8, &r);
	boxed("crop_box:of=label:labels=2", 21016, 1, 4, 4, &r);
	boxed("crop_box:of=label:labels=2x1:margin=5,5", 20507, 1, 14, 18, &r);
	boxed("crop_box:of=label:size=2,6,6", 10913, 2, 6, 6, &r);
	boxed("crop_box:of=body:above=-600", 810, 6, 14, 20, &r);
	boxed("crop_box:of=body:above=-600:share=0.9", 0, 6, 30, 40, &r); /* not in so many slices, and the table is thin */
	fails(&r, "crop_box:size=40,40", -1, "smaller than the");
	fails(&r, "crop_box:margin=3", -2, "margin has 1");
	fails(&r, "crop_box:of=head", -2, "of");
	record_drop(&r, "label");
	fails(&r, "crop_box:of=label", -1, "has no label");
	boxed("crop:size=2,3,4:start=1,2,3", 10203, 2, 3, 4, &r);
	fails(&r, "crop:size=2,3,4:start=5,0,0", -1, "passes the end of an axis of 6");
	fails(&r, "crop:size=2,3,4:start=5", -2, "start has 1 numbers, size has 3");
	record_fini(&r);
}

static void crops(void **state)
{
	(void)state;
	struct record r = { .n = 0 }, was = { .n = 0 };
	struct err e;
	int met = 0, whole = 0;

	make(&was, PM_I16, 2, 4, 20, 22);
	tensor_set(record_get(&was, "label"), 3 * 440 + 19 * 22 + 21, 9);
	for (uint64_t seed = 0; seed < 100; seed++) {
		record_copy(&r, &was);
		apply(&r, "resized_crop:size=4,16,30:lower=0.5,0.5:upper=1.5,1.5:cubic", seed);
		assert_memory_equal(record_get(&r, "image")->dim, ((int64_t[]){ 2, 4, 16, 30 }), 32);
		whole += record_get(&r, "image")->dtype == PM_I16; /* just that size: not interpolated */
		assert_int_equal(transform_undo(&r, &e), 0);
		assert_memory_equal(record_get(&r, "label")->dim, record_get(&was, "label")->dim, 24);
		record_copy(&r, &was);
		apply(&r, "resized_crop:size=2,6,6:p=1:lower=1,1,1:upper=1.3,1.3,1.3:foreground=1:labels=9", seed);
		const struct tensor *t = record_get(&r, "label");
		bool there = false;

		for (int64_t i = 0; i < tensor_count(t); i++)
			there |= tensor_at(t, i) == 9;
		met += there;
	}
	assert_in_range(whole, 30, 70);
	assert_in_range(met, 80, 100); /* nearest neighbours may leave a voxel out */
	fails(&r, "resized_crop:size=4,4:lower=2,2:upper=1,1", -2, "lower 2 is above upper 1");
	make(&was, PM_I16, 2, 9, 4, 5);
	for (int64_t i = 0; i < 360; i++)
		tensor_set(record_get(&was, "image"), i, (double)i);
	memset(record_get(&was, "label")->data, 0, 180);
	tensor_set(record_get(&was, "label"), 6 * 20 + 3, 4);
	int first[9] = { 0 };

	for (uint64_t seed = 0; seed < 300; seed++) {
		int seen[9] = { 0 };

		record_copy(&r, &was);
		apply(&r, seed % 2 ? "slices:count=3" : "slices:count=3:foreground=1", seed);
		const struct tensor *t = record_get(&r, "image");

		assert_memory_equal(t->dim, ((int64_t[]){ 2, 3, 4, 5 }), 32);
		for (int64_t i = 0; i < 3; i++) {
			const int z = (int)tensor_at(t, i * 20) / 20;

			assert_true(!seen[z]++ && tensor_at(t, 60 + i * 20 + 7) == 180 + z * 20 + 7);
		}
		first[(int)tensor_at(t, 0) / 20]++;
		assert_true(seed % 2 || seen[6]);
		assert_int_equal(transform_undo(&r, &e), -1);
	}
	for (int z = 0; z < 9; z++)
		assert_in_range(first[z], z == 6 ? 150 : 5, z == 6 ? 200 : 32);
	record_copy(&r, &was);
	apply(&r, "slices:count=50", 1);
	assert_int_equal(record_get(&r, "label")->dim[0], 9);
	record_fini(&r);
	record_fini(&was);
}

static void sizes(void **state)
{
	(void)state;
	struct record r = { .n = 0 };

	make(&r, PM_I16, 1, 20, 30, 50);
	apply(&r, "resize:shortest=10", 1);
	assert_memory_equal(record_get(&r, "label")->dim, ((int64_t[]){ 10, 15, 25 }), 24);
	make(&r, PM_I16, 1, 1, 30, 50);
	apply(&r, "resize:shortest=15:cubic", 1);
	assert_memory_equal(record_get(&r, "label")->dim, ((int64_t[]){ 1, 15, 25 }), 24);
	fails(&r, "resize:shortest=15:size=3,3", -2, "size or shortest, not both");
	fails(&r, "resize", -2, "size has 0 numbers");
	fails(&r, "rot90:about=x", -2, "letters of d, h, w");
	fails(&r, "transpose:about=", -2, "letters of d, h, w");
	record_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(affine_golden), cmocka_unit_test(planes), cmocka_unit_test(golden_transforms), cmocka_unit_test(right_angles),
		cmocka_unit_test(displacements), cmocka_unit_test(elastic), cmocka_unit_test(affine), cmocka_unit_test(joined),
		cmocka_unit_test(boxes), cmocka_unit_test(crops), cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
