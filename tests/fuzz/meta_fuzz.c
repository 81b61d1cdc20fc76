#include "feed.h"

#include <zlib.h>

/* What a compressed input of a few KiB can justify, and its copy in planes. */
const size_t fuzz_memory = 64 << 20;

static const char head[] = "ObjectType = Image\nNDims = 3\nBinaryData = %s\nBinaryDataByteOrderMSB = True\nCompressedData = %s\n"
	"TransformMatrix = 0 1 0 1 0 0 0 0 -1\nOffset = 1 -2.5 3e1\nElementSpacing = 1 0.5 2\nDimSize = 4 3 2\nElementType = MET_SHORT\n"
	"ElementNumberOfChannels = %d\nElementDataFile = LOCAL\n";

/* Plain, compressed, of two channels, text. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	uint8_t voxels[2 * 48];
	if (i > 3 || max < 4096)
		return 0;
	size_t n = (size_t)snprintf((char *)data, max, head, i == 3 ? "False" : "True", i == 1 ? "True" : "False", i == 2 ? 2 : 1);
	size_t bytes = i == 2 ? 96 : 48;
	for (size_t k = 0; k < bytes; k++)
		voxels[k] = (uint8_t)k;
	if (i == 3)
		for (int k = 0; k < 24; k++)
			n += (size_t)snprintf((char *)data + n, max - n, "%d\n", k * k);
	else if (i == 1) {
		uLongf len = 1024;
		compress(data + n, &len, voxels, bytes);
		n += len;
	} else {
		memcpy(data + n, voxels, bytes);
		n += bytes;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.mha", data, size, "image");
	return 0;
}
