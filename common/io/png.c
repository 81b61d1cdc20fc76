/* png.c: PNG through libpng: 1 to 16 bits, grey, RGB and palette; alpha is dropped. Two-dimensional, voxels of size 1. */
#include "io/outfile.h"
#include "io/volume.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

enum { PNG_SIDE = 1 << 17, PNG_CHUNK = 8 << 20, PNG_RATIO = 1040 };

static void on_error(png_structp png, png_const_charp why)
{
	struct err *e = png_get_error_ptr(png);
	err_set(e, "%s", why);
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp why)
{
	(void)png;
	(void)why;
}

/* What is allocated while libpng may jump. */
struct scratch {
	unsigned char *pixels;
	png_bytep *row;
};

/* Says what shall come out: whole bytes in the machine's order, without alpha; labels stay as they are stored. */
static void choose_output(png_structp png, png_infop info, bool label)
{
	int type = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
	if (label)
		png_set_packing(png);
	else if (type == PNG_COLOR_TYPE_PALETTE)
		png_set_palette_to_rgb(png);
	else if (depth < 8)
		png_set_expand_gray_1_2_4_to_8(png);
	if (depth == 16)
		png_set_swap(png);
	png_set_strip_alpha(png);
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
}

static void read_pixels(png_structp png, png_infop info, struct scratch *s, const char *path, int64_t size, struct volume *v)
{
	struct err *e = png_get_error_ptr(png);
	int64_t w = png_get_image_width(png, info), h = png_get_image_height(png, info), c = png_get_channels(png, info);
	enum dtype t = png_get_bit_depth(png, info) == 16 ? PM_U16 : PM_U8;
	const int64_t dim[4] = { c, 1, h, w };
	if (volume_reserve(v, path, t, dim, size * PNG_RATIO, e) != 0)
		png_longjmp(png, 1);
	size_t each = dtype_size(t), pitch = (size_t)(w * c) * each;
	if (png_get_rowbytes(png, info) != pitch)
		png_error(png, "unexpected row length");
	s->pixels = c == 1 ? v->t.data : xmalloc(pitch * (size_t)h);
	s->row = xcalloc((size_t)h, sizeof(*s->row));
	for (int64_t y = 0; y < h; y++)
		s->row[y] = s->pixels + (size_t)y * pitch;
	png_read_image(png, s->row);
	png_read_end(png, NULL);
	if (c == 1)
		return;
	to_planes(v->t.data, s->pixels, w * h, c, each);
}

static int read_file(FILE *fp, const char *path, int64_t size, bool label, struct volume *v, struct err *e)
{
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, e, on_error, on_warning);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	if (!info) {
		png_destroy_read_struct(&png, NULL, NULL);
		return err_set(e, "%s: libpng does not start", path);
	}
	struct scratch *s = xcalloc(1, sizeof(*s));
	e->msg[0] = '\0';
	int failed = setjmp(png_jmpbuf(png));
	if (!failed) {
		png_set_user_limits(png, PNG_SIDE, PNG_SIDE);
		png_set_chunk_cache_max(png, 64);
		png_set_chunk_malloc_max(png, PNG_CHUNK);
		/* Texts, profiles and the like are stepped over: libpng would make room for what their length claims. */
		png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
		png_init_io(png, fp);
		png_read_info(png, info);
		choose_output(png, info, label);
		read_pixels(png, info, s, path, size, v);
	}
	png_destroy_read_struct(&png, &info, NULL);
	if (s->pixels != v->t.data)
		free(s->pixels);
	free(s->row);
	free(s);
	if (failed && strncmp(e->msg, path, strlen(path)))
		err_prefix(e, "%s: damaged PNG", path);
	return failed ? -1 : 0;
}

static int png_read(const char *path, const struct wanted *want, struct volume *v, struct err *e)
{
	int64_t size;
	unsigned char sig[8];
	int fd = volume_open(path, &size, e);
	if (fd < 0)
		return -1;
	FILE *fp = fdopen(fd, "rb");
	if (!fp) {
		close(fd);
		return err_set(e, "%s: %s", path, strerror(errno));
	}
	int failed;
	if (size == 0)
		failed = err_set(e, "%s: the file is empty", path);
	else if (fread(sig, 1, 8, fp) != 8 || png_sig_cmp(sig, 0, 8))
		failed = err_set(e, "%s: not a PNG file", path);
	else {
		rewind(fp);
		failed = read_file(fp, path, size, !strcmp(want->array, "label"), v, e);
	}
	fclose(fp);
	geometry_plain(&v->geo, 2);
	return failed;
}

static int write_file(FILE *fp, const struct volume *v, struct err *e)
{
	int64_t c = v->t.dim[0], h = v->t.dim[2], w = v->t.dim[3];
	size_t each = dtype_size(v->t.dtype), pitch = (size_t)(c * w) * each;
	unsigned char *row = xmalloc(pitch);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, e, on_error, on_warning);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	int failed = !info || setjmp(png_jmpbuf(png));
	if (!failed) {
		png_init_io(png, fp);
		png_set_IHDR(png, info, (png_uint_32)w, (png_uint_32)h, 8 * (int)each, c == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
			PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
		png_write_info(png, info);
		if (each == 2)
			png_set_swap(png);
		for (int64_t y = 0; y < h; y++) {
			for (int64_t x = 0; x < w; x++)
				for (int64_t k = 0; k < c; k++)
					memcpy(row + (size_t)(x * c + k) * each,
						(char *)v->t.data + (size_t)((k * h + y) * w + x) * each, each);
			png_write_row(png, row);
		}
		png_write_end(png, NULL);
	}
	png_destroy_write_struct(&png, &info);
	free(row);
	return failed ? -1 : 0;
}

static int png_write(const char *path, const struct array *a, int n, struct err *e)
{
	const struct volume *v = a->v;
	const int64_t *d = v->t.dim;
	(void)n;
	if (v->t.rank != 4 || d[1] != 1)
		return err_set(e, "%s: a volume of %lld slices is no PNG: choose nii.gz", path, (long long)d[1]);
	if ((v->t.dtype != PM_U8 && v->t.dtype != PM_U16) || (d[0] != 1 && d[0] != 3))
		return err_set(e, "%s: PNG holds u8 or u16 in 1 or 3 channels, this is %s in %lld: choose nii.gz", path,
			dtype_name(v->t.dtype), (long long)d[0]);
	if (d[2] > PNG_SIDE || d[3] > PNG_SIDE)
		return err_set(e, "%s: too large for a PNG", path);
	struct outfile *out = outfile_open(path, e);
	if (!out)
		return -1;
	if (write_file(outfile_stream(out), v, e) != 0) {
		outfile_discard(out);
		return err_prefix(e, "%s", path);
	}
	return outfile_close(out, e);
}

const struct format format_png = {
	{ .name = "png", .summary = ".png: 1 to 16 bits, grey, RGB and palettes; alpha is dropped" }, "png", png_read, png_write, false,
};
