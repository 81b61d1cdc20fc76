/*
 * samples.c: streams of made samples on stdout, for the tests.
 *   samples make PATTERN [PREFIX]   a sample per letter: L labeled, W labeled with weight, U without label,
 *                                   S of another size, B with a label that does not fit, X: die here
 *   samples endless PATTERN         the same again and again, until the reader leaves
 *   samples squares CASES           small labels, each with a square of random size
 *   samples id ID                   one sample of that name
 *   samples suspects mod|shifted    predictions of two cases, 2 sin 0.7 i before the softmax, and their labels: i modulo 3, or
 *                                   the most probable class, every fourth one moved on
 */
#include <math.h>
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

/* i counts on from case to case; there is a case without label between the two. */
static void suspects(bool shifted)
{
	const struct stream_field fields[] = { { "image", PM_F32, 4 }, { "label", PM_U8, 3 }, { "pred", PM_U8, 3 }, { "prob", PM_F32, 4 } };
	const int64_t dim[4] = { 3, 1, 4, 4 }, one[4] = { 1, 1, 4, 4 };
	struct ostream *s = ostream_open("-", "prediction", fields, 4, NULL);

	for (int n = 0; n < 3; n++) {
		record_clear(&r);
		snprintf(r.id, sizeof r.id, "case_%d", n);
		memset(record_put(&r, "image", PM_F32, 4, one)->data, 0, 16 * sizeof(float));
		if (n == 1) {
			ostream_put(s, &r);
			continue;
		}
		uint8_t *label = record_put(&r, "label", PM_U8, 3, one + 1)->data, *pred = record_put(&r, "pred", PM_U8, 3, one + 1)->data;
		float *prob = record_put(&r, "prob", PM_F32, 4, dim)->data;

		for (int i = 0; i < 16; i++) {
			double p[3], sum = 0;
			int best = 0;

			for (int k = 0; k < 3; k++)
				sum += p[k] = exp(2 * sin(0.7 * (n / 2 * 48 + k * 16 + i)));
			for (int k = 0; k < 3; k++) {
				prob[k * 16 + i] = (float)(p[k] / sum);
				best = p[k] > p[best] ? k : best;
			}
			pred[i] = (uint8_t)best;
			label[i] = (uint8_t)(shifted ? (best + (i % 4 == 0)) % 3 : (n / 2 * 16 + i) % 3);
		}
		ostream_put(s, &r);
	}
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
	else if (!strcmp(what, "suspects"))
		suspects(!strcmp(argv[2], "shifted"));
	else
		die(PM_USAGE, "samples make PATTERN [PREFIX] | endless PATTERN | squares CASES | id ID | suspects LABELS");
	record_fini(&r);
	return 0;
}
