/*
 * jpeg.c: JPEG through libjpeg-turbo, 8 bits, grey or colours. Two-dimensional, voxels of size 1: what cameras write of
 * resolution is not a size of the tissue. Warnings of the library are errors here: they mean that pixels were invented.
 */
#include "io/volume.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A bit may be a block of 64 pixels in three colours that were sampled 4x4. More scans than an encoder makes are an attack. */
enum { JPEG_RATIO = 1400, JPEG_SCANS = 200 };

struct reader {
	struct jpeg_error_mgr on_error;
	struct jpeg_progress_mgr progress;
	jmp_buf jump;
	struct err *e;
	unsigned char *row;
};

static void stop(j_common_ptr j)
{
	struct reader *r = (struct reader *)(void *)j->err;
	char why[JMSG_LENGTH_MAX];
	j->err->format_message(j, why);
	err_set(r->e, "%s", why);
	longjmp(r->jump, 1);
}

/* level -1: a warning. Padding between the segments does no harm. */
static void on_message(j_common_ptr j, int level)
{
	if (level < 0 && j->err->msg_code != JWRN_EXTRANEOUS_DATA)
		stop(j);
}

static void on_progress(j_common_ptr j)
{
	struct reader *r = (struct reader *)(void *)j->err;
	if (((j_decompress_ptr)j)->input_scan_number <= JPEG_SCANS)
		return;
	err_set(r->e, "more than %d scans", JPEG_SCANS);
	longjmp(r->jump, 1);
}

static void read_pixels(struct jpeg_decompress_struct *j, struct reader *r, const char *path, int64_t size, struct volume *v)
{
	jpeg_read_header(j, TRUE);
	if (j->num_components != 1 && j->num_components != 3) {
		err_set(r->e, "%s: %d colour components (CMYK?): save it as RGB", path, j->num_components);
		longjmp(r->jump, 1);
	}
	if (j->arith_code) {
		err_set(r->e, "%s: arithmetic coding is not read: save it as PNG", path);
		longjmp(r->jump, 1);
	}
	j->out_color_space = j->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_calc_output_dimensions(j);
	const int64_t c = j->num_components, n = (int64_t)j->output_width * j->output_height;
	const int64_t dim[4] = { c, 1, j->output_height, j->output_width };
	if (volume_reserve(v, path, PM_U8, dim, size * JPEG_RATIO, r->e) != 0)
		longjmp(r->jump, 1);
	jpeg_start_decompress(j);
	r->row = xmalloc((size_t)(c * dim[3]));
	for (int64_t y = 0; y < dim[2]; y++) {
		JSAMPROW row = r->row;
		jpeg_read_scanlines(j, &row, 1);
		uint8_t *to = (uint8_t *)v->t.data + y * dim[3];
		for (int64_t x = 0; x < dim[3]; x++)
			for (int64_t k = 0; k < c; k++)
				to[k * n + x] = r->row[c * x + k];
	}
	jpeg_finish_decompress(j);
}

static int jpeg_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	int64_t size;
	unsigned char *data = volume_slurp(path, &size, e);
	(void)w;
	if (!data)
		return -1;
	struct jpeg_decompress_struct j;
	struct reader *r = xcalloc(1, sizeof(*r));
	memset(&j, 0, sizeof(j));
	r->e = e;
	e->msg[0] = '\0';
	j.err = jpeg_std_error(&r->on_error);
	r->on_error.error_exit = stop;
	r->on_error.emit_message = on_message;
	r->progress.progress_monitor = on_progress;
	int failed = setjmp(r->jump);
	if (!failed) {
		jpeg_create_decompress(&j);
		j.progress = &r->progress;
		jpeg_mem_src(&j, data, (unsigned long)size);
		read_pixels(&j, r, path, size, v);
	}
	jpeg_destroy_decompress(&j);
	free(r->row);
	free(r);
	free(data);
	geometry_plain(&v->geo, 2);
	if (failed && strncmp(e->msg, path, strlen(path)))
		err_prefix(e, "%s: not a JPEG file, or a damaged one", path);
	return failed ? -1 : 0;
}

const struct format format_jpeg = {
	{ .name = "jpeg", .summary = ".jpg .jpeg: 8 bits, grey or RGB; no format for labels, whose values it blurs" },
	"jpg jpeg", jpeg_read, NULL, false,
};
