/* label_nonzero.c: all classes become one. */
#include "transform/transform.h"

#define NONZERO(T) \
	for (int64_t i = 0; i < n; i++) \
		((T *)data)[i] = ((T *)data)[i] != 0

static void nonzero(void *data, enum dtype t, int64_t n)
{
	switch (t) {
	case PM_U8: case PM_I8: NONZERO(uint8_t); break;
	case PM_U16: case PM_I16: NONZERO(uint16_t); break;
	case PM_U32: case PM_I32: NONZERO(uint32_t); break;
	case PM_F32: NONZERO(float); break;
	case PM_F64: NONZERO(double); break;
	default: NONZERO(uint64_t); break;
	}
}

static int apply(const void *conf, struct record *r, struct rng *rng, struct err *e)
{
	struct tensor *t = record_get(r, "label");

	(void)conf;
	(void)rng;
	(void)e;
	if (t)
		nonzero(t->data, t->dtype, tensor_count(t));
	return 0;
}

const struct transform transform_label_nonzero = {
	{ "label_nonzero", "every label but 0 becomes 1", NULL, NULL, 0 },
	.apply = apply,
};
