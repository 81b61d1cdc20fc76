/* low_resolution.c: as if the image had been taken with larger voxels: every so many are kept, the others interpolated. */
#include "tensor/spatial.h"
#include "transform/channels.h"
#include "transform/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct opt opts[] = {
	VARIED_OPTS("S", "0.5", "1", 0.001, 1, "share of the voxels that is kept, for each axis"),
	ALONG_OPTS("dhw", "that have fewer"),
	OPT_END,
};

/* Voxels are cells: number i of n lies at (i + 1/2) / n. Of the kept ones number i is the nearest voxel that there was. */
static int64_t nearest(int64_t i, int64_t kept, int64_t n) { return (2 * i + 1) * n / (2 * kept); }

static struct between *places(int64_t n, double share)
{
	const int64_t kept = (int64_t)fmax(1, nearbyint((double)n * share));
	struct between *place = xcalloc((size_t)n, sizeof *place);

	for (int64_t i = 0; i < n; i++) {
		const double at = fmax(0, ((double)i + 0.5) * (double)kept / (double)n - 0.5);
		const int64_t lo = (int64_t)at, hi = lo + 1 < kept ? lo + 1 : lo;
		place[i] = (struct between){ nearest(lo, kept, n), nearest(hi, kept, n), (float)(at - (double)lo) };
	}
	return place;
}

static void one(float *x, const struct record *r, const void *conf, struct rng *rng)
{
	const int64_t *size = record_peek(r, "image")->dim + 1;
	const size_t bytes = (size_t)(size[0] * size[1] * size[2]) * sizeof *x;
	const double share = varied_draw(conf, rng);
	struct between *place[3];
	float *was = xmalloc(bytes);

	for (int a = 0; a < 3; a++)
		place[a] = places(size[a], axis_named(((const struct along *)conf)->axes, a) ? share : 1);
	memcpy(was, x, bytes);
	interpolate(x, size, was, size, place);
	for (int a = 0; a < 3; a++)
		free(place[a]);
	free(was);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e) { return change_channels(conf, r, rng, e, one); }

const struct transform transform_low_resolution = {
	{ "low_resolution", "random low resolution: voxels are left out and interpolated", "Isensee et al., nnU-Net, Nature Methods 2021", opts,
		sizeof(struct along) },
	.apply = apply, .check = along_check,
};
