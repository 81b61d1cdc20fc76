/*
 * files.h: image files written byte by byte from the tables of their standards, not by the code that the tests judge.
 * Sizes are [D,H,W], spacings x, y, z in mm. All die when a file cannot be written.
 */
#ifndef PM_TEST_FILES_H
#define PM_TEST_FILES_H

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/base.h"

/* NIfTI's numbers for types of voxels. */
enum code { CODE_U8 = 2, CODE_I16 = 4, CODE_F32 = 16, CODE_F64 = 64 };

enum { FILE_HEAD = 352 };

static size_t code_bytes(enum code c)
{
	return c == CODE_U8 ? 1 : c == CODE_I16 ? 2 : c == CODE_F32 ? 4 : 8;
}

static void put_i16(unsigned char *at, int v) { memcpy(at, &(int16_t){ (int16_t)v }, 2); }
static void put_i32(unsigned char *at, int v) { memcpy(at, &(int32_t){ v }, 4); }
static void put_f32(unsigned char *at, double v) { memcpy(at, &(float){ (float)v }, 4); }

static void put_big(unsigned char *at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* A header without qform and sform, and without units. */
static void file_head(unsigned char head[FILE_HEAD], const int64_t size[3], enum code code, const double spacing[3])
{
	memset(head, 0, FILE_HEAD);
	put_i32(head, 348);
	put_i16(head + 40, 3);
	for (int i = 0; i < 7; i++)
		put_i16(head + 42 + 2 * i, i < 3 ? (int)size[2 - i] : 1);
	put_i16(head + 70, code);
	put_i16(head + 72, (int)(8 * code_bytes(code)));
	put_f32(head + 76, 1);
	for (int i = 0; i < 3; i++)
		put_f32(head + 80 + 4 * i, spacing[i]);
	put_f32(head + 108, FILE_HEAD);
	memcpy(head + 344, "n+1", 4);
}

/* An sform: axes along those of the room, the first voxel at origin. */
static void put_sform(unsigned char head[FILE_HEAD], const double spacing[3], const double origin[3])
{
	put_i16(head + 254, 1);
	for (int row = 0; row < 3; row++) {
		put_f32(head + 280 + 16 * row + 4 * row, spacing[row]);
		put_f32(head + 280 + 16 * row + 12, origin[row]);
	}
}

static void write_file(const char *path, const void *head, size_t head_bytes, const void *body, size_t body_bytes)
{
	FILE *fp = fopen(path, "wb");
	if (!fp || fwrite(head, 1, head_bytes, fp) != head_bytes || fwrite(body, 1, body_bytes, fp) != body_bytes ||
		fclose(fp))
		die(PM_FAIL, "cannot write %s", path);
}

static size_t voxel_bytes(const int64_t size[3], enum code code)
{
	return (size_t)(size[0] * size[1] * size[2]) * code_bytes(code);
}

/* .nii.gz with mm and an sform; the same bytes every time. */
static void write_nifti(const char *path, const int64_t size[3], enum code code, const void *voxels,
	const double spacing[3])
{
	unsigned char head[FILE_HEAD];
	const int bytes = (int)voxel_bytes(size, code);

	file_head(head, size, code, spacing);
	put_f32(head + 112, 1);
	head[123] = 2;
	put_sform(head, spacing, (double[3]){ 0, -10, -20 });
	gzFile gz = gzopen(path, "wb1");
	if (!gz || gzwrite(gz, head, FILE_HEAD) != FILE_HEAD || gzwrite(gz, voxels, (unsigned)bytes) != bytes ||
		gzclose(gz) != Z_OK)
		die(PM_FAIL, "cannot write %s", path);
}

/* .nii of any type with voxels of 1 mm, without qform and sform. */
static void write_plain(const char *path, const int64_t size[3], enum code code, const void *voxels)
{
	unsigned char head[FILE_HEAD];

	file_head(head, size, code, (double[3]){ 1, 1, 1 });
	write_file(path, head, FILE_HEAD, voxels, voxel_bytes(size, code));
}

/* The same with an sform that moves it along x by so many mm. */
static void write_moved(const char *path, const int64_t size[3], enum code code, const void *voxels, double by)
{
	unsigned char head[FILE_HEAD];
	const double one[3] = { 1, 1, 1 };

	file_head(head, size, code, one);
	put_sform(head, one, (double[3]){ by, 0, 0 });
	write_file(path, head, FILE_HEAD, voxels, voxel_bytes(size, code));
}

static size_t png_chunk(unsigned char *at, const char *kind, const void *data, size_t n)
{
	put_big(at, (uint32_t)n);
	memcpy(at + 4, kind, 4);
	if (n)
		memcpy(at + 8, data, n);
	put_big(at + 8 + n, (uint32_t)crc32(0, at + 4, (uInt)n + 4));
	return n + 12;
}

/* pixels: [H,W] or, with 3 channels, [H,W,3]; 8 bits. */
static void write_png(const char *path, int height, int width, int channels, const uint8_t *pixels)
{
	const size_t row = (size_t)(width * channels);
	unsigned char *rows = xcalloc((size_t)height, row + 1), head[13] = { 0 };
	uLong raw = (uLong)height * (row + 1);
	uLongf packed = compressBound(raw);
	unsigned char *idat = xmalloc(packed), *file = xmalloc(packed + 100);

	for (int y = 0; y < height; y++)
		memcpy(rows + (size_t)y * (row + 1) + 1, pixels + (size_t)y * row, row);
	if (compress(idat, &packed, rows, raw) != Z_OK)
		die(PM_FAIL, "cannot compress %s", path);
	put_big(head, (uint32_t)width);
	put_big(head + 4, (uint32_t)height);
	head[8] = 8;
	head[9] = channels == 3 ? 2 : 0;
	size_t n = png_chunk(file, "IHDR", head, sizeof head);
	n += png_chunk(file + n, "IDAT", idat, packed);
	n += png_chunk(file + n, "IEND", NULL, 0);
	write_file(path, "\x89PNG\r\n\x1a\n", 8, file, n);
	free(rows);
	free(idat);
	free(file);
}

#endif
