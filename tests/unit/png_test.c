/* PNG: every kind of pixel through libpng's own writer, and files that are damaged or lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>
#include <zlib.h>

#include "io/volume.h"

static struct err e;

/* Writes rows of packed pixels; pal: number of palette entries, entry i is (i, 10 i, 100). */
static void make(const char *name, int w, int h, int depth, int type, int interlace, const unsigned char *rows, size_t pitch, int pal)
{
	FILE *fp = fopen(name, "wb");
	assert_non_null(fp);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_init_io(png, fp);
	png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
		PNG_FILTER_TYPE_DEFAULT);
	png_color colours[256];
	png_byte alpha[2] = { 0, 128 };
	for (int i = 0; i < pal; i++)
		colours[i] = (png_color){ (png_byte)i, (png_byte)(10 * i), 100 };
	if (pal) {
		png_set_PLTE(png, info, colours, pal);
		png_set_tRNS(png, info, alpha, 2, NULL);
	}
	png_bytep row[64];
	for (int y = 0; y < h; y++)
		row[y] = (png_bytep)rows + (size_t)y * pitch;
	png_set_rows(png, info, row);
	png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
	png_destroy_write_struct(&png, &info);
	assert_int_equal(fclose(fp), 0);
}

static void is(const char *what, enum dtype t, int c, int h, int w, const int *want)
{
	struct volume v = { 0 };
	if (volume_read("t.png", what, &v, &e) != 0)
		fail_msg("%s", e.msg);
	assert_int_equal(v.t.dtype, t);
	assert_int_equal(v.t.rank, 4);
	assert_true(v.t.dim[0] == c && v.t.dim[1] == 1 && v.t.dim[2] == h && v.t.dim[3] == w);
	for (int i = 0; i < c * h * w; i++)
		assert_int_equal((int)tensor_at(&v.t, i), want[i]);
	assert_int_equal(v.geo.dims, 2);
	assert_string_equal(v.geo.units, "vox");
	volume_fini(&v);
	unlink("t.png");
}

static void pixels(void **state)
{
	(void)state;
	for (int interlace = 0; interlace <= 1; interlace++) {
		make("t.png", 3, 2, 8, PNG_COLOR_TYPE_GRAY, interlace, (const unsigned char[]){ 0, 1, 255, 7, 8, 9 }, 3, 0);
		is("image", PM_U8, 1, 2, 3, (const int[]){ 0, 1, 255, 7, 8, 9 });
		make("t.png", 2, 1, 16, PNG_COLOR_TYPE_GRAY, interlace, (const unsigned char[]){ 1, 2, 255, 254 }, 4, 0);
		is("image", PM_U16, 1, 1, 2, (const int[]){ 258, 65534 });
		make("t.png", 2, 1, 8, PNG_COLOR_TYPE_RGB, interlace, (const unsigned char[]){ 1, 2, 3, 4, 5, 6 }, 6, 0);
		is("image", PM_U8, 3, 1, 2, (const int[]){ 1, 4, 2, 5, 3, 6 });
		make("t.png", 1, 1, 16, PNG_COLOR_TYPE_RGB, interlace, (const unsigned char[]){ 1, 0, 2, 0, 3, 0 }, 6, 0);
		is("image", PM_U16, 3, 1, 1, (const int[]){ 256, 512, 768 });
		make("t.png", 2, 1, 8, PNG_COLOR_TYPE_RGBA, interlace, (const unsigned char[]){ 1, 2, 3, 0, 4, 5, 6, 255 }, 8, 0);
		is("image", PM_U8, 3, 1, 2, (const int[]){ 1, 4, 2, 5, 3, 6 });
		make("t.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, interlace, (const unsigned char[]){ 9, 0, 8, 255 }, 4, 0);
		is("label", PM_U8, 1, 1, 2, (const int[]){ 9, 8 });
	}
}

/* Of a few bits: as an image stretched to 0..255, as a label as it is; a palette's colours or its indices. */
static void few_bits(void **state)
{
	(void)state;
	const unsigned char bits[] = { 0xa0 }, twos[] = { 0x1b }, indices[] = { 0, 3, 1 };
	make("t.png", 4, 1, 1, PNG_COLOR_TYPE_GRAY, 0, bits, 1, 0);
	is("image", PM_U8, 1, 1, 4, (const int[]){ 255, 0, 255, 0 });
	make("t.png", 4, 1, 1, PNG_COLOR_TYPE_GRAY, 0, bits, 1, 0);
	is("label", PM_U8, 1, 1, 4, (const int[]){ 1, 0, 1, 0 });
	make("t.png", 4, 1, 2, PNG_COLOR_TYPE_GRAY, 0, twos, 1, 0);
	is("label", PM_U8, 1, 1, 4, (const int[]){ 0, 1, 2, 3 });
	make("t.png", 3, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, indices, 3, 4);
	is("label", PM_U8, 1, 1, 3, (const int[]){ 0, 3, 1 });
	make("t.png", 3, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, indices, 3, 4);
	is("image", PM_U8, 3, 1, 3, (const int[]){ 0, 3, 1, 0, 30, 10, 100, 100, 100 });
	make("t.png", 4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0, twos, 1, 4);
	is("label", PM_U8, 1, 1, 4, (const int[]){ 0, 1, 2, 3 });
}

static void save_bytes(const unsigned char *b, size_t n)
{
	FILE *fp = fopen("t.png", "wb");
	assert_non_null(fp);
	assert_int_equal(fwrite(b, 1, n, fp), n);
	assert_int_equal(fclose(fp), 0);
}

static size_t slurp(unsigned char *b, size_t cap)
{
	FILE *fp = fopen("t.png", "rb");
	assert_non_null(fp);
	size_t n = fread(b, 1, cap, fp);
	fclose(fp);
	return n;
}

static void damaged(void **state)
{
	(void)state;
	unsigned char b[1024], rows[64];
	struct volume v = { 0 };
	for (int i = 0; i < 64; i++)
		rows[i] = (unsigned char)(i * 37);
	make("t.png", 8, 8, 8, PNG_COLOR_TYPE_GRAY, 0, rows, 8, 0);
	size_t n = slurp(b, sizeof(b));
	for (size_t k = 0; k < n - 12; k++) { /* every truncation but of the end mark, which holds nothing */
		save_bytes(b, k);
		assert_int_equal(volume_read("t.png", "image", &v, &e), -1);
		assert_int_equal(strncmp(e.msg, "t.png: ", 7), 0);
	}
	for (size_t k = 0; k < n - 12; k++) { /* every byte: never another picture in silence */
		b[k] ^= 0x10;
		save_bytes(b, n);
		if (volume_read("t.png", "image", &v, &e) == 0)
			assert_memory_equal(v.t.data, rows, 64);
		b[k] ^= 0x10;
	}
	/* A width of 100,000: right checksum, but no data for it. Then 2^31 - 1. */
	static const unsigned char wide[2][4] = { { 0, 1, 0x86, 0xa0 }, { 0x7f, 0xff, 0xff, 0xff } };
	for (int i = 0; i < 2; i++) {
		memcpy(b + 16, wide[i], 4);
		memcpy(b + 20, wide[i], 4);
		uint32_t crc = (uint32_t)crc32(0, b + 12, 17);
		for (int k = 0; k < 4; k++)
			b[29 + k] = (unsigned char)(crc >> (24 - 8 * k));
		save_bytes(b, n);
		volume_fini(&v);
		assert_int_equal(volume_read("t.png", "image", &v, &e), -1);
		assert_true(v.cap == 0);
	}
	save_bytes((const unsigned char *)"hello, I am no PNG", 18);
	assert_int_equal(volume_read("t.png", "image", &v, &e), -1);
	assert_non_null(strstr(e.msg, "not a PNG"));
	unlink("t.png");
	volume_fini(&v);
}

static void round_trip(void **state)
{
	(void)state;
	static const int channels[] = { 1, 3 };
	for (int k = 0; k < 4; k++) {
		int64_t dim[4] = { channels[k % 2], 1, 5, 7 };
		struct volume v = { 0 }, again = { 0 };
		assert_int_equal(volume_reserve(&v, "", k < 2 ? PM_U8 : PM_U16, dim, 1000, &e), 0);
		int64_t n = tensor_count(&v.t);
		for (int64_t i = 0; i < n; i++)
			tensor_set(&v.t, i, (double)(i * (k < 2 ? 2 : 600)));
		v.geo.dims = 2;
		assert_int_equal(volume_write("t.png", &v, &e), 0);
		assert_int_equal(volume_read("t.png", "image", &again, &e), 0);
		assert_int_equal(again.t.dtype, v.t.dtype);
		assert_memory_equal(again.t.dim, dim, sizeof(dim));
		assert_memory_equal(again.t.data, v.t.data, (size_t)n * dtype_size(v.t.dtype));
		v.t.dim[1] = 5;
		v.t.dim[2] = 1;
		assert_int_equal(volume_write("t.png", &v, &e), -1); /* slices */
		v.t.dtype = PM_F32;
		assert_int_equal(volume_write("t.png", &v, &e), -1);
		unlink("t.png");
		volume_fini(&v);
		volume_fini(&again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pixels), cmocka_unit_test(few_bits), cmocka_unit_test(damaged),
		cmocka_unit_test(round_trip) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
