#include "feed.h"

/* A bit of the input may become three bytes. */
const size_t fuzz_memory = 64 << 20;

static void put(uint8_t *p, uint32_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* 9 x 7 pixels of each depth; the last one from the top, of the oldest header. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	static const int bits[] = { 1, 4, 8, 24, 32, 8 };
	if (i >= (int)PM_COUNT(bits) || max < 4096)
		return 0;
	bool old = i == 5;
	uint32_t head = old ? 12 : 40, colours = bits[i] <= 8 ? 1u << bits[i] : 0, at = 14 + head + colours * (old ? 3 : 4);
	uint32_t pitch = (9 * (uint32_t)bits[i] + 31) / 32 * 4, size = at + 7 * pitch;
	for (uint32_t k = 0; k < size; k++)
		data[k] = (uint8_t)(k * 7);
	memset(data, 0, 14 + head);
	memcpy(data, "BM", 2);
	put(data + 2, size, 4);
	put(data + 10, at, 4);
	put(data + 14, head, 4);
	put(data + 18, 9, old ? 2 : 4);
	put(data + (old ? 20 : 22), i == 4 ? (uint32_t)-7 : 7, old ? 2 : 4);
	put(data + (old ? 22 : 26), 1, 2);
	put(data + (old ? 24 : 28), (uint32_t)bits[i], 2);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.bmp", data, size, "image");
	feed("x.bmp", data, size, "label");
	return 0;
}
