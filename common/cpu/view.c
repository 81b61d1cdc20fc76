/* view.c: see nn/views.h. */
#include "cpu/view.h"

static void box(real *y, const real *box, int64_t n, const int64_t size[3])
{
#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t i = 0; i < n; i++)
		for (int64_t z = 0; z < size[0]; z++) {
			const real *from = box + i * 6, *to = from + 3;
			real *plane = y + (i * size[0] + z) * size[1] * size[2];
			for (int64_t q = 0; q < size[1] * size[2]; q++) {
				const real at[3] = { (real)z, (real)(q / size[2]), (real)(q % size[2]) };
				bool in = true;
				for (int a = 0; a < 3; a++)
					in &= at[a] >= from[a] && at[a] < to[a];
				plane[q] = in;
			}
		}
}

static void blur(real *y, const real *x, const real *weight, int64_t count, int64_t n, int64_t outer, int64_t mid, int64_t inner)
{
#pragma omp parallel for collapse(2) schedule(static)
	for (int64_t row = 0; row < n * outer; row++)
		for (int64_t m = 0; m < mid; m++) {
			const real *w = weight + row / outer * count, *from = x + row * mid * inner;
			real *to = y + (row * mid + m) * inner;
			for (int64_t i = 0; i < inner; i++) {
				double s = 0;
				for (int64_t k = 0; k < count; k++) {
					const int64_t at = m + k - count / 2;
					s += (double)w[k] * (double)from[(at < 0 ? 0 : at >= mid ? mid - 1 : at) * inner + i];
				}
				to[i] = (real)s;
			}
		}
}

static void turn(real *y, const real *x, const real *quarters, int64_t n, int64_t rows, int64_t side, bool back)
{
	const int64_t last = side - 1;

#pragma omp parallel for schedule(static)
	for (int64_t row = 0; row < n * rows; row++) {
		const int k = (back ? -(int)quarters[row / rows] : (int)quarters[row / rows]) & 3;
		const real *from = x + row * side * side;
		real *to = y + row * side * side;
		for (int64_t h = 0; h < side; h++)
			for (int64_t w = 0; w < side; w++)
				*to++ = from[k == 0 ? h * side + w : k == 1 ? w * side + last - h : k == 2 ? (last - h) * side + last - w :
					(last - w) * side + h];
	}
}

const struct views cpu_views = { box, blur, turn };
