/* transform_made.h: a made record, and transforms applied to it by their specs. */
#ifndef TRANSFORM_MADE_H
#define TRANSFORM_MADE_H

#include "transform/transform.h"

/* A record with a random image of type t, a label of three classes, and an oblique geometry. */
static inline void make(struct record *r, enum dtype t, int64_t c, int64_t d, int64_t h, int64_t w)
{
	const int64_t dim[4] = { c, d, h, w };
	const double spacing[3] = { 5, 1.5, 1.25 };
	const double affine[16] = { 1.2, 0.1, 0, -7, -0.2, 1.4, 0.3, 11, 0, 0.1, 4.9, 3, 0, 0, 0, 1 };
	double nifti[32];
	struct rng g;

	record_clear(r);
	strcpy(r->id, "case_1");
	rng_init(&g, 7, "test", 0, "", 0);
	struct tensor *image = record_put(r, "image", t, 4, dim), *label;

	for (int64_t i = 0; i < tensor_count(image); i++)
		tensor_set(image, i, (double)rng_int(&g, 0, 200));
	label = record_put(r, "label", PM_U8, 3, dim + 1);
	for (int64_t i = 0; i < tensor_count(label); i++)
		tensor_set(label, i, (double)(i % w > w / 2) + (double)(i / w % h > h / 2));
	for (int i = 0; i < 32; i++)
		nifti[i] = i;
	meta_set_numbers(&r->meta, "spacing", spacing, 3);
	meta_set_numbers(&r->meta, "affine", affine, 16);
	meta_set_numbers(&r->meta, "nifti", nifti, 32);
}

static inline int try_apply(struct record *r, const char *spec, uint64_t seed, struct err *e)
{
	void *conf;
	struct rng rng;
	const struct plugin *const *noise = noise_kind.list;
	const size_t n = strcspn(spec, ":");

	while (*noise && (strncmp((*noise)->name, spec, n) || (*noise)->name[n]))
		noise++;
	const struct transform *t = transform_parse(*noise ? &noise_kind : &transform_kind, spec, &conf, e);

	if (!t)
		return -2;
	rng_init(&rng, seed, "test", 0, "case_1", 0);
	return transform_apply(t, conf, r, &rng, e);
}

static inline void apply(struct record *r, const char *spec, uint64_t seed)
{
	struct err e = { "" };

	if (try_apply(r, spec, seed, &e))
		fail_msg("%s: %s", spec, e.msg);
}

static inline void fails(struct record *r, const char *spec, int want, const char *message)
{
	struct err e = { "" };

	assert_int_equal(try_apply(r, spec, 1, &e), want);
	if (!strstr(e.msg, message))
		fail_msg("%s: \"%s\" does not say \"%s\"", spec, e.msg, message);
}

#endif
