#include <zlib.h>

#include "feed.h"

/* What an input of a KiB can justify, and the chunks that libpng may unpack. */
const size_t fuzz_memory = 64 << 20;

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint8_t *chunk(uint8_t *to, const char *type, const void *data, uint32_t n)
{
	put32(to, n);
	memcpy(to + 4, type, 4);
	if (n)
		memcpy(to + 8, data, n);
	put32(to + 8 + n, (uint32_t)crc32(0, to + 4, n + 4));
	return to + 12 + n;
}

/* 9 x 7 pixels of each kind: grey, grey of 16 bits, RGB, palette with transparency, grey of 1 bit, RGBA; interlaced or not. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	static const struct { uint8_t depth, type; int bits; } kind[] = {
		{ 8, 0, 8 }, { 16, 0, 16 }, { 8, 2, 24 }, { 4, 3, 4 }, { 1, 0, 1 }, { 8, 6, 32 },
	};
	enum { W = 9, H = 7 };
	if (i >= 2 * (int)PM_COUNT(kind) || max < 4096)
		return 0;
	uint8_t raw[4 * W * H + 100] = { 0 }, packed[1024], head[13] = { 0, 0, 0, W, 0, 0, 0, H, kind[i / 2].depth, kind[i / 2].type };
	head[12] = (uint8_t)(i % 2); /* interlaced: the rows of the passes are shorter, too many bytes do no harm */
	size_t n = (size_t)(H * (1 + (W * kind[i / 2].bits + 7) / 8)) + (i % 2 ? 60 : 0);
	uLongf len = sizeof(packed);
	compress(packed, &len, raw, n);
	uint8_t *to = data, palette[48] = { 1, 2, 3 };
	memcpy(to, "\x89PNG\r\n\x1a\n", 8);
	to = chunk(to + 8, "IHDR", head, 13);
	if (kind[i / 2].type == 3) {
		to = chunk(to, "PLTE", palette, 48);
		to = chunk(to, "tRNS", "\0\x80", 2);
	}
	to = chunk(to, "tEXt", "Title\0x", 7);
	to = chunk(to, "IDAT", packed, (uint32_t)len);
	return (size_t)(chunk(to, "IEND", NULL, 0) - data);
}

/* As it is, and with the checksums made right: else nearly every mutation ends at the first of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.png", data, size, "image");
	uint8_t *copy = malloc(size + 1);
	memcpy(copy, data, size);
	for (size_t at = 8; at + 12 <= size;) {
		size_t n = (size_t)copy[at] << 24 | (size_t)copy[at + 1] << 16 | (size_t)copy[at + 2] << 8 | copy[at + 3];
		if (n > size - at - 12)
			break;
		put32(copy + at + 8 + n, (uint32_t)crc32(0, copy + at + 4, (uInt)n + 4));
		at += n + 12;
	}
	feed("x.png", copy, size, "image");
	feed("x.png", copy, size, "label");
	free(copy);
	return 0;
}
