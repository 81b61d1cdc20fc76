/* copy.c: exact copies on a grid: cropping, padding and mirroring, for any element type. */
#include "tensor/spatial.h"
#include "tensor/spline.h"

#include <stdlib.h>
#include <string.h>

/* Where each of `to` elements comes from; -1: outside. */
static void sources(int64_t *index, int64_t to, int64_t from, int64_t start, enum border border)
{
	for (int64_t i = 0; i < to; i++) {
		int64_t at = start + i;

		index[i] = border == BORDER_REFLECT || (at >= 0 && at < from) ? mirrored(at, from) : -1;
	}
}

static void element(char *dst, const char *src, int64_t at, size_t bytes)
{
	if (at < 0)
		memset(dst, 0, bytes);
	else
		memcpy(dst, src + (size_t)at * bytes, bytes);
}

/* One row: the inside is one memcpy, the two borders go by the index. */
static void copy_row(char *dst, const char *src, const int64_t *index, int64_t n, int64_t lo, int64_t hi, size_t bytes)
{
	for (int64_t i = 0; i < lo; i++)
		element(dst + (size_t)i * bytes, src, index[i], bytes);
	if (hi > lo)
		memcpy(dst + (size_t)lo * bytes, src + (size_t)index[lo] * bytes, (size_t)(hi - lo) * bytes);
	for (int64_t i = hi; i < n; i++)
		element(dst + (size_t)i * bytes, src, index[i], bytes);
}

static int64_t within(int64_t x, int64_t lo, int64_t hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

void crop_pad(void *dst, const int64_t to[3], const void *src, const int64_t from[3], const int64_t start[3],
	int64_t channels, enum dtype t, enum border border)
{
	size_t bytes = dtype_size(t), row_to = (size_t)to[2] * bytes, row_from = (size_t)from[2] * bytes;
	int64_t *index = xcalloc((size_t)(to[0] + to[1] + to[2]), sizeof(*index));
	int64_t *part[3] = { index, index + to[0], index + to[0] + to[1] };
	int64_t lo = within(-start[2], 0, to[2]), hi = within(from[2] - start[2], lo, to[2]);
	char *out = dst;

	for (int a = 0; a < 3; a++)
		sources(part[a], to[a], from[a], start[a], border);
	for (int64_t c = 0; c < channels; c++) {
		const char *channel = (const char *)src + (size_t)(c * from[0] * from[1]) * row_from;

		for (int64_t z = 0; z < to[0]; z++) {
			for (int64_t y = 0; y < to[1]; y++, out += row_to) {
				if (part[0][z] < 0 || part[1][y] < 0)
					memset(out, 0, row_to);
				else
					copy_row(out, channel + (size_t)(part[0][z] * from[1] + part[1][y]) * row_from,
						part[2], to[2], lo, hi, bytes);
			}
		}
	}
	free(index);
}

#define REVERSE(T) \
	static void reverse_##T(T *x, int64_t n) \
	{ \
		for (int64_t i = 0; i < n / 2; i++) { \
			T other = x[n - 1 - i]; \
			x[n - 1 - i] = x[i]; \
			x[i] = other; \
		} \
	}
REVERSE(uint8_t)
REVERSE(uint16_t)
REVERSE(uint32_t)
REVERSE(uint64_t)

static void reverse_rows(char *x, int64_t rows, int64_t n, size_t bytes)
{
	for (int64_t i = 0; i < rows; i++, x += (size_t)n * bytes) {
		switch (bytes) {
		case 1: reverse_uint8_t((uint8_t *)x, n); break;
		case 2: reverse_uint16_t((uint16_t *)x, n); break;
		case 4: reverse_uint32_t((uint32_t *)x, n); break;
		default: reverse_uint64_t((uint64_t *)x, n); break;
		}
	}
}

static void exchange(char *a, char *b, size_t bytes)
{
	char keep[4096];

	for (size_t at = 0; at < bytes; at += sizeof(keep)) {
		size_t part = bytes - at < sizeof(keep) ? bytes - at : sizeof(keep);

		memcpy(keep, a + at, part);
		memcpy(a + at, b + at, part);
		memcpy(b + at, keep, part);
	}
}

void flip_axis(void *data, const int64_t size[3], int axis, int64_t channels, enum dtype t)
{
	size_t bytes = dtype_size(t);
	int64_t outer = channels, inner = 1;

	for (int a = 0; a < axis; a++)
		outer *= size[a];
	for (int a = axis + 1; a < 3; a++)
		inner *= size[a];
	if (axis == 2) {
		reverse_rows(data, outer, size[2], bytes);
		return;
	}
	size_t slab = (size_t)inner * bytes;

	for (int64_t i = 0; i < outer; i++) {
		char *x = (char *)data + (size_t)(i * size[axis]) * slab;

		for (int64_t k = 0; k < size[axis] / 2; k++)
			exchange(x + (size_t)k * slab, x + (size_t)(size[axis] - 1 - k) * slab, slab);
	}
}

/* So many elements that both sides of an exchange stay in the cache. */
enum { TILE = 16 };

/*
 * dst[j * to + i] = src[i * from + j]. Squares whose rows are 16 bytes are exchanged in registers: so often as halves make one row
 * of them, each row of the upper half is interleaved with its partner in the lower one.
 */
#define EXCHANGE(T, N, PAIRS) \
	typedef T row_##T __attribute__((vector_size(16))); \
	static inline void square_##T(T *dst, const T *src, int64_t to, int64_t from) \
	{ \
		row_##T row[N], lower[N / 2]; \
		_Pragma("GCC unroll 16") for (int i = 0; i < N; i++) \
			memcpy(&row[i], src + i * from, sizeof *row); \
		_Pragma("GCC unroll 4") for (int side = N; side > 1; side /= 2) { \
			memcpy(lower, row + N / 2, sizeof lower); \
			_Pragma("GCC unroll 8") for (int i = N / 2 - 1; i >= 0; i--) { \
				const row_##T upper = row[i]; \
				row[2 * i] = __builtin_shufflevector(upper, lower[i], PAIRS(0, N)); \
				row[2 * i + 1] = __builtin_shufflevector(upper, lower[i], PAIRS(N / 2, N)); \
			} \
		} \
		_Pragma("GCC unroll 16") for (int j = 0; j < N; j++) \
			memcpy(dst + j * to, &row[j], sizeof *row); \
	} \
	static void exchange_##T(T *dst, const T *src, const int64_t n[2], int64_t to, int64_t from) \
	{ \
		const int64_t whole[2] = { n[0] - n[0] % N, n[1] - n[1] % N }; \
		for (int64_t at = 0; at < whole[0]; at += TILE) \
			for (int64_t j = 0; j < whole[1]; j += N) \
				for (int64_t i = at; i < whole[0] && i < at + TILE; i += N) \
					square_##T(dst + j * to + i, src + i * from + j, to, from); \
		for (int64_t i = 0; i < n[0]; i++) \
			for (int64_t j = i < whole[0] ? whole[1] : 0; j < n[1]; j++) \
				dst[j * to + i] = src[i * from + j]; \
	}
#define TWO(a, n) a, a + n, a + 1, a + 1 + n
#define FOUR(a, n) TWO(a, n), TWO(a + 2, n)
#define EIGHT(a, n) FOUR(a, n), FOUR(a + 4, n)
EXCHANGE(uint8_t, 16, EIGHT)
EXCHANGE(uint16_t, 8, FOUR)
EXCHANGE(uint32_t, 4, TWO)

/* The same of elements of any size. */
static void exchange_any(char *dst, const char *src, const int64_t n[2], int64_t to, int64_t from, int64_t bytes)
{
	for (int64_t at = 0; at < n[0]; at += TILE)
		for (int64_t j = 0; j < n[1]; j++)
			for (int64_t i = at; i < n[0] && i < at + TILE; i++)
				memcpy(dst + (j * to + i) * bytes, src + (i * from + j) * bytes, (size_t)bytes);
}

static void exchange_axes(void *dst, const void *src, const int64_t n[2], int64_t to, int64_t from, int64_t bytes)
{
	switch (bytes) {
	case 1: exchange_uint8_t(dst, src, n, to, from); break;
	case 2: exchange_uint16_t(dst, src, n, to, from); break;
	case 4: exchange_uint32_t(dst, src, n, to, from); break;
	default: exchange_any(dst, src, n, to, from, bytes); break;
	}
}

void swap_axes(void *dst, const void *src, const int64_t size[3], int a, int b, const bool mirrored[3], int64_t channels, enum dtype t)
{
	const int64_t inner = b < 2 ? size[2] : 1, middle = b - a == 2 ? size[1] : 1, outer = channels * (a > 0 ? size[0] : 1);
	const int64_t n[2] = { size[a], size[b] }, volume = n[0] * middle * n[1], bytes = inner * (int64_t)dtype_size(t);
	const int64_t to = middle * n[0], from = middle * n[1];
	char *out = (char *)dst + (mirrored[a] ? (n[1] - 1) * to * bytes : 0);
	const char *in = (const char *)src + (mirrored[b] ? (n[0] - 1) * from * bytes : 0);

	for (int64_t o = 0; o < outer; o++)
		for (int64_t m = 0; m < middle; m++)
			exchange_axes(out + (o * volume + m * n[0]) * bytes, in + (o * volume + m * n[1]) * bytes, n,
				mirrored[a] ? -to : to, mirrored[b] ? -from : from, bytes);
	for (int k = 0; k < 3; k++) {
		int64_t now[3] = { size[0], size[1], size[2] };

		now[a] = size[b];
		now[b] = size[a];
		if (mirrored[k] && k != a && k != b)
			flip_axis(dst, now, k, channels, t);
	}
}
