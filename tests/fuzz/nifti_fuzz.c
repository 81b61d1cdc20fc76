#include <zlib.h>

#include <nifti1.h>
#include <nifti2.h>

#include "feed.h"

/* What a compressed input of a few KiB can justify, and its copy as floats. */
const size_t fuzz_memory = 64 << 20;

enum { VOXELS = 4 * 3 * 2 };

static size_t seed_1(uint8_t *data)
{
	struct nifti_1_header h = { .sizeof_hdr = 348, .dim = { 3, 4, 3, 2, 1, 1, 1, 1 }, .datatype = DT_INT16, .bitpix = 16,
		.pixdim = { -1, 0.5f, 0.5f, 4 }, .vox_offset = 368, .scl_slope = 2, .scl_inter = -1, .xyzt_units = 10,
		.qform_code = 1, .sform_code = 1, .quatern_b = 0.5f, .srow_x = { 1 }, .srow_y = { 0, 1 }, .srow_z = { 0, 0, 1 },
		.magic = "n+1" };
	memset(data, 0, 368 + 2 * VOXELS);
	memcpy(data, &h, sizeof(h));
	data[348] = 1; /* an extension of 16 bytes */
	data[352] = 16;
	for (int i = 0; i < VOXELS; i++)
		data[368 + 2 * i] = (uint8_t)i;
	return 368 + 2 * VOXELS;
}

static size_t seed_2(uint8_t *data)
{
	struct nifti_2_header h = { .sizeof_hdr = 540, .magic = "n+2\0\r\n\032", .dim = { 4, 4, 3, 1, 2, 1, 1, 1 },
		.datatype = DT_FLOAT32, .bitpix = 32, .pixdim = { 1, 1, 1, 1 }, .vox_offset = 544, .sform_code = 2,
		.srow_x = { 0, 1 }, .srow_y = { 1 }, .srow_z = { 0, 0, 1 } };
	memset(data, 0, 544 + 4 * VOXELS);
	memcpy(data, &h, sizeof(h));
	data[11] = '\n';
	return 544 + 4 * VOXELS;
}

/* 0: NIfTI-1, 1: NIfTI-2, 2: NIfTI-1 with the bytes of its sizes swapped, 3 and 4: the first two, gzipped. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	uint8_t plain[2048];
	if (i > 4)
		return 0;
	size_t n = i == 1 || i == 4 ? seed_2(plain) : seed_1(plain);
	if (i == 2) {
		static const struct { size_t at, size, n; } field[] = { { 0, 4, 1 }, { 40, 2, 8 }, { 70, 2, 2 }, { 76, 4, 11 }, { 252, 2, 2 },
			{ 256, 4, 18 } };
		for (size_t f = 0; f < PM_COUNT(field); f++)
			for (size_t k = 0; k < field[f].n; k++)
				for (size_t b = 0; b < field[f].size / 2; b++) {
					uint8_t *p = plain + field[f].at + k * field[f].size, x = p[b];
					p[b] = p[field[f].size - 1 - b];
					p[field[f].size - 1 - b] = x;
				}
	}
	if (i < 3) {
		memcpy(data, plain, n);
		return n;
	}
	z_stream z = { .next_in = plain, .avail_in = (uInt)n, .next_out = data, .avail_out = (uInt)max };
	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return max - z.avail_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.nii", data, size, "image");
	return 0;
}
