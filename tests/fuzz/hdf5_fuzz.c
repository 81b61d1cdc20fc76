#include "feed.h"

/* This process: the voxels that an input of a few KiB can justify. What its children take is theirs, and ends with them. */
const size_t fuzz_memory = 96 << 20;

size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	return i == 0 ? seed_saved("h5", data, max) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct window window = { { 1, 2, 0 }, { 0.5, 1, 0 } };
	feed("x.h5", data, size, "image");
	feed_window("x.h5", data, size, "image", &window);
	return 0;
}
