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

/* name: "x.png", whose ending chooses the reader. */
static inline void feed(const char *name, const uint8_t *data, size_t size, const char *array)
{
	struct volume v = { 0 };
	struct err e = { "" };
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int rc = format_of(name)->read(path, &(struct wanted){ .array = array, .fix_affine = size % 2 }, &v, &e);
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

#endif
