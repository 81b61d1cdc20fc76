/* eval.c: the time of surface distances and of connected components on a case of blobs, beside scipy's (eval_peer.py). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "base/rng.h"
#include "metric/metric.h"
#include "tensor/spatial.h"

struct conf {
	const char *save;
	int size, rounds;
};

static const struct opt opts[] = {
	OPT_NUMBER(struct conf, size, 0, "N", "256", 16, 1024, "voxels along each axis"),
	OPT_NUMBER(struct conf, rounds, 0, "N", "7", 1, 1000, "how often each is timed; the median counts"),
	OPT_STRING(struct conf, save, 0, "PREFIX", "", "write the masks too, as raw bytes: PREFIXpred.u8 and PREFIXtruth.u8"),
	OPT_END,
};

static const struct tool tool = { "eval", "time surface distances and components", "", opts, NULL, NULL };

static const double spacing[3] = { 1.25, .8, .8 };

enum { BLOBS = 9, ISLANDS = 40, WAVES = 6 };

/* Lengths are in parts of the volume's edge. */
struct blob {
	double centre[3], radius[3];
};

/* A smooth bump of the surface: amplitude * sin(k x + phase). */
struct wave {
	double k[3], phase, amplitude;
};

static void blobs(struct blob *b, int n, double lo, double hi, struct rng *r)
{
	for (; n; n--, b++)
		for (int a = 0; a < 3; a++) {
			b->centre[a] = rng_range(r, .16, .84);
			b->radius[a] = rng_range(r, lo, hi);
		}
}

static void waves(struct wave *w, double amplitude, struct rng *r)
{
	for (int i = 0; i < WAVES; i++, w++) {
		for (int a = 0; a < 3; a++)
			w->k[a] = rng_range(r, -45, 45);
		w->phase = rng_range(r, 0, 6.3);
		w->amplitude = amplitude;
	}
}

/* Adds an ellipsoid with wavy surface. */
static void paint(uint8_t *mask, int64_t n, const struct blob *b, const struct wave *w, int n_waves)
{
	int64_t lo[3], hi[3];
	for (int a = 0; a < 3; a++) {
		lo[a] = (int64_t)fmax(0, (b->centre[a] - 1.5 * b->radius[a]) * (double)n);
		hi[a] = (int64_t)fmin((double)n, (b->centre[a] + 1.5 * b->radius[a]) * (double)n);
	}
	for (int64_t z = lo[0]; z < hi[0]; z++)
		for (int64_t y = lo[1]; y < hi[1]; y++)
			for (int64_t x = lo[2]; x < hi[2]; x++) {
				const double at[3] = { (double)z / (double)n, (double)y / (double)n, (double)x / (double)n };
				double radius = 0, bump = 1;
				for (int a = 0; a < 3; a++)
					radius += pow((at[a] - b->centre[a]) / b->radius[a], 2);
				for (int i = 0; i < n_waves && radius > .2; i++)
					bump += w[i].amplitude * sin(w[i].k[0] * at[0] + w[i].k[1] * at[1] + w[i].k[2] * at[2] + w[i].phase);
				mask[(z * n + y) * n + x] |= radius < bump * bump;
			}
}

/* Organs of a few per cent of the volume each; the prediction's surface waves otherwise, and it has small islands. */
static void phantom(uint8_t *pred, uint8_t *truth, int64_t n)
{
	struct blob b[BLOBS], island[ISLANDS];
	struct wave w[2 * WAVES];
	struct rng r;
	rng_init(&r, 1, "eval", 0, "", 0);
	blobs(b, BLOBS, .08, .16, &r);
	blobs(island, ISLANDS, .006, .015, &r);
	waves(w, .06, &r);
	waves(w + WAVES, .015, &r);
	for (int i = 0; i < BLOBS; i++) {
		paint(truth, n, b + i, w, WAVES);
		paint(pred, n, b + i, w, 2 * WAVES);
	}
	for (int i = 0; i < ISLANDS; i++)
		paint(pred, n, island + i, NULL, 0);
}

static void save(const char *prefix, const char *name, const uint8_t *mask, int64_t voxels)
{
	char *path = xprintf("%s%s.u8", prefix, name);
	FILE *f = fopen(path, "w");
	if (!f || fwrite(mask, 1, (size_t)voxels, f) != (size_t)voxels || fclose(f))
		die(PM_FAIL, "cannot write %s", path);
	free(path);
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* One row: engine, what, milliseconds (the median), millions of voxels a second, what came out. */
static void print_row(const char *what, double *seconds, int rounds, int64_t voxels, const char *result)
{
	qsort(seconds, (size_t)rounds, sizeof *seconds, by_size);
	const double median = seconds[rounds / 2];
	printf("pymic\t%s\t%.1f\t%.0f\t%s\n", what, 1e3 * median, 1e-6 * (double)voxels / median, result);
}

int main(int argc, char **argv)
{
	struct conf c;
	struct pair p;
	struct err e;
	void *none;
	char **operand, result[64];
	opt_parse(&tool, &c, argc, argv, &operand);
	const int64_t n = c.size, voxels = n * n * n, size[3] = { n, n, n };
	uint8_t *pred = xcalloc((size_t)voxels, 1), *truth = xcalloc((size_t)voxels, 1);
	int32_t *label = xmalloc((size_t)voxels * sizeof *label);
	double *s = xcalloc((size_t)c.rounds, sizeof *s);
	phantom(pred, truth, n);
	if (*c.save) {
		save(c.save, "pred", pred, voxels);
		save(c.save, "truth", truth, voxels);
	}
	const struct metric *hd95 = (const void *)spec_parse(&metric_kind, "hd95", &none, &e);
	const struct metric *assd = (const void *)spec_parse(&metric_kind, "assd", &none, &e);
	for (int i = 0; i < c.rounds; i++) {
		const double start = now();
		pair_init(&p, pred, truth, size, spacing);
		const double h = hd95->eval(NULL, &p), a = assd->eval(NULL, &p);
		s[i] = now() - start;
		snprintf(result, sizeof result, "%.9g %.9g", h, a);
		pair_fini(&p);
	}
	print_row("hd95+assd", s, c.rounds, voxels, result);
	for (int i = 0; i < c.rounds; i++) {
		const double start = now();
		const int64_t found = components(label, pred, size, 1);
		s[i] = now() - start;
		snprintf(result, sizeof result, "%lld", (long long)found);
	}
	print_row("components", s, c.rounds, voxels, result);
	free(pred);
	free(truth);
	free(label);
	free(s);
	return PM_OK;
}
