/*
 * mangle.c: streams changed or damaged on purpose, for the tests. All but the last write to stdout.
 *   mangle abort IN           the first record, then an abort
 *   mangle as KIND IN         the same records, said to be of another kind
 *   mangle corner IN          predictions: the labels with a corner missing
 *   mangle sure IN            predictions: pred, prob and label, no image
 *   mangle flip|channels|nan|big|noise IN
 *                             mirrored along W; the channels twice; a NaN in the image; labels too large; only noise
 *   mangle places IN FIRST N CUTS M FLIPS
 *                             a file CUTS of lengths to cut at (1..FIRST, N more), a folder FLIPS of M copies with one
 *                             byte inverted, somewhere behind the head
 */
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "io/outfile.h"
#include "tensor/pack.h"
#include "tool.h"

static struct record r;

static void abort_after_one(const char *path)
{
	struct istream *in = opened(path);
	const struct stream_head *h = istream_head(in);
	struct ostream *out = ostream_open("-", h->kind, h->field, h->n, h);

	check(istream_read(in, &r), "%s: no record", path);
	ostream_put(out, &r);
	pm_tool = "pymic-first";
	die(PM_FAIL, "the disk is on fire");
}

static void corner(void)
{
	const struct tensor *label = field(&r, "label");
	struct tensor *pred = record_put(&r, "pred", PM_U8, 3, label->dim);
	const int64_t h = pred->dim[1], w = pred->dim[2];

	label = field(&r, "label");
	for (int64_t i = 0; i < tensor_count(pred); i++)
		tensor_set(pred, i, i / w % h < h / 2 && i % w < w / 2 ? 0 : tensor_at(label, i));
}

static void sure(void)
{
	const int64_t *size = field(&r, "label")->dim, n = size[0] * size[1] * size[2];
	const int64_t dim[4] = { 2, size[0], size[1], size[2] };
	uint8_t *pred = record_put(&r, "pred", PM_U8, 3, dim + 1)->data;
	float *prob = record_put(&r, "prob", PM_F32, 4, dim)->data;

	for (int64_t i = 0; i < n; i++) {
		pred[i] = tensor_at(field(&r, "label"), i) > 1;
		prob[n + i] = pred[i] ? 0.75f : 0;
		prob[i] = 1 - prob[n + i];
	}
	record_drop(&r, "image");
}

static void mirror(struct tensor *t)
{
	const int64_t w = width(t);

	for (int64_t row = 0; row < tensor_count(t); row += w)
		for (int64_t x = 0; x < w / 2; x++) {
			const double left = tensor_at(t, row + x);
			tensor_set(t, row + x, tensor_at(t, row + w - 1 - x));
			tensor_set(t, row + w - 1 - x, left);
		}
}

static void change(const char *what, uint32_t number)
{
	struct tensor *image = field(&r, "image"), *label = field(&r, "label");
	const int64_t n = tensor_count(image), w = width(image);

	check(image->dtype == PM_F32, "%s: the image is not of floats", r.id);
	if (!strcmp(what, "flip")) {
		mirror(image);
		mirror(label);
	} else if (!strcmp(what, "channels")) {
		int64_t dim[4];
		size_t bytes = (size_t)n * sizeof(float);
		void *old = xmalloc(bytes);
		memcpy(old, image->data, bytes);
		memcpy(dim, image->dim, sizeof dim);
		dim[0] *= 2;
		char *data = record_put(&r, "image", PM_F32, 4, dim)->data;
		memcpy(data, old, bytes);
		memcpy(data + bytes, old, bytes);
		free(old);
	} else if (!strcmp(what, "nan")) {
		tensor_set(image, 5 * w + 5, NAN);
	} else if (!strcmp(what, "big")) {
		for (int64_t i = 0; i < tensor_count(label); i++)
			tensor_set(label, i, tensor_at(label, i) + 7);
	} else {
		struct rng rng;
		rng_init(&rng, 3, "noise", 0, "", number);
		for (int64_t i = 0; i < n; i++)
			tensor_set(image, i, 1.5 * rng_normal(&rng));
	}
}

static void copy(const char *what, const char *kind, const char *path)
{
	const struct stream_field pred = { "pred", PM_U8, 3 }, prob = { "prob", PM_F32, 4 };
	struct istream *in = opened(path);
	const struct stream_head *h = istream_head(in);
	struct stream_field f[PM_MAX_FIELDS + 2];
	int n = 0;

	for (int i = 0; i < h->n; i++)
		if (strcmp(what, "sure") || strcmp(h->field[i].name, "image"))
			f[n++] = h->field[i];
	if (!strcmp(what, "corner") || !strcmp(what, "sure"))
		f[n++] = pred;
	if (!strcmp(what, "sure"))
		f[n++] = prob;
	struct ostream *out = ostream_open("-", kind ? kind : h->kind, f, n, h);
	for (uint32_t number = 0; istream_read(in, &r); number++) {
		if (!strcmp(what, "corner"))
			corner();
		else if (!strcmp(what, "sure"))
			sure();
		else if (strcmp(what, "as"))
			change(what, number);
		ostream_put(out, &r);
	}
	ostream_end(out);
	istream_close(in);
}

static void write_all(const char *path, const char *data, size_t n)
{
	FILE *fp = fopen(path, "wb");
	check(fp && fwrite(data, 1, n, fp) == n && !fclose(fp), "cannot write %s", path);
}

static char *read_all(const char *path, size_t *n)
{
	FILE *fp = fopen(path, "rb");
	check(fp && !fseek(fp, 0, SEEK_END), "cannot read %s", path);
	*n = (size_t)ftell(fp);
	rewind(fp);
	char *data = xmalloc(*n);
	check(fread(data, 1, *n, fp) == *n, "cannot read %s", path);
	fclose(fp);
	return data;
}

static void places(const char *path, size_t first, size_t more, const char *cuts, size_t flips, const char *folder)
{
	size_t n;
	char *data = read_all(path, &n);
	const int64_t head = pack_span(data, n);
	FILE *table = fopen(cuts, "w");
	struct err e;

	check(head > 0 && n > first + more && flips > 1, "%s: too short for that", path);
	check(table, "cannot write %s", cuts);
	for (size_t i = 1; i <= first; i++)
		fprintf(table, "%zu\n", i);
	for (size_t i = 1; i <= more; i++)
		fprintf(table, "%zu\n", first + (n - 1 - first) * i / more);
	check(!fclose(table), "cannot write %s", cuts);
	check(!make_folder(folder, &e), "%s", e.msg);
	for (size_t i = 0; i < flips; i++) {
		const size_t at = (size_t)head + (n - 1 - (size_t)head) * i / (flips - 1);
		char *copied = xprintf("%s/%zu.pms", folder, at);
		data[at] = (char)~data[at];
		write_all(copied, data, n);
		data[at] = (char)~data[at];
		free(copied);
	}
	free(data);
}

static size_t number(const char *text)
{
	return strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
	static const char *const changes[] = { "corner", "sure", "flip", "channels", "nan", "big", "noise" };
	const char *what = argc > 2 ? argv[1] : "";
	bool known = false;

	pm_tool = "mangle";
	for (size_t i = 0; i < PM_COUNT(changes); i++)
		known |= !strcmp(what, changes[i]);
	if (known)
		copy(what, !strcmp(what, "corner") || !strcmp(what, "sure") ? "prediction" : NULL, argv[2]);
	else if (!strcmp(what, "as") && argc == 4)
		copy(what, argv[2], argv[3]);
	else if (!strcmp(what, "places") && argc == 8)
		places(argv[2], number(argv[3]), number(argv[4]), argv[5], number(argv[6]), argv[7]);
	else if (!strcmp(what, "abort"))
		abort_after_one(argv[2]);
	else
		die(PM_USAGE, "mangle WHAT ..., see the head of mangle.c");
	record_fini(&r);
	return 0;
}
