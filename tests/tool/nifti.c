/*
 * nifti.c: compares NIfTI-1 files byte by byte, for the tests; ends with 1 and says what differs.
 *   nifti same A B       shape, type, geometry and voxels are the same
 *   nifti geometry A B   the geometry is the same
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/base.h"

enum { HEAD = 352, MOST = 1 << 24 };

static struct file {
	unsigned char *b;
	int n;
} a, b;

/* zlib passes files that are not compressed through. */
static struct file load(const char *path)
{
	struct file f = { xmalloc(MOST), 0 };
	gzFile gz = gzopen(path, "rb");

	if (gz)
		f.n = gzread(gz, f.b, MOST);
	if (!gz || f.n < HEAD || f.n == MOST || gzclose(gz) != Z_OK)
		die(PM_FAIL, "cannot read %s", path);
	return f;
}

static void equal(int from, int to, const char *what)
{
	if (memcmp(a.b + from, b.b + from, (size_t)(to - from)))
		die(PM_FAIL, "%s differs", what);
}

int main(int argc, char **argv)
{
	pm_tool = "nifti";
	if (argc != 4 || (strcmp(argv[1], "same") && strcmp(argv[1], "geometry")))
		die(PM_USAGE, "nifti same|geometry A B");
	a = load(argv[2]);
	b = load(argv[3]);
	equal(76, 108, "pixdim");
	equal(123, 124, "units");
	equal(252, 328, "qform and sform");
	if (!strcmp(argv[1], "same")) {
		equal(40, 70, "dim");
		equal(70, 74, "type");
		if (a.n != b.n)
			die(PM_FAIL, "%d and %d bytes", a.n, b.n);
		equal(HEAD, a.n, "voxels");
	}
	free(a.b);
	free(b.b);
	return 0;
}
