/* kernels_loss_test.c: softmax, cross-entropy, overlap sums, argmax and selection against naive loops in double. */
#include "kernels_test.h"

enum { MAX_N = 3, MAX_K = 33, MAX_V = 1400, MAX_ALL = 3 * 5 * MAX_V };

struct fixture {
	int64_t n, k, v;
	real z[MAX_ALL], dz[MAX_ALL], dz1[MAX_ALL], prob[MAX_ALL];
	real weight[MAX_N * MAX_V], a[MAX_K];
	uint8_t label[MAX_N * MAX_V];
	double p[MAX_ALL], y[MAX_ALL];                     /* softmax and truth */
	double w[MAX_N * MAX_V], lse[MAX_N * MAX_V];       /* weight, log of the sum of exp */
	struct target t;
};

static const int64_t sizes[][3] = { { 2, 4, 37 }, { 3, 5, 1400 }, { 1, 2, 16 }, { 2, 33, 50 }, { 1, 1, 5 }, { 1, 3, 1 } };

/* how: bit 0 probabilities for labels, bit 1 no weight, bit 2 no class weights. */
static void make(struct fixture *f, const int64_t *size, int how)
{
	f->n = size[0];
	f->k = size[1];
	f->v = size[2];
	for (int64_t i = 0; i < f->n; i++)
		for (int64_t v = 0; v < f->v; v++) {
			int64_t at = i * f->v + v;
			double max = -INFINITY, sum = 0, mass = 0;
			f->label[at] = (uint8_t)((noise(1, at) + 1) / 2 * ((double)f->k + 0.9)); /* some are no class */
			f->weight[at] = (real)(noise(2, at) + 1);
			f->w[at] = how & 2 ? 1 : (double)f->weight[at];
			for (int64_t c = 0; c < f->k; c++) {
				int64_t j = (i * f->k + c) * f->v + v;
				f->z[j] = (real)(noise(3, j) * (v % 7 == 0 ? 60 : 4) + 100);
				f->prob[j] = (real)(noise(4, j) + 1);
				f->dz[j] = f->dz1[j] = (real)0.5;
				max = fmax(max, (double)f->z[j]);
				mass += (double)f->prob[j];
			}
			for (int64_t c = 0; c < f->k; c++) {
				int64_t j = (i * f->k + c) * f->v + v;
				f->prob[j] /= (real)mass;
				f->y[j] = how & 1 ? (double)f->prob[j] : f->label[at] == c;
				f->p[j] = exp((double)f->z[j] - max);
				sum += f->p[j];
			}
			for (int64_t c = 0; c < f->k; c++)
				f->p[(i * f->k + c) * f->v + v] /= sum;
			f->lse[at] = max + log(sum);
			if (!(how & 1) && f->label[at] >= f->k)
				f->w[at] = 0;
		}
	for (int64_t c = 0; c < f->k; c++)
		f->a[c] = (real)(1 + (double)c / 4);
	f->t = (struct target){ .label = how & 1 ? NULL : f->label, .prob = how & 1 ? f->prob : NULL };
	f->t.weight = how & 2 ? NULL : f->weight;
}

#define EACH_LOGIT(f, i, c, v) \
	for (int64_t i = 0; i < (f)->n; i++) \
		for (int64_t c = 0; c < (f)->k; c++) \
			for (int64_t v = 0; v < (f)->v; v++)

static void cross_entropy(void **state)
{
	static struct fixture f;
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(sizes); s++)
			for (int how = 0; how < 8; how++) {
				make(&f, sizes[s], how);
				const real *a = how & 4 ? NULL : f.a;
				real sum[2], sum1[2], dsum[2] = { (real)0.75, 3 };
				threads(3);
				k->ce(sum, f.z, &f.t, a, f.n, f.k, f.v);
				k->ce_bwd(f.dz, dsum, f.z, &f.t, a, f.n, f.k, f.v);
				threads(1);
				k->ce(sum1, f.z, &f.t, a, f.n, f.k, f.v);
				k->ce_bwd(f.dz1, dsum, f.z, &f.t, a, f.n, f.k, f.v);
				threads(0);
				assert_memory_equal(sum, sum1, sizeof sum);
				assert_memory_equal(f.dz, f.dz1, sizeof f.dz);
				double loss = 0, weight = 0;
				EACH_LOGIT(&f, i, c, v) {
					int64_t j = (i * f.k + c) * f.v + v, at = i * f.v + v;
					double mass = 0;
					loss += f.w[at] * f.y[j] * (a ? (double)a[c] : 1) * (f.lse[at] - (double)f.z[j]);
					weight += c ? 0 : f.w[at];
					for (int64_t l = 0; l < f.k; l++)
						mass += (a ? (double)a[l] : 1) * f.y[(i * f.k + l) * f.v + v];
					mass = f.p[j] * mass - (a ? (double)a[c] : 1) * f.y[j];
					near((double)f.dz[j], 0.5 + 0.75 * f.w[at] * mass, TOLERANCE);
				}
				near((double)sum[0], loss, TOLERANCE);
				near((double)sum[1], weight, TOLERANCE);
			}
}

static void overlap(void **state)
{
	static struct fixture f;
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(sizes); s++)
			for (int how = 0; how < 4; how++) {
				make(&f, sizes[s], how);
				real sum[3 * MAX_K], sum1[3 * MAX_K], dsum[3 * MAX_K];
				double want[3 * MAX_K] = { 0 };
				for (int c = 0; c < 3 * f.k; c++)
					dsum[c] = (real)noise(5, c);
				threads(3);
				k->overlap(sum, f.z, &f.t, f.n, f.k, f.v);
				k->overlap_bwd(f.dz, dsum, f.z, &f.t, f.n, f.k, f.v);
				threads(1);
				k->overlap(sum1, f.z, &f.t, f.n, f.k, f.v);
				threads(0);
				assert_memory_equal(sum, sum1, (size_t)(3 * f.k) * sizeof *sum);
				EACH_LOGIT(&f, i, c, v) {
					int64_t j = (i * f.k + c) * f.v + v, at = i * f.v + v;
					double dot = 0;
					want[c] += f.w[at] * f.y[j] * f.p[j];
					want[f.k + c] += f.w[at] * f.p[j];
					want[2 * f.k + c] += f.w[at] * f.y[j];
					for (int64_t l = 0; l < f.k; l++) {
						int64_t m = (i * f.k + l) * f.v + v;
						dot += f.p[m] * ((double)dsum[l] * f.y[m] + (double)dsum[f.k + l]);
					}
					dot = (double)dsum[c] * f.y[j] + (double)dsum[f.k + c] - dot;
					near((double)f.dz[j], 0.5 + f.w[at] * f.p[j] * dot, TOLERANCE);
				}
				for (int c = 0; c < 3 * f.k; c++)
					near((double)sum[c], want[c], TOLERANCE);
			}
}

static void softmax(void **state)
{
	static struct fixture f;
	static real y[MAX_ALL];
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(sizes); s++) {
			make(&f, sizes[s], 0);
			k->softmax(y, f.z, f.n, f.k, f.v);
			k->softmax_bwd(f.dz, y, f.prob, f.n, f.k, f.v);
			EACH_LOGIT(&f, i, c, v) {
				int64_t j = (i * f.k + c) * f.v + v;
				double dot = 0;
				near((double)y[j], f.p[j], TOLERANCE);
				for (int64_t l = 0; l < f.k; l++)
					dot += f.p[(i * f.k + l) * f.v + v] * (double)f.prob[(i * f.k + l) * f.v + v];
				near((double)f.dz[j], 0.5 + f.p[j] * ((double)f.prob[j] - dot), TOLERANCE);
			}
		}
}

static void argmax(void **state)
{
	static struct fixture f;
	static uint8_t y[MAX_N * MAX_V];
	(void)state;

	FOR_KERNELS(k)
		for (size_t s = 0; s < PM_COUNT(sizes); s++) {
			make(&f, sizes[s], 0);
			EACH_LOGIT(&f, i, c, v) /* ties */
				f.z[(i * f.k + c) * f.v + v] = (real)round(noise(6, (i * f.k + c) * f.v + v) * 2);
			k->argmax(y, f.z, f.n, f.k, f.v);
			for (int64_t i = 0; i < f.n; i++)
				for (int64_t v = 0; v < f.v; v++) {
					int64_t best = 0;
					for (int64_t c = 1; c < f.k; c++)
						if (f.z[(i * f.k + c) * f.v + v] > f.z[(i * f.k + best) * f.v + v])
							best = c;
					assert_int_equal(y[i * f.v + v], best);
				}
		}
}

static const real *compared;

static int by_value_and_place(const void *a, const void *b)
{
	const int i = *(const int *)a, j = *(const int *)b;
	return compared[i] != compared[j] ? (compared[i] > compared[j] ? 1 : -1) : i - j;
}

static void smallest(void **state)
{
	enum { N = 20000 };
	static const double share[] = { 0, 1e-9, 0.0001, 0.5, 0.9, 1 };
	static real x[N], among[N], mask[N];
	static int order[N];
	(void)state;

	for (int how = 0; how < 3; how++) { /* all different, many ties, zeros of both signs */
		for (int i = 0; i < N; i++) {
			among[i] = (real)(i % 5 < 2 ? 0 : 0.5);
			x[i] = (real)(how == 0 ? noise(8, i) * exp(9 * noise(9, i)) : how == 1 ? round(noise(8, i) * 3) : i % 2 ? 0. : -0.);
			order[i] = i;
		}
		compared = x;
		qsort(order, N, sizeof *order, by_value_and_place);
		for (size_t s = 0; s < 2 * PM_COUNT(share); s++) {
			const bool some = s % 2;
			const int count = share[s / 2] == 1e-9 ? 1 : (int)(share[s / 2] * (some ? N / 5 * 3 : N));
			int rank = 0;
			backend_cpu.smallest(mask, x, some ? among : NULL, N, share[s / 2]);
			for (int i = 0; i < N; i++) {
				const bool counts = !some || among[order[i]] != 0;
				assert_true(mask[order[i]] == (counts && rank < count));
				rank += counts;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cross_entropy), cmocka_unit_test(overlap), cmocka_unit_test(softmax), cmocka_unit_test(argmax), cmocka_unit_test(smallest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
