#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tensor/tensor.h"

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PM_DTYPES; i++) {
		enum dtype t;
		assert_int_equal(dtype_parse(dtype_name((enum dtype)i), &t), 0);
		assert_int_equal(t, i);
	}
	enum dtype t;
	assert_int_equal(dtype_parse("f16", &t), -1);
	assert_int_equal(dtype_parse("", &t), -1);
	assert_true(dtype_is_integer(PM_U64) && !dtype_is_integer(PM_F32));
}

static void test_sizes(void **state)
{
	(void)state;
	size_t bytes;
	struct tensor t = { .dtype = PM_I16, .rank = 3, .dim = { 4, 5, 6 } };
	assert_int_equal(tensor_count(&t), 120);
	assert_int_equal(tensor_bytes(&t, &bytes), 0);
	assert_int_equal(bytes, 240);
	struct tensor scalar = { .dtype = PM_F64, .rank = 0 };
	assert_int_equal(tensor_bytes(&scalar, &bytes), 0);
	assert_int_equal(bytes, 8);
	const struct tensor bad[] = {
		{ .dtype = PM_U8, .rank = 2, .dim = { 4, 0 } },
		{ .dtype = PM_U8, .rank = 2, .dim = { 4, -1 } },
		{ .dtype = PM_U8, .rank = -1 },
		{ .dtype = PM_U8, .rank = PM_MAX_RANK + 1 },
		{ .dtype = PM_DTYPES, .rank = 1, .dim = { 1 } },
		{ .dtype = PM_U8, .rank = 2, .dim = { INT64_MAX, 2 } },
		{ .dtype = PM_U16, .rank = 1, .dim = { INT64_MAX / 2 + 1 } },
	};
	for (size_t i = 0; i < PM_COUNT(bad); i++)
		assert_int_equal(tensor_bytes(&bad[i], &bytes), -1);
}

static double through(enum dtype t, double v)
{
	char cell[8];
	struct tensor one = { .dtype = t, .rank = 0, .data = cell };
	tensor_set(&one, 0, v);
	return tensor_at(&one, 0);
}

static void test_float_to_integer(void **state)
{
	(void)state;
	const struct {
		enum dtype t;
		double in, out;
	} c[] = {
		{ PM_U8, -1, 0 }, { PM_U8, 255.4, 255 }, { PM_U8, 1e300, 255 }, { PM_U8, 0.5, 0 }, { PM_U8, 1.5, 2 }, { PM_U8, 2.5, 2 },
		{ PM_I8, -128.6, -128 }, { PM_I8, 127.5, 127 }, { PM_I16, -1e9, -32768 }, { PM_U16, 65536, 65535 },
		{ PM_I32, 2147483648., 2147483647. }, { PM_I32, -2147483649., -2147483648. }, { PM_U32, 4294967296., 4294967295. },
		{ PM_I64, 1e30, 9223372036854775807. }, { PM_I64, -1e30, -9223372036854775808. }, { PM_U64, 1e30, 18446744073709551615. },
		{ PM_U64, -INFINITY, 0 }, { PM_I64, INFINITY, 9223372036854775807. }, { PM_I32, NAN, 0 }, { PM_F32, 0.1, 0.1f },
	};
	for (size_t i = 0; i < PM_COUNT(c); i++)
		if (through(c[i].t, c[i].in) != c[i].out)
			fail_msg("%s: %.17g became %.17g", dtype_name(c[i].t), c[i].in, through(c[i].t, c[i].in));
}

static void test_integer_to_integer(void **state)
{
	(void)state;
	const int64_t wide[] = { INT64_MIN, -1, 0, 200, 70000, INT64_MAX };
	uint8_t u8[6];
	uint64_t u64[6];
	int16_t i16[6];
	convert(u8, PM_U8, wide, PM_I64, 6);
	convert(u64, PM_U64, wide, PM_I64, 6);
	convert(i16, PM_I16, wide, PM_I64, 6);
	assert_memory_equal(u8, ((uint8_t[]){ 0, 0, 0, 200, 255, 255 }), 6);
	assert_memory_equal(u64, ((uint64_t[]){ 0, 0, 0, 200, 70000, INT64_MAX }), sizeof u64);
	assert_memory_equal(i16, ((int16_t[]){ INT16_MIN, -1, 0, 200, INT16_MAX, INT16_MAX }), sizeof i16);
	const uint64_t large = UINT64_MAX;
	int64_t narrow;
	convert(&narrow, PM_I64, &large, PM_U64, 1);
	assert_true(narrow == INT64_MAX);
}

/* What fits in a type comes back from every type that holds it. */
static void test_every_pair(void **state)
{
	(void)state;
	for (int a = 0; a < PM_DTYPES; a++)
		for (int b = 0; b < PM_DTYPES; b++) {
			const double in[5] = { 0, 1, 2, 99, 127 };
			uint64_t x[5], y[5];
			double out[5];
			convert(x, (enum dtype)a, in, PM_F64, 5);
			convert(y, (enum dtype)b, x, (enum dtype)a, 5);
			convert(out, PM_F64, y, (enum dtype)b, 5);
			assert_memory_equal(out, in, sizeof in);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_float_to_integer),
		cmocka_unit_test(test_integer_to_integer),
		cmocka_unit_test(test_every_pair),
	};
	return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
