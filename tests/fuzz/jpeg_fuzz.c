#include "feed.h"

#include <jpeglib.h>

/* A bit of the input may become a block in three colours. */
const size_t fuzz_memory = 96 << 20;

/* Grey, colours, colours at half the resolution, the last two progressive. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr on_error;
	unsigned char *out = NULL, row[3 * 20];
	unsigned long size = 0;
	if (i > 4)
		return 0;
	j.err = jpeg_std_error(&on_error);
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &out, &size);
	j.image_width = 20;
	j.image_height = 13;
	j.input_components = i == 0 ? 1 : 3;
	j.in_color_space = i == 0 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&j);
	if (i == 1 || i == 3)
		j.comp_info[0].h_samp_factor = j.comp_info[0].v_samp_factor = 1;
	if (i >= 3)
		jpeg_simple_progression(&j);
	jpeg_start_compress(&j, TRUE);
	for (int y = 0; y < 13; y++) {
		JSAMPROW line = row;
		for (int x = 0; x < 60; x++)
			row[x] = (uint8_t)(x * y * 3);
		jpeg_write_scanlines(&j, &line, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	size_t n = size < max ? size : 0;
	memcpy(data, out, n);
	free(out);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.jpg", data, size, "image");
	return 0;
}
