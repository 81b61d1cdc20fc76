#include "feed.h"

#include <zlib.h>

/* What a compressed input of a few KiB can justify, and its copy in planes. */
const size_t fuzz_memory = 64 << 20;

static const char *const heads[] = {
	"NRRD0004\n# a comment\ntype: short\ndimension: 3\nspace: RAS\nsizes: 4 3 2\nspace directions: (1,0,0) (0,0.5,0) (0,0,2)\n"
	"kinds: domain domain domain\nendian: big\nencoding: raw\nspace origin: (1,-2.5,3e1)\n\n",
	"NRRD0005\ntype: uint16\ndimension: 3\nsizes: 4 3 2\nspacings: 1 0.5 2\nendian: little\nencoding: gzip\nkey:=value\n\n",
	"NRRD0004\ntype: float\ndimension: 3\nsizes: 2 4 3\nkinds: vector domain domain\nencoding: ascii\nline skip: 1\n\nskipped\n",
	"NRRD0004\ntype: uchar\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 3 2\nspace directions: (1,0,0) (0,1,0) none\n"
	"encoding: hex\nbyte skip: 0\n\n",
};

/* Raw, gzipped, text of two channels, hex. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	if (i >= (int)PM_COUNT(heads) || max < 4096)
		return 0;
	size_t n = strlen(heads[i]);
	memcpy(data, heads[i], n);
	if (i == 1) {
		uint8_t voxels[48] = { 1, 2, 3 };
		z_stream z = { .next_in = voxels, .avail_in = 48, .next_out = data + n, .avail_out = 1024 };
		deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
		deflate(&z, Z_FINISH);
		n += z.total_out;
		deflateEnd(&z);
		return n;
	}
	for (int k = 0; k < (i == 0 ? 48 : 24); k++)
		n += (size_t)snprintf((char *)data + n, max - n, i == 0 ? "%c" : i == 2 ? "%d.5 " : "%02x", k + 1);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	feed("x.nrrd", data, size, "image");
	return 0;
}
