/* point.c: convolutions 1x1, transposed ones of kernel 2 and stride 2 among them: a matrix product over pixels. */
#include "cpu/kernels/act.h"
#include "cpu/kernels/family.h"
#include "cpu/kernels/gemm.h"
#include "cpu/kernels/moments.h"

enum { PIXELS = 224, PARTS = 32 }; /* pixels of a piece of work; shares of the gradient, whatever the number of threads */

/* u[group][in][columns] of w[out][in]; back: of the way to the data, from w[in][out]. */
void NAME(point_pack)(real *u, const real *w, const struct filters *s, bool back)
{
	int64_t blocks = s->out / PM_LANES;

	for (int64_t b = 0; b < blocks; b += group_columns(b, blocks) / PM_LANES) {
		int columns = group_columns(b, blocks);
		for (int64_t i = 0; i < s->in; i++)
			for (int64_t o = b * PM_LANES; o < b * PM_LANES + columns; o++)
				*u++ = back ? w[i * s->out + o] : w[o * s->in + i];
	}
}

/* Pixels first .. first + count of all blocks of an image as reals, [block][PIXELS][PM_LANES]. */
static void strip_load(const struct fmap *f, int64_t image, int64_t first, int64_t count, real *to)
{
	for (int64_t b = 0; b < fmap_blocks(f); b++)
		for (int l = 0; l < PM_LANES; l += WIDTH) {
			struct act_vec held, *act = act_at(&held, f->act, b * PM_LANES + l);
			int64_t at = image * f->stride + (b * fmap_space(f) + first) * PM_LANES + l;
			real *row = to + b * PIXELS * PM_LANES + l;
			if (f->type == F_BF16)
				for (int64_t i = 0; i < count * PM_LANES; i += PM_LANES)
					*(vec_loose *)(row + i) = acted(load(f->data, at + i, F_BF16), act);
			else
				for (int64_t i = 0; i < count * PM_LANES; i += PM_LANES)
					*(vec_loose *)(row + i) = acted(load(f->data, at + i, F_REAL), act);
		}
}

/* The same of a plain map, in whole blocks; and back. */
static void strip_load_plain(const struct fmap *f, int64_t image, int64_t first, int64_t count, real *to)
{
	int64_t blocks = pieces(f->c, PM_LANES);

	memset(to, 0, (size_t)(blocks * PIXELS * PM_LANES) * sizeof *to);
	for (int64_t c = 0; c < f->c; c++) {
		const real *from = (const real *)f->data + image * f->stride + c * fmap_space(f) + first;
		real *row = to + c / PM_LANES * PIXELS * PM_LANES + c % PM_LANES;
		for (int64_t i = 0; i < count; i++)
			row[i * PM_LANES] = from[i];
	}
}

static void strip_store_plain(struct fmap *y, int64_t image, int64_t first, int64_t count, int64_t block, int columns, const real *m,
	const real *shift)
{
	for (int64_t c = block * PM_LANES; c < least(y->c, block * PM_LANES + columns); c++) {
		real *to = (real *)y->data + image * y->stride + c * fmap_space(y) + first;
		const real *from = m + c - block * PM_LANES;
		for (int64_t i = 0; i < count; i++)
			to[i] = from[i * columns] + shift[c];
	}
}

/* Pixels of all blocks of an image as reals: blocks are so many elements apart. */
struct pixels {
	const real *at;
	int64_t block;
};

/* As they lie, where they are what is wanted; else in room, which holds all blocks of PIXELS pixels. */
static struct pixels strip_of(const struct fmap *f, int64_t image, int64_t first, int64_t count, real *room)
{
	if (f->type == F_REAL && f->lanes == PM_LANES && !f->act)
		return (struct pixels){ (const real *)f->data + image * f->stride + first * PM_LANES, fmap_space(f) * PM_LANES };
	if (f->lanes == 1)
		strip_load_plain(f, image, first, count, room);
	else
		strip_load(f, image, first, count, room);
	return (struct pixels){ room, PIXELS * PM_LANES };
}

/* The type, and what is summed, are constants where this is called. */
INLINE void row_store(struct fmap *y, int64_t at, int64_t count, int columns, const real *m, vec shift, enum ftype type, enum summed what,
	struct gather *to)
{
	for (int64_t i = 0; i < count; i++) {
		vec v = *(const vec_loose *)(m + i * columns);
		gather(to, what, v, at + i * PM_LANES, type);
		store(y->data, at + i * PM_LANES, type, v + shift);
	}
}

/* sums [2][out], of this strip. */
static void strip_store(struct fmap *y, int64_t image, int64_t first, int64_t count, int64_t block, int columns, const real *m,
	const real *shift, enum summed what, double *sums, int64_t out)
{
	for (int j = 0; j < columns; j += WIDTH) {
		int64_t channel = block * PM_LANES + j;
		int64_t at = image * y->stride + (channel / PM_LANES * fmap_space(y) + first) * PM_LANES + j % PM_LANES;
		vec add = load(shift, channel, F_REAL);
		struct gather to = gather_of(y, what, channel / PM_LANES, j % PM_LANES);
		if (what && y->type == F_BF16)
			row_store(y, at, count, columns, m + j, add, F_BF16, BEHIND, &to);
		else if (what)
			row_store(y, at, count, columns, m + j, add, F_REAL, BEHIND, &to);
		else if (y->type == F_BF16)
			row_store(y, at, count, columns, m + j, add, F_BF16, NOTHING, &to);
		else
			row_store(y, at, count, columns, m + j, add, F_REAL, NOTHING, &to);
		if (what)
			moments_store(&to.mo, sums + channel, sums + out + channel);
	}
}

void NAME(point_conv)(const struct fmap *x, const real *u, const struct filters *s, const real *shift, struct fmap *y)
{
	int64_t strips = pieces(fmap_space(x), PIXELS), blocks = s->out / PM_LANES, need = (s->in + PAIR) * PIXELS;
	enum summed what = summed_of(y, NULL);
	size_t sums_bytes = what ? (size_t)(2 * x->n * strips * s->out) * sizeof(double) : 0;
	double *sums = kernel_scratch(sums_bytes + (size_t)(omp_get_max_threads() * need) * sizeof(real));
	real *scratch = (real *)((char *)sums + sums_bytes);

#pragma omp parallel for schedule(dynamic, 4) if (x->n * fmap_image(x) > ALONE)
	for (int64_t i = 0; i < x->n * strips; i++) {
		int64_t image = i / strips, first = i % strips * PIXELS, count = least(PIXELS, fmap_space(x) - first);
		real *a = scratch + omp_get_thread_num() * need, *m = a + s->in * PIXELS;
		struct pixels in = strip_of(x, image, first, count, a);
		struct product p = { s->in / PM_LANES, in.block, 1, 0 };
		for (int64_t b = 0; b < blocks;) {
			int columns = group_columns(b, blocks);
			rows_by_columns(&p, count, columns, in.at, u + b * PM_LANES * s->in, m);
			if (y->lanes == 1)
				strip_store_plain(y, image, first, count, b, columns, m, shift);
			else
				strip_store(y, image, first, count, b, columns, m, shift, what, sums + 2 * i * s->out, s->out);
			b += columns / PM_LANES;
		}
	}
	if (what)
		behind_sums(y, sums, x->n * strips, s->out);
}

/* dw[out][in] and db[out]. */
void NAME(point_grad)(const struct fmap *x, const struct fmap *dy, const struct filters *s, real *dw, real *db)
{
	int64_t strips = pieces(fmap_space(x), PIXELS), all = x->n * strips, threads = omp_get_max_threads();
	int64_t parts = least(all, PARTS), need = (s->in + s->out) * PIXELS, sums = (s->in + 1) * s->out;
	real *u = kernel_scratch((size_t)(parts * sums + threads * need) * sizeof *u), *scratch = u + parts * sums;

#pragma omp parallel if (x->n * fmap_image(x) > ALONE)
	{
		real *room = scratch + omp_get_thread_num() * need;
#pragma omp for schedule(dynamic, 1)
		for (int64_t part = 0; part < parts; part++) {
			real *mine = u + part * sums, *bias = mine + s->in * s->out;
			memset(mine, 0, (size_t)sums * sizeof *mine);
			for (int64_t i = all * part / parts; i < all * (part + 1) / parts; i++) {
				int64_t image = i / strips, first = i % strips * PIXELS, count = least(PIXELS, fmap_space(x) - first);
				struct pixels a = strip_of(x, image, first, count, room), g = strip_of(dy, image, first, count, room + s->in * PIXELS);
				for (int64_t b = 0; b < s->in / PM_LANES; b++)
					outer(count, a.at + b * a.block, s->out, g.at, g.block, mine + b * PM_LANES * s->out, s->out, true);
				for (int64_t o = 0; o < s->out; o += WIDTH) {
					const real *from = g.at + o / PM_LANES * g.block + o % PM_LANES;
					vec sum = { 0 };
					for (int64_t k = 0; k < count; k++)
						sum += load(from, k * PM_LANES, F_REAL);
					*(vec_loose *)(bias + o) += sum;
				}
			}
		}
#pragma omp for schedule(static)
		for (int64_t i = 0; i <= s->in; i++)
			for (int64_t o = 0; o < s->out; o += WIDTH) {
				vec_double sum = { 0 };
				for (int64_t part = 0; part < parts; part++)
					sum += __builtin_convertvector(load(u, part * sums + i * s->out + o, F_REAL), vec_double);
				for (int k = 0; k < WIDTH; k++)
					*(i < s->in ? &dw[(o + k) * s->in + i] : &db[o + k]) = (real)sum[k];
			}
	}
}
