/* label_nonzero.c: all classes become one. */
#include "transform/transform.h"

enum { PIECE = 4096 };

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	struct tensor *t = record_get(r, "label");
	int64_t piece[PIECE], n = t ? tensor_count(t) : 0;

	(void)conf;
	(void)rng;
	(void)e;
	for (int64_t at = 0; at < n; at += PIECE) {
		int64_t part = n - at < PIECE ? n - at : PIECE;
		void *data = (char *)t->data + (size_t)at * dtype_size(t->dtype);

		convert(piece, PM_I64, data, t->dtype, part);
		for (int64_t i = 0; i < part; i++)
			piece[i] = piece[i] != 0;
		convert(data, t->dtype, piece, PM_I64, part);
	}
	return 0;
}

const struct transform transform_label_nonzero = {
	{ "label_nonzero", "every label but 0 becomes 1", NULL, NULL, 0 },
	.apply = apply,
};
