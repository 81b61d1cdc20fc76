/*
 * tiff.c: TIFF through libtiff: integers of 1 to 64 bits, floats of 32 and 64, grey, colours and palettes, in strips or tiles.
 * Pages of one shape are slices (channels and slices where ImageJ says so); alpha and thumbnails are left out. The resolution is
 * not trusted: programs write 72 dpi, whatever the tissue. Compressed by what cannot swell without bounds: LZW, deflate,
 * packbits, JPEG.
 */
#include "io/volume.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tiffio.h>

enum { TIFF_SIDE = 1 << 20, TIFF_RATIO = 1400, TIFF_PAGES = 1 << 16 };

/* What all pages must share, and where they go. */
struct page {
	uint32_t w, h;
	uint16_t bits, samples, kind, planar, photometric, compression, colours; /* colours: samples without alpha */
	bool tiled;
};

struct tiff {
	TIFF *tif;
	struct page p;
	const char *path;
	int64_t size, pages, channels; /* channels: pages that belong to one slice */
	bool label;
	unsigned char *row;
	size_t room;      /* at row */
	struct err *e;
};

/* The first complaint is the cause of the others. */
static int on_error(TIFF *tif, void *arg, const char *module, const char *fmt, va_list ap)
{
	struct err *e = arg;
	(void)tif;
	(void)module;
	if (!e->msg[0])
		vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	return 1;
}

static int on_warning(TIFF *tif, void *arg, const char *module, const char *fmt, va_list ap)
{
	(void)tif;
	(void)arg;
	(void)module;
	(void)fmt;
	(void)ap;
	return 1;
}

static void read_page(TIFF *tif, struct page *p)
{
	uint16_t extra = 0, *kinds = NULL;
	memset(p, 0, sizeof(*p));
	p->photometric = PHOTOMETRIC_MINISBLACK;
	TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &p->w);
	TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &p->h);
	TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &p->photometric);
	TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &p->bits);
	TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &p->samples);
	TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLEFORMAT, &p->kind);
	TIFFGetFieldDefaulted(tif, TIFFTAG_PLANARCONFIG, &p->planar);
	TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &p->compression);
	TIFFGetFieldDefaulted(tif, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
	p->tiled = TIFFIsTiled(tif);
	p->colours = p->samples;
	for (int i = 0; i < extra && kinds && p->colours > 1; i++)
		p->colours = (uint16_t)(p->colours - (kinds[i] == EXTRASAMPLE_ASSOCALPHA || kinds[i] == EXTRASAMPLE_UNASSALPHA));
	if (p->compression == COMPRESSION_JPEG && p->photometric == PHOTOMETRIC_YCBCR) {
		TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
		p->photometric = PHOTOMETRIC_RGB;
	}
}

static int find_type(const struct page *p, enum dtype *t)
{
	static const enum dtype ints[2][9] = {
		{ PM_U8, [1] = PM_U8, [2] = PM_U16, [4] = PM_U32, [8] = PM_U64 }, { PM_I8, [1] = PM_I8, [2] = PM_I16, [4] = PM_I32, [8] = PM_I64 },
	};
	if (p->kind == SAMPLEFORMAT_IEEEFP) {
		*t = p->bits == 64 ? PM_F64 : PM_F32;
		return p->bits == 64 || p->bits == 32 ? 0 : -1;
	}
	bool few = p->bits == 1 || p->bits == 2 || p->bits == 4;
	if (p->kind > SAMPLEFORMAT_VOID || (few && (p->samples > 1 || p->kind == SAMPLEFORMAT_INT)))
		return -1;
	*t = ints[p->kind == SAMPLEFORMAT_INT][few ? 1 : p->bits <= 64 ? p->bits / 8 : 0];
	return few || p->bits == 8 || p->bits == 16 || p->bits == 32 || p->bits == 64 ? 0 : -1;
}

static int check_page(const struct tiff *f, enum dtype *t)
{
	const struct page *p = &f->p;
	static const uint16_t known[] = { COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
		COMPRESSION_PACKBITS, COMPRESSION_JPEG };
	bool read = false, mapped = p->photometric == PHOTOMETRIC_PALETTE;
	for (size_t i = 0; i < PM_COUNT(known); i++)
		read |= p->compression == known[i];
	if (p->w < 1 || p->h < 1 || p->w > TIFF_SIDE || p->h > TIFF_SIDE || p->samples < 1 || p->colours < 1)
		return err_set(f->e, "%s: %ux%u pixels: corrupt header", f->path, p->w, p->h);
	if (!read)
		return err_set(f->e, "%s: compression %d is not read: save it with deflate or LZW", f->path, p->compression);
	if (find_type(p, t) != 0)
		return err_set(f->e, "%s: %d samples of %d bits and format %d are not read: save it as 8 or 16 bit or float", f->path,
			p->samples, p->bits, p->kind);
	if (p->photometric > PHOTOMETRIC_PALETTE || (mapped && (p->samples != 1 || p->bits > 8)))
		return err_set(f->e, "%s: its colours (photometric %d) are not read: save it as grey or RGB", f->path, p->photometric);
	return 0;
}

/* "channels=2" and the like in ImageJ's description; absent where it is not there. */
static int64_t imagej(TIFF *tif, const char *key, int64_t absent)
{
	char *text = NULL, *at;
	if (!TIFFGetField(tif, TIFFTAG_IMAGEDESCRIPTION, &text) || !text || strncmp(text, "ImageJ=", 7) || !(at = strstr(text, key)))
		return absent;
	return strtol(at + strlen(key), NULL, 10);
}

static bool left_out(TIFF *tif)
{
	uint32_t kind = 0;
	TIFFGetField(tif, TIFFTAG_SUBFILETYPE, &kind);
	return kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK);
}

/* Counts the pages, which must be alike. */
static int scan(struct tiff *f)
{
	struct page other;
	int64_t images = imagej(f->tif, "\nimages=", 1);
	f->channels = imagej(f->tif, "\nchannels=", 1);
	do {
		if (left_out(f->tif))
			continue;
		read_page(f->tif, f->pages ? &other : &f->p);
		if (f->pages++ && memcmp(&other, &f->p, sizeof(other)))
			return err_set(f->e, "%s: page %lld has another shape or type than the first: save one image to a file", f->path,
				(long long)f->pages);
		if (f->pages > TIFF_PAGES)
			return err_set(f->e, "%s: has more than %d pages", f->path, TIFF_PAGES);
	} while (TIFFReadDirectory(f->tif));
	if (f->e->msg[0])
		return -1;
	if (f->pages == 0)
		return err_set(f->e, "%s: holds no page", f->path);
	if (images > 1 && f->pages == 1)
		return err_set(f->e, "%s: ImageJ put %lld images behind one page: save it as NIfTI or as TIFF below 4 GB", f->path,
			(long long)images);
	if (f->channels < 1 || f->pages % f->channels || (f->channels > 1 && f->p.colours > 1) || imagej(f->tif, "\nframes=", 1) > 1)
		return err_set(f->e, "%s: ImageJ's channels, slices and frames are not understood: save one frame to a file", f->path);
	return 0;
}

static void *row_of(struct tiff *f, size_t bytes)
{
	if (bytes > f->room) {
		free(f->row);
		f->row = xmalloc(bytes);
		f->room = bytes;
	}
	return f->row;
}

/* n pixels of one sample, side by side with step - 1 others, from a row to a plane. */
static void take(const struct tiff *f, const unsigned char *from, int64_t n, int64_t step, size_t size, unsigned char *to)
{
	int bits = f->p.bits, most = (1 << (bits < 8 ? bits : 8)) - 1;
	if (bits >= 8) {
		for (int64_t x = 0; x < n; x++)
			memcpy(to + (size_t)x * size, from + (size_t)(x * step) * size, size);
		return;
	}
	bool scale = !f->label && f->p.photometric != PHOTOMETRIC_PALETTE;
	for (int64_t x = 0; x < n; x++) {
		int v = from[x * bits / 8] >> (8 - bits - (int)(x * bits % 8)) & most;
		to[x] = (uint8_t)(scale ? v * 255 / most : v);
	}
}

/* A page whose pixels are in strips (read row by row) or tiles, to planes from `to` on. */
static int read_pixels(struct tiff *f, unsigned char *to, size_t size)
{
	const struct page *p = &f->p;
	bool apart = p->planar == PLANARCONFIG_SEPARATE && p->samples > 1;
	uint32_t tw = p->w, th = 1;
	uint64_t want, is = p->tiled ? TIFFTileSize64(f->tif) : TIFFScanlineSize64(f->tif);
	if (p->tiled) {
		TIFFGetField(f->tif, TIFFTAG_TILEWIDTH, &tw);
		TIFFGetField(f->tif, TIFFTAG_TILELENGTH, &th);
	}
	uint64_t pitch = ((uint64_t)tw * (apart ? 1 : p->samples) * p->bits + 7) / 8;
	want = pitch * th;
	if (tw < 1 || th < 1 || tw > TIFF_SIDE || th > TIFF_SIDE || is != want || want > (uint64_t)f->size * TIFF_RATIO)
		return err_set(f->e, "%s: its strips or tiles are not as long as its pixels: corrupt", f->path);
	unsigned char *row = row_of(f, want);
	int64_t plane = (int64_t)p->w * p->h, step = apart ? 1 : p->samples;
	for (uint16_t s = 0; s < (apart ? p->colours : 1); s++)
		for (uint32_t y = 0; y < p->h; y += th)
			for (uint32_t x = 0; x < p->w; x += tw) {
				bool bad = p->tiled ? TIFFReadTile(f->tif, row, x, y, 0, s) < 0 : TIFFReadScanline(f->tif, row, y, s) < 0;
				if (bad || f->e->msg[0])
					return -1;
				int64_t n = p->w - x < tw ? p->w - x : tw;
				for (uint32_t k = 0; k < th && y + k < p->h; k++)
					for (int c = 0; c < (apart ? 1 : p->colours); c++)
						take(f, row + pitch * k + (size_t)c * (p->bits < 8 ? 1 : size), n, step, size,
							to + (size_t)((s + c) * plane + (int64_t)(y + k) * p->w + x) * size);
			}
	return 0;
}

/* White is the least value: turned over. */
static void turn_over(struct tensor *t, bool label, int bits)
{
	int64_t n = tensor_count(t);
	int most = label && bits < 8 ? (1 << bits) - 1 : 255;
	for (int64_t i = 0; i < n; i++)
		if (t->dtype == PM_U8)
			((uint8_t *)t->data)[i] = (uint8_t)(most - ((uint8_t *)t->data)[i]);
		else if (t->dtype == PM_U16)
			((uint16_t *)t->data)[i] = (uint16_t)(UINT16_MAX - ((uint16_t *)t->data)[i]);
}

/* Channel k of a slice from the indices that are there: from the last one, so that they go last. */
static int colour(struct tiff *f, uint8_t *slice, int64_t volume, int64_t plane)
{
	uint16_t *map[3]; /* libtiff's own */
	if (!TIFFGetField(f->tif, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
		return err_set(f->e, "%s: its palette is missing: corrupt", f->path);
	for (int k = 2; k >= 0; k--)
		for (int64_t i = 0; i < plane; i++)
			slice[k * volume + i] = (uint8_t)(map[k][slice[i]] >> 8);
	return 0;
}

static int read_pages(struct tiff *f, struct volume *v)
{
	enum dtype t = PM_U8;
	struct page p;
	if (scan(f) != 0 || check_page(f, &t) != 0)
		return -1;
	bool mapped = f->p.photometric == PHOTOMETRIC_PALETTE && !f->label;
	const int64_t dim[4] = { mapped ? 3 * f->channels : f->p.colours * f->channels, f->pages / f->channels, f->p.h, f->p.w };
	if (mapped && f->channels > 1)
		return err_set(f->e, "%s: ImageJ's channels have palettes: save them as grey", f->path);
	if (volume_reserve(v, f->path, t, dim, f->size * TIFF_RATIO, f->e) != 0)
		return -1;
	size_t size = dtype_size(t);
	int64_t plane = dim[2] * dim[3], n = 0;
	/* The planes of a page are far apart in the volume: one page, then its planes. */
	unsigned char *page = f->p.colours > 1 ? xmalloc((size_t)(plane * f->p.colours) * size) : NULL;
	int failed = !TIFFSetDirectory(f->tif, 0);
	do {
		if (failed || left_out(f->tif))
			continue;
		read_page(f->tif, &p);
		int64_t z = n / f->channels, c = n % f->channels;
		unsigned char *at = (unsigned char *)v->t.data + (size_t)((c * dim[1] + z) * plane) * size;
		if (n++ == f->pages || memcmp(&p, &f->p, sizeof(p)))
			failed = err_set(f->e, "%s: changed while it was read", f->path);
		else
			failed = read_pixels(f, page ? page : at, size);
		for (int k = 0; page && !failed && k < f->p.colours; k++)
			memcpy(at + (size_t)(k * dim[1] * plane) * size, page + (size_t)(k * plane) * size, (size_t)plane * size);
		if (mapped && !failed)
			failed = colour(f, at, dim[1] * plane, plane);
	} while (!failed && TIFFReadDirectory(f->tif));
	free(page);
	if (!failed && f->p.photometric == PHOTOMETRIC_MINISWHITE)
		turn_over(&v->t, f->label, f->p.bits);
	return failed || f->e->msg[0] ? -1 : 0;
}

static int tiff_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct tiff f = { .path = path, .label = !strcmp(w->array, "label"), .e = e };
	int fd = volume_open(path, &f.size, e);
	if (fd < 0)
		return -1;
	TIFFOpenOptions *o = TIFFOpenOptionsAlloc();
	e->msg[0] = '\0';
	TIFFOpenOptionsSetErrorHandlerExtR(o, on_error, e);
	TIFFOpenOptionsSetWarningHandlerExtR(o, on_warning, e);
	TIFFOpenOptionsSetMaxSingleMemAlloc(o, (tmsize_t)(f.size * TIFF_RATIO + (1 << 20)));
	f.tif = TIFFFdOpenExt(fd, path, "rm", o); /* m: the file is read, not mapped: it may shrink */
	TIFFOpenOptionsFree(o);
	int failed = !f.tif || read_pages(&f, v);
	if (f.tif)
		TIFFClose(f.tif);
	else
		close(fd);
	free(f.row);
	geometry_plain(&v->geo, f.pages / (f.channels ? f.channels : 1) > 1 ? 3 : 2);
	if (failed && f.size == 0)
		return err_set(e, "%s: the file is empty", path);
	if (failed && strncmp(e->msg, path, strlen(path)))
		err_prefix(e, "%s: not a TIFF file, or a damaged one", path);
	return failed ? -1 : 0;
}

const struct format format_tiff = {
	{ .name = "tiff", .summary = ".tif .tiff: integers, floats, grey, colours and palettes; pages are slices" },
	"tif tiff", tiff_read, NULL, false,
};
