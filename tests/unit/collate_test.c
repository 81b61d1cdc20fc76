#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "tensor/collate.h"

static void make(struct record *r, const char *id, enum dtype type, int64_t width, int label, bool weight)
{
	record_clear(r);
	strcpy(r->id, id);
	struct tensor *t = record_put(r, "image", type, 4, (int64_t[]){ 2, 1, 3, width });
	for (int64_t i = 0; i < tensor_count(t); i++)
		tensor_set(t, i, (double)(id[0] + i));
	if (label >= 0) {
		t = record_put(r, "label", PM_I16, 3, (int64_t[]){ 1, 3, width });
		for (int64_t i = 0; i < tensor_count(t); i++)
			tensor_set(t, i, i ? label : 0);
	}
	if (weight) {
		t = record_put(r, "weight", PM_F32, 3, (int64_t[]){ 1, 3, width });
		for (int64_t i = 0; i < tensor_count(t); i++)
			tensor_set(t, i, 0.25);
	}
}

static void test_batch(void **state)
{
	(void)state;
	struct record r[3] = { 0 }, batch = { 0 };
	const struct record *s[] = { &r[0], &r[1], &r[2] };
	struct err e;
	char ids[64];
	double groups[2];
	make(&r[0], "a", PM_U8, 4, 2, false);
	make(&r[1], "b", PM_I16, 4, 255, true);
	make(&r[2], "c", PM_F64, 4, -1, false);
	assert_int_equal(collate(&batch, s, 3, 2, &e), 0);
	const struct tensor *image = record_peek(&batch, "image"), *label = record_peek(&batch, "label");
	const struct tensor *weight = record_peek(&batch, "weight");
	assert_true(image->dtype == PM_F32 && image->rank == 5 && image->dim[0] == 3 && image->dim[1] == 2 && image->dim[4] == 4);
	assert_true(label->dtype == PM_U8 && label->rank == 4 && label->dim[0] == 2);
	assert_true(tensor_at(image, 0) == 'a' && tensor_at(image, 24 + 23) == 'b' + 23 && tensor_at(image, 48) == 'c');
	assert_true(tensor_at(label, 0) == 0 && tensor_at(label, 11) == 2 && tensor_at(label, 23) == 255);
	/* Who has no weight counts fully. */
	assert_true(weight->dim[0] == 2 && tensor_at(weight, 11) == 1 && tensor_at(weight, 12) == 0.25);
	assert_int_equal(meta_text(&batch.meta, "ids", ids, sizeof ids), 0);
	assert_string_equal(ids, "a\nb\nc");
	assert_int_equal(meta_numbers(&batch.meta, "groups", groups, 2), 2);
	assert_true(groups[0] == 2 && groups[1] == 1);

	/* The next batch has fewer fields, whatever the record held. */
	assert_int_equal(collate(&batch, s + 2, 1, 0, &e), 0);
	assert_int_equal(batch.n, 1);
	for (int i = 0; i < 3; i++)
		record_fini(&r[i]);
	record_fini(&batch);
}

static void expect(const struct record *a, const struct record *b, int labeled, const char *part)
{
	struct record batch = { 0 };
	struct err e = { "" };
	assert_int_equal(collate(&batch, (const struct record *[]){ a, b }, 2, labeled, &e), -1);
	if (!strstr(e.msg, part))
		fail_msg("\"%s\" does not say \"%s\"", e.msg, part);
	record_fini(&batch);
}

static void test_errors(void **state)
{
	(void)state;
	struct record a = { 0 }, b = { 0 };
	make(&a, "a", PM_U8, 4, 1, false);
	make(&b, "b", PM_U8, 5, 1, false);
	expect(&a, &b, 0, "b: the image is 2x1x3x5, but a has 2x1x3x4");
	make(&b, "b", PM_U8, 4, -1, false);
	expect(&a, &b, 2, "b: no label");
	make(&b, "b", PM_U8, 4, 300, false);
	expect(&a, &b, 2, "b: label 300");
	make(&b, "b", PM_U8, 4, 1, false);
	record_put(&b, "label", PM_U8, 3, (int64_t[]){ 1, 3, 3 });
	expect(&a, &b, 2, "b: label 1x3x3 on an image 2x1x3x4");
	*(uint8_t *)record_put(&b, "label", PM_U8, 3, (int64_t[]){ 1, 1, 1 })->data = 2;
	expect(&a, &b, 2, "b: label 1x1x1, but a has 1x3x4: one is of the whole image");
	record_drop(&b, "image");
	expect(&a, &b, 0, "b: no image");
	make(&b, "b", PM_U8, 4, 1, false);
	struct tensor *t = record_put(&b, "label", PM_F32, 3, (int64_t[]){ 1, 3, 4 });
	for (int i = 0; i < 12; i++)
		tensor_set(t, i, 0.5);
	expect(&a, &b, 2, "b: label 0.5");
	record_fini(&a);
	record_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests_name("collate", tests, NULL, NULL);
}
