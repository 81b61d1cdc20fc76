/* box.c: boxes instead of outlines. */
#include <stdlib.h>
#include <string.h>

#include "tensor/spatial.h"
#include "transform/corrupt.h"

static const struct opt opts[] = { CORRUPT_WHERE, OPT_END };

static void part(uint8_t *mask, const int64_t size[3], const struct brush *b)
{
	const int64_t n = size[0] * size[1] * size[2];
	int32_t *component = xcalloc((size_t)n, sizeof(*component));
	const int64_t count = components(component, mask, size, 1);
	int64_t (*box)[6] = xcalloc((size_t)count + 1, sizeof(*box));

	(void)b;
	for (int64_t k = 0; k <= count; k++)
		memcpy(box[k], size, 3 * sizeof(**box)); /* low ends, then high ones: empty */
	for (int64_t i = 0; i < n; i++) {
		const int64_t at[3] = { i / (size[1] * size[2]), i / size[2] % size[1], i % size[2] };
		int64_t *of = box[component[i]];

		for (int a = 0; a < 3; a++) {
			of[a] = at[a] < of[a] ? at[a] : of[a];
			of[3 + a] = at[a] >= of[3 + a] ? at[a] + 1 : of[3 + a];
		}
	}
	for (int64_t k = 1; k <= count; k++)
		for (int64_t z = box[k][0]; z < box[k][3]; z++)
			for (int64_t y = box[k][1]; y < box[k][4]; y++)
				memset(mask + (z * size[1] + y) * size[2] + box[k][2], 1, (size_t)(box[k][5] - box[k][2]));
	free(box);
	free(component);
}

static void one(uint8_t *mask, const int64_t size[3], bool in_plane, const void *arg)
{
	corrupt_parts(mask, size, in_plane, arg, part);
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	(void)rng;
	return corrupt(r, conf, &(struct corruption){ .kind = "box", .one = one }, e);
}

const struct transform transform_box = {
	{ "box", "each structure (component of a class) becomes its bounding box", NULL, opts, sizeof(struct corrupt_conf) },
	.apply = apply, .check = corrupt_check_labels,
};
