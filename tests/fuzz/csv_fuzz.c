#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/cases.h"
#include "io/sidecar.h"

/* Cells are cut out in place; a row of a byte has its pointers. */
const size_t fuzz_memory = 64 << 20;

/* A list with all columns that have a meaning, and what spreadsheets make of one. */
size_t fuzz_seed(int i, uint8_t *data, size_t max)
{
	static const char *const list[] = {
		"id,image_t1,image_t2,label,pixel_weight,spacing\na,x.nii,,y.nii,w.nii,5x0.7x0.7\n,\"b,\"\"c\"\".nii\",d.nii,,,1\n",
		"\xef\xbb\xbf# made by\r\nimage\tlabel\r\n./sub/../x.nii.gz\t\"two\nlines\"\r\n\r\ny.h5\ty.h5",
	};
	if (i >= (int)PM_COUNT(list) || strlen(list[i]) > max)
		return 0;
	memcpy(data, list[i], strlen(list[i]));
	return strlen(list[i]);
}

static void use(const struct csv *c)
{
	struct case_columns k;
	struct geometry g;
	struct err e;
	char id[PM_ID];
	if (case_columns(c, "", &k, &e) != 0)
		return;
	for (int i = 0; i < c->rows; i++) {
		if (case_id(c, &k, i, id, &e) == 0 && (!id[0] || strlen(id) >= PM_ID))
			abort();
		free(csv_path(c, csv_cell(c, i, k.image[0])));
		if (k.spacing >= 0 && spacing_parse(csv_cell(c, i, k.spacing), &g, &e) == 0 && !(g.spacing[0] > 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv c;
	struct err e = { "" };
	char path[32];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (csv_read(path, &c, &e) == 0) {
		use(&c);
		csv_free(&c);
	} else if (!e.msg[0])
		abort();
	close(fd);
	return 0;
}
