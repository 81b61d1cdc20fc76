#include "feed.h"

#include <tiffio.h>

/* What an input of a few KiB can justify, twice (a page and the volume). */
const size_t fuzz_memory = 128 << 20;

/* Grey pages of 16 bits, colours in tiles, planes of floats, a palette, bits, JPEG. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	static const struct { int bits, samples, planar, photometric, compression, kind, pages; bool tiled; } made[] = {
		{ 16, 1, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, 1, 3, false }, { 8, 3, 1, PHOTOMETRIC_RGB, COMPRESSION_ADOBE_DEFLATE, 1, 1, true },
		{ 32, 2, 2, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, 3, 2, false }, { 4, 1, 1, PHOTOMETRIC_PALETTE, COMPRESSION_PACKBITS, 1, 1, false },
		{ 1, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_NONE, 1, 1, false }, { 8, 1, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_JPEG, 1, 1, false },
	};
	char path[32];
	uint8_t row[4096];
	uint16_t map[3][16] = { { 1 } };
	if (i >= (int)PM_COUNT(made))
		return 0;
	int fd = memfd_create("seed", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	TIFF *t = TIFFOpen(path, "w");
	for (int k = 0; k < 4096; k++)
		row[k] = (uint8_t)(k * 5);
	for (int page = 0; t && page < made[i].pages; page++) {
		TIFFSetField(t, TIFFTAG_IMAGEWIDTH, 20);
		TIFFSetField(t, TIFFTAG_IMAGELENGTH, 11);
		TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, made[i].bits);
		TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, made[i].samples);
		TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, made[i].kind);
		TIFFSetField(t, TIFFTAG_PLANARCONFIG, made[i].planar);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC, made[i].photometric);
		TIFFSetField(t, TIFFTAG_COMPRESSION, made[i].compression);
		if (made[i].photometric == PHOTOMETRIC_PALETTE)
			TIFFSetField(t, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
		if (made[i].tiled) {
			TIFFSetField(t, TIFFTAG_TILEWIDTH, 16);
			TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
			for (uint32_t k = 0; k < 2; k++)
				TIFFWriteEncodedTile(t, k, row, TIFFTileSize(t));
		} else {
			TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 8);
			for (uint16_t s = 0; s < (made[i].planar == 2 ? made[i].samples : 1); s++)
				for (uint32_t y = 0; y < 11; y++)
					TIFFWriteScanline(t, row + y, y, s);
		}
		TIFFWriteDirectory(t);
	}
	if (t)
		TIFFClose(t);
	ssize_t n = pread(fd, data, max, 0);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.tif", data, size, "image");
	feed("x.tif", data, size, "label");
	return 0;
}
