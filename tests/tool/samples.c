/*
 * samples.c: streams of made samples on stdout, for the tests.
 *   samples make PATTERN [PREFIX]   a sample per letter: L labeled, W labeled with weight, U without label,
 *                                   S of another size, B with a label that does not fit, X: die here
 *   samples endless PATTERN         the same again and again, until the reader leaves
 *   samples squares CASES           small labels, each with a square of random size
 *   samples id ID                   one sample of that name
 */
#include <stdlib.h>

#include "base/rng.h"
#include "tool.h"

static struct record r;

static void make(const char *letters, const char *prefix, bool endless)
{
	const struct stream_field all[3] = { { "image", PM_I16, 4 }, { "label", PM_I16, 3 }, { "weight", PM_F32, 3 } };
	const double spacing[3] = { 5, 0.7, 0.7 };
	const int fields = strchr(letters, 'W') ? 3 : strpbrk(letters, "LSB") ? 2 : 1;
	static char tool[64];

	snprintf(tool, sizeof tool, "made%s", prefix);
	pm_tool = tool;
	struct ostream *s = ostream_open("-", "sample", all, fields, NULL);
	const int count = (int)strlen(letters);
	for (int i = 0; i < count || endless; i++) {
		const char letter = letters[i % count];
		const int64_t dim[4] = { 2, 1, 2, letter == 'S' ? 4 : 3 };
		if (letter == 'X')
			die(PM_FAIL, "the disk is on fire");
		record_clear(&r);
		snprintf(r.id, sizeof r.id, "%s%d", prefix, i);
		meta_set_numbers(&r.meta, "spacing", spacing, 3);
		struct tensor *image = record_put(&r, "image", PM_I16, 4, dim);
		for (int64_t k = 0; k < tensor_count(image); k++)
			tensor_set(image, k, i);
		if (letter != 'U') {
			struct tensor *label = record_put(&r, "label", PM_I16, 3, dim + 1);
			for (int64_t k = 0; k < tensor_count(label); k++)
				tensor_set(label, k, letter == 'B' ? 300 : i % 4);
		}
		if (letter == 'W') {
			struct tensor *weight = record_put(&r, "weight", PM_F32, 3, dim + 1);
			for (int64_t k = 0; k < tensor_count(weight); k++)
				tensor_set(weight, k, 0.5);
		}
		ostream_put(s, &r);
	}
	ostream_end(s);
}

static void squares(int cases)
{
	const struct stream_field fields[2] = { { "image", PM_F32, 4 }, { "label", PM_U8, 3 } };
	const int64_t dim[4] = { 1, 1, 64, 64 };
	struct ostream *s = ostream_open("-", "sample", fields, 2, NULL);

	for (int i = 0; i < cases; i++) {
		struct rng rng;
		rng_init(&rng, 1, "squares", 0, "", (uint32_t)i);
		const int64_t bottom = rng_int(&rng, 36, 45), right = rng_int(&rng, 38, 43);
		record_clear(&r);
		snprintf(r.id, sizeof r.id, "case_%d", i);
		float *image = record_put(&r, "image", PM_F32, 4, dim)->data;
		uint8_t *label = record_put(&r, "label", PM_U8, 3, dim + 1)->data;
		for (int64_t k = 0; k < 64 * 64; k++) {
			label[k] = k / 64 >= 20 && k / 64 < bottom && k % 64 >= 22 && k % 64 < right;
			image[k] = label[k];
		}
		ostream_put(s, &r);
	}
	ostream_end(s);
}

static void one(const char *id)
{
	const struct stream_field image = { "image", PM_U8, 4 };
	struct ostream *s = ostream_open("-", "sample", &image, 1, NULL);

	snprintf(r.id, sizeof r.id, "%s", id);
	memset(record_put(&r, "image", PM_U8, 4, (int64_t[4]){ 1, 1, 4, 4 })->data, 0, 16);
	ostream_put(s, &r);
	ostream_end(s);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	pm_tool = "samples";
	if (!strcmp(what, "make"))
		make(argv[2], argc > 3 ? argv[3] : "", false);
	else if (!strcmp(what, "endless"))
		make(argv[2], "", true);
	else if (!strcmp(what, "squares"))
		squares(atoi(argv[2]));
	else if (!strcmp(what, "id"))
		one(argv[2]);
	else
		die(PM_USAGE, "samples make PATTERN [PREFIX] | endless PATTERN | squares CASES | id ID");
	record_fini(&r);
	return 0;
}
