/* layout.c: feature maps from one layout to another, and to another size. */
#include <assert.h>
#include <stdlib.h>

#include "cpu/kernels/family.h"
#include "cpu/kernels/rows.h"

enum { TILE = 16, PIECE = 2048 };

INLINE real element(const struct fmap *f, int64_t i)
{
	if (f->type == F_U8)
		return (real)((const uint8_t *)f->data)[i];
	if (f->type == F_REAL)
		return ((const real *)f->data)[i];
	uint32_t u = (uint32_t)((const uint16_t *)f->data)[i] << 16;
	float x;
	memcpy(&x, &u, sizeof x);
	return (real)x;
}

static void set_element(struct fmap *f, int64_t i, real x)
{
	if (f->type == F_U8)
		((uint8_t *)f->data)[i] = (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x + (real)0.5);
	else if (f->type == F_REAL)
		((real *)f->data)[i] = x;
	else
		((uint16_t *)f->data)[i] = to_bf16(splat(x))[0];
}

/* Any layout to any other, an element at a time. */
static void relayout_any(struct fmap *y, const struct fmap *x, bool add)
{
	int64_t space = fmap_space(x), blocks = fmap_blocks(y);

#pragma omp parallel for collapse(2) schedule(static) if (x->n * x->c * space > ALONE)
	for (int64_t n = 0; n < x->n; n++)
		for (int64_t b = 0; b < blocks; b++) {
			struct channels ch = block_channels(y, b);
			for (int l = 0; l < y->lanes; l++) {
				int64_t to = n * y->stride + b * space * y->lanes + l;
				int64_t from = l < ch.count ? n * x->stride + channel_at(x, ch.first + l) : 0;
				for (int64_t q = 0; q < space; q++) {
					int64_t i = to + q * y->lanes;
					real r = l < ch.count ? element(x, from + q * x->lanes) : 0;
					set_element(y, i, add ? element(y, i) + r : r);
				}
			}
		}
}

/* Rows of the same layout, count elements (a multiple of 16 unless plain) for each image and row. */
static void relayout_same(struct fmap *y, const struct fmap *x, bool add)
{
	int64_t size = fmap_image(x), parts = pieces(size, PIECE);

#pragma omp parallel for collapse(2) schedule(static) if (x->n * size > ALONE)
	for (int64_t n = 0; n < x->n; n++)
		for (int64_t p = 0; p < parts; p++) {
			int64_t i = p * PIECE, end = least(size, i + PIECE), to = n * y->stride, from = n * x->stride;
			for (; i + WIDTH <= end; i += WIDTH) {
				vec r = load(x->data, from + i, x->type);
				store(y->data, to + i, y->type, add ? load(y->data, to + i, y->type) + r : r);
			}
			for (; i < end; i++) {
				real r = element(x, from + i);
				set_element(y, to + i, add ? element(y, to + i) + r : r);
			}
		}
}

#if PM_AVX512
typedef vec tile[TILE];

/* r[i][l] to r[l][i], in four rounds that each swap one bit of the row number with one bit of the lane. */
INLINE void transpose(tile r)
{
#define ROUND(bit, low, high) \
	for (int i = 0; i < TILE; i++) \
		if (!(i & bit)) { \
			__m512 a = (__m512)r[i], b = (__m512)r[i | bit]; \
			r[i] = (vec)_mm512_permutex2var_ps(a, low, b); \
			r[i | bit] = (vec)_mm512_permutex2var_ps(a, high, b); \
		}
	const __m512i low8 = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
	const __m512i high8 = _mm512_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
	const __m512i low4 = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
	const __m512i high4 = _mm512_setr_epi32(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
	const __m512i low2 = _mm512_setr_epi32(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
	const __m512i high2 = _mm512_setr_epi32(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
	const __m512i low1 = _mm512_setr_epi32(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
	const __m512i high1 = _mm512_setr_epi32(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
	ROUND(8, low8, high8)
	ROUND(4, low4, high4)
	ROUND(2, low2, high2)
	ROUND(1, low1, high1)
#undef ROUND
}
#endif

/* Up to 16 pixels of a block, at element `from`, to plain rows. */
INLINE void tile_to_rows(real *out, int64_t space, const struct fmap *x, int64_t from, int count, int channels, bool add)
{
#if PM_AVX512
	tile r = { { 0 } };
	for (int i = 0; i < count; i++)
		r[i] = load(x->data, from + i * PM_LANES, x->type);
	transpose(r);
	for (int l = 0; l < channels; l++)
		store_part(out + l * space, count, add ? load_part(out + l * space, count) + r[l] : r[l]);
#else
	real t[TILE][PM_LANES];
	for (int i = 0; i < count * PM_LANES; i += WIDTH)
		store(t, i, F_REAL, load(x->data, from + i, x->type));
	for (int l = 0; l < channels; l++)
		for (int i = 0; i < count; i++)
			out[l * space + i] = add ? out[l * space + i] + t[i][l] : t[i][l];
#endif
}

INLINE void rows_to_tile(struct fmap *y, int64_t to, const real *in, int64_t space, int count, int channels, bool add)
{
#if PM_AVX512
	tile t = { { 0 } };
	for (int l = 0; l < channels; l++)
		t[l] = load_part(in + l * space, count);
	transpose(t);
#else
	real t[TILE][PM_LANES] = { { 0 } };
	for (int l = 0; l < channels; l++)
		for (int i = 0; i < count; i++)
			t[i][l] = in[l * space + i];
#endif
	for (int i = 0; i < count * PM_LANES; i += WIDTH) {
		vec r = load(t, i, F_REAL);
		store(y->data, to + i, y->type, add ? load(y->data, to + i, y->type) + r : r);
	}
}

/* Between blocks and plain reals: to y from x, one of which is plain. */
static void relayout_plain(struct fmap *y, const struct fmap *x, bool add)
{
	const struct fmap *blocked = x->lanes == 1 ? y : x, *rows = x->lanes == 1 ? x : y;
	int64_t space = fmap_space(x), blocks = fmap_blocks(blocked), tiles = pieces(space, TILE);

#pragma omp parallel for collapse(3) schedule(static) if (x->n * x->c * space > ALONE)
	for (int64_t n = 0; n < x->n; n++)
		for (int64_t b = 0; b < blocks; b++)
			for (int64_t t = 0; t < tiles; t++) {
				int64_t q = t * TILE, at = n * blocked->stride + (b * space + q) * PM_LANES;
				int count = (int)least(TILE, space - q);
				struct channels ch = block_channels(blocked, b);
				real *row = (real *)rows->data + n * rows->stride + ch.first * space + q;
				if (rows == y)
					tile_to_rows(row, space, x, at, count, ch.count, add);
				else
					rows_to_tile(y, at, row, space, count, ch.count, add);
			}
}

static bool same_blocks(const struct fmap *a, const struct fmap *b)
{
	return a->lanes == b->lanes && (a->split == b->split || (a->split % a->lanes == 0 && b->split % b->lanes == 0));
}

void NAME(relayout)(struct fmap *y, const struct fmap *x, bool add)
{
	assert(y->n == x->n && y->c == x->c && y->d == x->d && y->h == x->h && y->w == x->w);
	assert((x->lanes == 1 || x->lanes == PM_LANES) && (y->lanes == 1 || y->lanes == PM_LANES));
	if (x->type == F_U8 || y->type == F_U8)
		relayout_any(y, x, add);
	else if (same_blocks(x, y))
		relayout_same(y, x, add);
	else if (x->lanes != y->lanes && (x->lanes == 1 ? x : y)->type == F_REAL)
		relayout_plain(y, x, add);
	else
		relayout_any(y, x, add);
}

/* Copies count pixels, x_step and y_step pixels apart, of one block or plain channel. */
INLINE void copy_pixels(struct fmap *y, int64_t to, int64_t y_step, const struct fmap *x, int64_t from, int64_t x_step,
	int64_t count)
{
	if (x->lanes == 1) {
		for (int64_t i = 0; i < count; i++)
			set_element(y, to + i * y_step, element(x, from + i * x_step));
		return;
	}
	if (x->type == F_BF16 && y->type == F_BF16) {
		for (int64_t i = 0; i < count; i++)
			memcpy((uint16_t *)y->data + to + i * y_step * PM_LANES, (const uint16_t *)x->data + from + i * x_step * PM_LANES,
				PM_LANES * sizeof(uint16_t));
		return;
	}
	for (int64_t i = 0; i < count; i++)
		for (int l = 0; l < PM_LANES; l += WIDTH)
			store(y->data, to + i * y_step * PM_LANES + l, y->type, load(x->data, from + i * x_step * PM_LANES + l, x->type));
}

void NAME(space)(struct fmap *y, const struct fmap *x, int dims, bool inverse)
{
	const struct fmap *low = inverse ? y : x, *high = inverse ? x : y;
	int positions = 1 << dims, deep = dims == 3 ? 2 : 1, lanes = low->lanes;
	int64_t blocks = fmap_blocks(high), w = low->w;

	assert(x->lanes == y->lanes && !x->split && !y->split && low->n == high->n);
	assert(high->d == deep * low->d && high->h == 2 * low->h && high->w == 2 * low->w);
	assert(fmap_blocks(low) == positions * blocks);
#pragma omp parallel for collapse(3) schedule(static) if (high->n * fmap_image(high) > ALONE)
	for (int64_t n = 0; n < low->n; n++)
		for (int64_t b = 0; b < blocks; b++)
			for (int64_t r = 0; r < high->d * high->h; r++) {
				int64_t d = r / high->h, h = r % high->h;
				int64_t pos = ((d % deep) * 2 + h % 2) * 2;
				int64_t up = n * high->stride + (b * high->d * high->h + r) * high->w * lanes;
				int64_t low_row = (d / deep) * low->h + h / 2;
				for (int k = 0; k < 2; k++, up += lanes) {
					int64_t down = n * low->stride + (((pos + k) * blocks + b) * low->d * low->h + low_row) * w * lanes;
					if (inverse)
						copy_pixels(y, down, 1, x, up, 2, w);
					else
						copy_pixels(y, up, 2, x, down, 1, w);
				}
			}
}

/* row[size] (+)= the sum of weight[j] times what begins at at[j] of x. */
INLINE void weigh(real *row, const struct fmap *x, enum ftype type, const int64_t *at, const real *weight, int count, int64_t size, bool add)
{
	int64_t i = 0;

	for (; i <= size - WIDTH; i += WIDTH) {
		vec s = { 0 };
		if (add)
			s = load(row, i, F_REAL);
#pragma GCC unroll 4
		for (int j = 0; j < count; j++)
			s += weight[j] * load(x->data, at[j] + i, type);
		*(vec_loose *)(row + i) = s;
	}
	for (; i < size; i++) {
		real s = add ? row[i] : (real)0;
		for (int j = 0; j < count; j++)
			s += weight[j] * element(x, at[j] + i);
		row[i] = s;
	}
}

/* row[w] = the sum over the rows of x that (d, h) of the result is made of, before the third axis is resampled. */
INLINE void gather_rows(real *row, const struct fmap *x, enum ftype type, int64_t from, const struct axis_map map[3],
	int64_t d, int64_t h)
{
	enum { TOGETHER = 4 };
	int64_t size = x->w * x->lanes, at[TOGETHER];
	real weight[TOGETHER];
	int count = 0;
	bool add = false;

	for (int j = 0; j < map[0].count[d]; j++)
		for (int k = 0; k < map[1].count[h]; k++) {
			at[count] = from + ((map[0].first[d] + j) * x->h + map[1].first[h] + k) * size;
			weight[count++] = map[0].weight[map[0].at[d] + j] * map[1].weight[map[1].at[h] + k];
			if (count < TOGETHER)
				continue;
			weigh(row, x, type, at, weight, TOGETHER, size, add);
			count = 0;
			add = true;
		}
	if (count == 2)
		weigh(row, x, type, at, weight, 2, size, add);
	else if (count || !add)
		weigh(row, x, type, at, weight, count, size, add);
}

INLINE void resample_row(struct fmap *y, enum ftype type, int64_t to, const real *row, const struct axis_map *map,
	bool add)
{
	for (int64_t i = 0; i < map->out; i++) {
		const real *weight = map->weight + map->at[i], *in = row + (int64_t)map->first[i] * PM_LANES;
		for (int l = 0; l < PM_LANES; l += WIDTH) {
			vec s = { 0 };
			for (int j = 0; j < map->count[i]; j++)
				s += weight[j] * load(in, (int64_t)j * PM_LANES + l, F_REAL);
			int64_t p = to + i * PM_LANES + l;
			store(y->data, p, type, add ? load(y->data, p, type) + s : s);
		}
	}
}

static void resample_plain_row(struct fmap *y, int64_t to, const real *row, const struct axis_map *map, bool add)
{
	for (int64_t i = 0; i < map->out; i++) {
		const real *weight = map->weight + map->at[i], *in = row + map->first[i];
		real s = 0;
		for (int j = 0; j < map->count[i]; j++)
			s += weight[j] * in[j];
		set_element(y, to + i, add ? element(y, to + i) + s : s);
	}
}

void NAME(resample)(struct fmap *y, const struct fmap *x, const struct axis_map map[3], bool add)
{
	int64_t blocks = fmap_blocks(x), rows = y->d * y->h, size = x->w * x->lanes;

	assert(y->n == x->n && y->c == x->c && x->type != F_U8 && y->type != F_U8 && same_blocks(x, y));
	assert(map[0].in == x->d && map[1].in == x->h && map[2].in == x->w);
	assert(map[0].out == y->d && map[1].out == y->h && map[2].out == y->w);
#pragma omp parallel if (x->n * fmap_image(x) + y->n * fmap_image(y) > ALONE)
	{
		real *row = xmalloc((size_t)size * sizeof *row);
#pragma omp for collapse(3) schedule(static)
		for (int64_t n = 0; n < x->n; n++)
			for (int64_t b = 0; b < blocks; b++)
				for (int64_t r = 0; r < rows; r++) {
					int64_t from = n * x->stride + b * fmap_space(x) * x->lanes;
					int64_t to = n * y->stride + (b * rows + r) * y->w * y->lanes;
					if (x->type == F_BF16)
						gather_rows(row, x, F_BF16, from, map, r / y->h, r % y->h);
					else
						gather_rows(row, x, F_REAL, from, map, r / y->h, r % y->h);
					if (y->lanes == 1)
						resample_plain_row(y, to, row, &map[2], add);
					else if (y->type == F_BF16)
						resample_row(y, F_BF16, to, row, &map[2], add);
					else
						resample_row(y, F_REAL, to, row, &map[2], add);
				}
		free(row);
	}
}
