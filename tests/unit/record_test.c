#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tensor/pack.h"
#include "tensor/record.h"

static void test_fields(void **state)
{
	(void)state;
	struct record r = { 0 }, copy = { 0 };
	strcpy(r.id, "case_1");
	r.epoch = 3;
	uint8_t *label = record_put(&r, "label", PM_U8, 3, (int64_t[]){ 1, 2, 2 })->data;
	memcpy(label, "\1\2\3\4", 4);
	float *image = record_put(&r, "image", PM_F32, 4, (int64_t[]){ 1, 1, 2, 2 })->data;
	image[3] = 5;
	assert_ptr_equal(record_get(&r, "label")->data, label);
	assert_null(record_get(&r, "weight"));

	record_copy(&copy, &r);
	assert_string_equal(copy.id, "case_1");
	assert_int_equal(copy.epoch, 3);
	assert_true(tensor_at(record_peek(&copy, "image"), 3) == 5);
	assert_ptr_not_equal(record_get(&copy, "label")->data, label);

	/* A dropped field leaves its buffer to the next one. */
	record_drop(&r, "label");
	record_drop(&r, "nothing");
	assert_int_equal(r.n, 1);
	assert_true(tensor_at(record_peek(&r, "image"), 3) == 5);
	assert_ptr_equal(record_put(&r, "weight", PM_U8, 1, (int64_t[]){ 4 })->data, label);

	/* The same name again is a new shape of the same field. */
	assert_int_equal(record_put(&r, "weight", PM_F64, 2, (int64_t[]){ 10, 10 })->rank, 2);
	assert_int_equal(r.n, 2);
	record_swap(&r, &copy);
	assert_true(record_peek(&r, "label") && !record_peek(&copy, "label"));
	record_clear(&r);
	assert_int_equal(r.n, 0);
	record_fini(&r);
	record_fini(&copy);
}

static void test_meta_values(void **state)
{
	(void)state;
	struct meta m = { 0 }, n = { 0 };
	double v[3];
	char text[8];
	assert_int_equal(meta_numbers(&m, "spacing", v, 3), -1);
	meta_set_numbers(&m, "spacing", (double[]){ 5, 0.7, -0.0 }, 3);
	meta_set_text(&m, "units", "mm");
	meta_set_number(&m, "dims", 3);
	assert_int_equal(meta_numbers(&m, "spacing", v, 3), 3);
	assert_true(v[0] == 5 && v[1] == 0.7 && v[2] == 0 && signbit(v[2]));
	assert_int_equal(meta_numbers(&m, "spacing", v, 1), 3);
	assert_int_equal(meta_numbers(&m, "dims", v, 3), 1);
	assert_true(meta_number(&m, "dims", 2) == 3 && meta_number(&m, "frames", 7) == 7);
	assert_int_equal(meta_text(&m, "units", text, sizeof text), 0);
	assert_string_equal(text, "mm");
	assert_int_equal(meta_text(&m, "units", text, 2), -1);
	assert_int_equal(meta_text(&m, "dims", text, sizeof text), -1);
	assert_int_equal(meta_numbers(&m, "units", v, 3), -1);

	/* A new value takes the place of the old one, and the rest stays. */
	size_t before = m.len;
	meta_set_text(&m, "units", "px");
	assert_int_equal(m.len, before);
	assert_true(meta_number(&m, "dims", 0) == 3);
	meta_copy(&n, &m);
	meta_delete(&m, "spacing");
	meta_delete(&m, "spacing");
	assert_int_equal(meta_numbers(&m, "spacing", v, 3), -1);
	assert_true(meta_number(&m, "dims", 0) == 3);
	assert_int_equal(meta_numbers(&n, "spacing", v, 3), 3);
	meta_fini(&m);
	meta_fini(&n);
}

static void test_meta_many_keys(void **state)
{
	(void)state;
	struct meta m = { 0 };
	char key[16];
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "key%d", i);
		meta_set_number(&m, key, i * 0.5);
	}
	for (int i = 0; i < 100; i += 2) {
		snprintf(key, sizeof key, "key%d", i);
		meta_delete(&m, key);
	}
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "key%d", i);
		assert_true(meta_number(&m, key, -1) == (i % 2 ? i * 0.5 : -1));
	}
	assert_int_equal(pack_span(m.buf, m.len), m.len);
	meta_fini(&m);
}

static void test_undo(void **state)
{
	(void)state;
	struct meta m = { 0 };
	char name[16];
	double v[4];
	assert_int_equal(meta_pop_undo(&m, name, sizeof name, v, 4), -1);
	for (int i = 0; i < 40; i++)
		meta_push_undo(&m, i % 2 ? "crop" : "flip", (double[]){ i, 0.5, -1 }, i % 4);
	meta_set_text(&m, "units", "mm");
	for (int i = 39; i >= 0; i--) {
		assert_int_equal(meta_pop_undo(&m, name, sizeof name, v, 4), i % 4);
		assert_string_equal(name, i % 2 ? "crop" : "flip");
		if (i % 4 > 1)
			assert_true(v[0] == i && v[1] == 0.5);
	}
	assert_int_equal(meta_pop_undo(&m, name, sizeof name, v, 4), -1);
	/* What is no stack counts as an empty one. */
	meta_set_text(&m, "undo", "nonsense");
	assert_int_equal(meta_pop_undo(&m, name, sizeof name, v, 4), -1);
	meta_push_undo(&m, "pad", v, 0);
	assert_int_equal(meta_pop_undo(&m, name, sizeof name, v, 4), 0);
	meta_fini(&m);
}

static void test_span(void **state)
{
	(void)state;
	const struct {
		const char *bytes;
		size_t len;
		int64_t span;
	} c[] = {
		{ "\x01", 1, 1 }, { "\xff", 1, 1 }, { "\xc0", 1, 1 }, { "\xc1", 1, -1 }, { "", 0, 0 },
		{ "\xa3" "abc", 4, 4 }, { "\xa3" "ab", 3, 0 }, { "\xd9\x02zz", 4, 4 }, { "\xdb\xff\xff\xff\xff", 5, 0 },
		{ "\xc4\x01x", 3, 3 }, { "\xc7\x01\x05x", 4, 4 }, { "\xd4\x05x", 3, 3 }, { "\xd8\x05", 2, 0 },
		{ "\xcb\0\0\0\0\0\0\0\0", 9, 9 }, { "\xcf\0\0\0\0\0\0\0", 8, 0 }, { "\xd0\x01", 2, 2 },
		{ "\x92\x01\x02", 3, 3 }, { "\x82\x01\x02\x03", 4, 0 }, { "\xdd\xff\xff\xff\xff\x01", 6, 0 },
		{ "\xdf\xff\xff\xff\xff", 5, 0 }, { "\xdc\x00\x00", 3, 3 }, { "\x91\x90", 2, 2 }, { "\x81\x90\xc1", 3, -1 },
	};
	for (size_t i = 0; i < PM_COUNT(c); i++)
		assert_int_equal(pack_span(c[i].bytes, c[i].len), c[i].span);
	char deep[1000];
	memset(deep, 0x91, sizeof deep);
	assert_int_equal(pack_span(deep, sizeof deep), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_meta_values),
		cmocka_unit_test(test_meta_many_keys),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_span),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
