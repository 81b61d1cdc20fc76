/* tensor.h: a contiguous, row-major array of one type. Images are [C,D,H,W], 2-D has D = 1; batches put N in front. */
#ifndef PM_TENSOR_H
#define PM_TENSOR_H

#include "base/base.h"

enum { PM_MAX_RANK = 6 };

enum dtype { PM_U8, PM_I8, PM_U16, PM_I16, PM_U32, PM_I32, PM_U64, PM_I64, PM_F32, PM_F64, PM_DTYPES };

struct tensor {
	enum dtype dtype;
	int rank;
	int64_t dim[PM_MAX_RANK];
	void *data;
};

size_t dtype_size(enum dtype t);
const char *dtype_name(enum dtype t);                     /* "u8", "f32" */
int dtype_parse(const char *name, enum dtype *t);         /* 0, or -1 */
bool dtype_is_integer(enum dtype t);

/* Number of elements; and bytes with every product checked: -1 when the shape is bad or the size does not fit. */
int64_t tensor_count(const struct tensor *t);
int tensor_bytes(const struct tensor *t, size_t *bytes);

/* Element i as a number, and back with rounding and saturation. Slow: for headers and tests, not for loops over voxels. */
double tensor_at(const struct tensor *t, int64_t i);
void tensor_set(struct tensor *t, int64_t i, double v);

/* Converts n elements; integers saturate, floats round half to even, NaN becomes 0 in an integer. */
void convert(void *dst, enum dtype to, const void *src, enum dtype from, int64_t n);

#endif
