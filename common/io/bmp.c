/* bmp.c: Windows bitmaps without compression: 1, 4 and 8 bits with a palette, 24 and 32. Two-dimensional. */
#include "io/volume.h"

#include <stdlib.h>
#include <string.h>

enum { BMP_SIDE = 1 << 17, BMP_HEAD = 14 };

struct bmp {
	const unsigned char *data, *palette;
	int64_t size, w, h, pitch, pixels;
	int bits, colours, entry; /* entry: bytes of one in the palette */
	bool top_down, grey;      /* grey: so is its whole palette */
};

/* n bytes as a number, the lowest first. */
static uint64_t little(const unsigned char *p, int n)
{
	uint64_t v = 0;
	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static int find_palette(struct bmp *b, int64_t head, uint32_t used, const char *path, struct err *e)
{
	b->entry = head == 12 ? 3 : 4;
	b->colours = 1 << b->bits;
	if (used && used < (uint32_t)b->colours)
		b->colours = (int)used;
	b->palette = b->data + BMP_HEAD + head;
	if (BMP_HEAD + head + (int64_t)b->colours * b->entry > b->size)
		return err_set(e, "%s: truncated in its palette", path);
	b->grey = true;
	for (int i = 0; i < b->colours; i++) {
		const unsigned char *p = b->palette + i * b->entry;
		b->grey &= p[0] == p[1] && p[1] == p[2];
	}
	return 0;
}

static int parse(struct bmp *b, const char *path, struct err *e)
{
	const unsigned char *d = b->data;
	if (b->size < BMP_HEAD + 12 || memcmp(d, "BM", 2))
		return err_set(e, "%s: not a BMP file", path);
	int64_t head = little(d + BMP_HEAD, 4), least = head == 12 ? 12 : 40;
	if ((head != 12 && (head < 40 || head > 1024)) || b->size < BMP_HEAD + head)
		return err_set(e, "%s: its header says %lld bytes: truncated or corrupt", path, (long long)head);
	const unsigned char *info = d + BMP_HEAD;
	int32_t w = head == 12 ? (int32_t)little(info + 4, 2) : (int32_t)little(info + 4, 4);
	int32_t h = head == 12 ? (int32_t)little(info + 6, 2) : (int32_t)little(info + 8, 4);
	uint32_t packed = least == 40 ? little(info + 16, 4) : 0;
	b->bits = (int)little(info + (head == 12 ? 10 : 14), 2);
	b->top_down = h < 0;
	b->w = w;
	b->h = h < 0 ? -(int64_t)h : h;
	b->pixels = little(d + 10, 4);
	if (b->w < 1 || b->h < 1 || b->w > BMP_SIDE || b->h > BMP_SIDE)
		return err_set(e, "%s: %lldx%lld pixels: corrupt header", path, (long long)b->w, (long long)b->h);
	bool plain = packed == 0 || (packed == 3 && b->bits == 32 && head >= 52 && little(info + 40, 4) == 0xff0000 &&
		little(info + 44, 4) == 0xff00 && little(info + 48, 4) == 0xff);
	if (!plain || (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 24 && b->bits != 32))
		return err_set(e, "%s: %d bits with compression %u are not read: save it as PNG", path, b->bits, packed);
	b->pitch = (b->w * b->bits + 31) / 32 * 4;
	if (b->bits <= 8 && find_palette(b, head, least == 40 ? little(info + 32, 4) : 0, path, e) != 0)
		return -1;
	if (b->pixels < BMP_HEAD + head || b->pixels + b->pitch * b->h > b->size)
		return err_set(e, "%s: holds %lld bytes of pixels, but the header promises %lld: truncated", path,
			(long long)(b->size - b->pixels < 0 ? 0 : b->size - b->pixels), (long long)(b->pitch * b->h));
	return 0;
}

static int index_at(const struct bmp *b, const unsigned char *row, int64_t x)
{
	int64_t bit = x * b->bits;
	return row[bit / 8] >> (8 - b->bits - bit % 8) & ((1 << b->bits) - 1);
}

static int take_pixels(const struct bmp *b, const char *path, bool label, struct volume *v, struct err *e)
{
	const int64_t n = b->w * b->h, dim[4] = { b->bits > 8 || (!label && !b->grey) ? 3 : 1, 1, b->h, b->w };
	if (volume_reserve(v, path, PM_U8, dim, b->size * 24, e) != 0) /* a bit may become three bytes */
		return -1;
	uint8_t *to = v->t.data;
	for (int64_t y = 0; y < b->h; y++) {
		const unsigned char *row = b->data + b->pixels + b->pitch * (b->top_down ? y : b->h - 1 - y);
		for (int64_t x = 0; x < b->w; x++, to++) {
			const unsigned char *p = row + x * b->bits / 8; /* blue, green, red */
			if (b->bits <= 8) {
				int i = index_at(b, row, x);
				if (i >= b->colours)
					return err_set(e, "%s: index %d, but the palette has %d colours: corrupt", path, i, b->colours);
				if (label) {
					*to = (uint8_t)i;
					continue;
				}
				p = b->palette + i * b->entry;
			}
			for (int64_t k = 0; k < dim[0]; k++)
				to[k * n] = p[2 - k];
		}
	}
	return 0;
}

static int bmp_read(const char *path, const struct wanted *w, struct volume *v, struct err *e)
{
	struct bmp b = { 0 };
	unsigned char *data = volume_slurp(path, &b.size, e);
	b.data = data;
	int failed = !data || parse(&b, path, e) || take_pixels(&b, path, !strcmp(w->array, "label"), v, e);
	free(data);
	geometry_plain(&v->geo, 2);
	return failed ? -1 : 0;
}

const struct format format_bmp = {
	{ .name = "bmp", .summary = ".bmp: 1, 4 and 8 bits with a palette, grey or colours, 24 and 32 bits" }, "bmp", bmp_read, NULL, false,
};
