#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	size_t size;
} types[PM_DTYPES] = {
	[PM_U8] = { "u8", 1 }, [PM_I8] = { "i8", 1 }, [PM_U16] = { "u16", 2 }, [PM_I16] = { "i16", 2 },
	[PM_U32] = { "u32", 4 }, [PM_I32] = { "i32", 4 }, [PM_U64] = { "u64", 8 }, [PM_I64] = { "i64", 8 },
	[PM_F32] = { "f32", 4 }, [PM_F64] = { "f64", 8 },
};

size_t dtype_size(enum dtype t)
{
	return types[t].size;
}

const char *dtype_name(enum dtype t)
{
	return types[t].name;
}

int dtype_parse(const char *name, enum dtype *t)
{
	for (int i = 0; i < PM_DTYPES; i++)
		if (strcmp(types[i].name, name) == 0) {
			*t = (enum dtype)i;
			return 0;
		}
	return -1;
}

bool dtype_is_integer(enum dtype t)
{
	return t != PM_F32 && t != PM_F64;
}

int64_t tensor_count(const struct tensor *t)
{
	int64_t n;
	if (t->rank < 0 || t->rank > PM_MAX_RANK || !product(t->dim, t->rank, &n))
		return -1;
	return n;
}

int tensor_bytes(const struct tensor *t, size_t *bytes)
{
	int64_t n = tensor_count(t);
	if (n < 1 || (unsigned)t->dtype >= PM_DTYPES || n > PTRDIFF_MAX / (int64_t)dtype_size(t->dtype))
		return -1;
	*bytes = (size_t)n * dtype_size(t->dtype);
	return 0;
}

double tensor_at(const struct tensor *t, int64_t i)
{
	double v;
	convert(&v, PM_F64, (const char *)t->data + (size_t)i * dtype_size(t->dtype), t->dtype, 1);
	return v;
}

void tensor_set(struct tensor *t, int64_t i, double v)
{
	convert((char *)t->data + (size_t)i * dtype_size(t->dtype), t->dtype, &v, PM_F64, 1);
}

/*
 * One loop per pair of types. An integer becomes another through 128 bits, which hold both 64-bit ranges; a float
 * becomes an integer through the double, where the limits of 64 bits round up to 2^63 and 2^64: hence >=.
 */
#define INT_TO_INT(T, lo, hi, x) ((__int128)(x) < (lo) ? (T)(lo) : (__int128)(x) > (hi) ? (T)(hi) : (T)(x))
#define FLOAT_TO_INT(T, lo, hi, x) \
	(isnan((double)(x)) ? (T)0 : rint((double)(x)) <= (double)(lo) ? (T)(lo) : \
		rint((double)(x)) >= (double)(hi) ? (T)(hi) : (T)rint((double)(x)))
#define TO_FLOAT(T, lo, hi, x) (T)(x)

#define LOOP(HOW, T, lo, hi, F) \
	do { \
		T *d = dst; \
		const F *s = src; \
		for (int64_t i = 0; i < n; i++) \
			d[i] = HOW(T, lo, hi, s[i]); \
		return; \
	} while (0)

#define FROM(INT, F) \
	switch (to) { \
	case PM_U8: LOOP(INT, uint8_t, 0, UINT8_MAX, F); \
	case PM_I8: LOOP(INT, int8_t, INT8_MIN, INT8_MAX, F); \
	case PM_U16: LOOP(INT, uint16_t, 0, UINT16_MAX, F); \
	case PM_I16: LOOP(INT, int16_t, INT16_MIN, INT16_MAX, F); \
	case PM_U32: LOOP(INT, uint32_t, 0, UINT32_MAX, F); \
	case PM_I32: LOOP(INT, int32_t, INT32_MIN, INT32_MAX, F); \
	case PM_U64: LOOP(INT, uint64_t, 0, UINT64_MAX, F); \
	case PM_I64: LOOP(INT, int64_t, INT64_MIN, INT64_MAX, F); \
	case PM_F32: LOOP(TO_FLOAT, float, 0, 0, F); \
	case PM_F64: LOOP(TO_FLOAT, double, 0, 0, F); \
	default: return; \
	}

void convert(void *dst, enum dtype to, const void *src, enum dtype from, int64_t n)
{
	if (to == from) {
		memcpy(dst, src, (size_t)n * dtype_size(to));
		return;
	}
	switch (from) {
	case PM_U8: FROM(INT_TO_INT, uint8_t)
	case PM_I8: FROM(INT_TO_INT, int8_t)
	case PM_U16: FROM(INT_TO_INT, uint16_t)
	case PM_I16: FROM(INT_TO_INT, int16_t)
	case PM_U32: FROM(INT_TO_INT, uint32_t)
	case PM_I32: FROM(INT_TO_INT, int32_t)
	case PM_U64: FROM(INT_TO_INT, uint64_t)
	case PM_I64: FROM(INT_TO_INT, int64_t)
	case PM_F32: FROM(FLOAT_TO_INT, float)
	case PM_F64: FROM(FLOAT_TO_INT, double)
	default: return;
	}
}
