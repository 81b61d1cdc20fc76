/* feed.h: gives an image reader a file in memory; what it accepts must be sound. */
#ifndef PM_FEED_H
#define PM_FEED_H

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/volume.h"

/* name: "x.png", whose ending chooses the reader. window: NULL, or a box of the file. */
static inline void feed_window(const char *name, const uint8_t *data, size_t size, const char *array, const struct window *window)
{
	struct volume v = { 0 };
	struct err e = { "" };
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int rc = format_of(name)->read(path, &(struct wanted){ .array = array, .fix_affine = size % 2, .window = window }, &v, &e);
	if (rc == 0) {
		size_t bytes;
		if (v.t.rank != 4 || tensor_bytes(&v.t, &bytes) || bytes > v.cap || tensor_count(&v.t) < 1)
			abort();
		for (int i = 0; i < 12; i++)
			if (!isfinite(v.geo.affine[i]) || !(v.geo.spacing[i % 3] > 0))
				abort();
		double sum = 0;
		for (int64_t i = 0; i < tensor_count(&v.t); i++)
			sum += tensor_at(&v.t, i);
		(void)sum;
	} else if (rc != -1 || !e.msg[0])
		abort();
	volume_fini(&v);
	close(fd);
}

static inline void feed(const char *name, const uint8_t *data, size_t size, const char *array)
{
	feed_window(name, data, size, array, NULL);
}

/* A file of two arrays, image and label, as pymic-save writes it. Its size. */
static inline size_t seed_saved(const char *ending, uint8_t *data, size_t max)
{
	struct err e;
	uint8_t voxels[24] = { 1, 2, 3 };
	char path[] = "/tmp/pymic-fuzz.XXXXXX.npz";
	struct volume v = { .t = { PM_U8, 4, { 1, 2, 3, 4 }, voxels } };
	const struct array a[2] = { { "image", &v }, { "label", &v } };
	geometry_plain(&v.geo, 3);
	geometry_spacing(&v.geo, (double[]){ 3, 1, 1 });
	int fd = mkstemps(path, 4);
	char *name = xprintf("%s.%s", path, ending);
	FILE *fp = fd < 0 || volume_write_all(name, a, 2, &e) ? NULL : fopen(name, "rb");
	size_t n = fp ? fread(data, 1, max, fp) : 0;
	if (fp)
		fclose(fp);
	close(fd);
	unlink(path);
	unlink(name);
	free(name);
	return n;
}

#endif
