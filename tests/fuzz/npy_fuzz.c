#include "feed.h"

/* What a compressed input of a few KiB can justify, and its copy in C's order. */
const size_t fuzz_memory = 64 << 20;

/* Arrays in C's and Fortran's order, half floats, and an archive of two arrays that the writer makes. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	static const char *const head[] = {
		"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3, 4), }", "{'descr': '>f8', 'fortran_order': True, 'shape': (3, 4), }",
		"{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2, 3, 4), }",
	};
	static const size_t bytes[] = { 48, 96, 48 };
	if (i > 3 || max < 4096)
		return 0;
	if (i < 3) {
		memset(data, ' ', 128);
		memcpy(data, "\x93NUMPY\1\0\x76\0", 10);
		memcpy(data + 10, head[i], strlen(head[i]));
		data[127] = '\n';
		for (size_t k = 0; k < bytes[i]; k++)
			data[128 + k] = (uint8_t)(k * 3);
		return 128 + bytes[i];
	}
	return seed_saved("npz", data, max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.npy", data, size, "image");
	feed("x.npz", data, size, "image");
	feed("x.npz", data, size, "label");
	return 0;
}
