/* The published known answers of Philox4x32-10 (Random123), and the draws built on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/philox.h"

static void known_answers(void **state)
{
	(void)state;
	static const struct {
		uint32_t ctr[4], key[2], out[4];
	} known[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
			{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
			{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint32_t out[4];
		philox4x32(known[i].ctr, known[i].key, out);
		assert_memory_equal(out, known[i].out, sizeof out);
	}
}

/* Every name of a stream changes it, and the same names give the same numbers. */
static void names(void **state)
{
	(void)state;
	struct rng r[8], again;
	rng_init(&r[0], 1, "load", 0, "a", 0);
	rng_init(&r[1], 2, "load", 0, "a", 0);
	rng_init(&r[2], 1, "loa", 0, "da", 0);
	rng_init(&r[3], 1, "load", 1, "a", 0);
	rng_init(&r[4], 1, "load", 0, "b", 0);
	rng_init(&r[5], 1, "load", 0, "a", 1);
	rng_init(&r[6], 1, "load", 0, "", 0);
	rng_init(&r[7], 1ull << 32 | 1, "load", 0, "a", 0);
	rng_init(&again, 1, "load", 0, "a", 0);
	uint32_t x[8], y = rng_u32(&again);
	for (int i = 0; i < 8; i++) {
		x[i] = rng_u32(&r[i]);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(x[i], x[j]);
	}
	assert_int_equal(x[0], y);
	for (int i = 0; i < 9; i++)
		assert_int_equal(rng_u32(&r[0]), rng_u32(&again));
}

static void uniform_and_normal(void **state)
{
	(void)state;
	enum { N = 200000 };
	struct rng r;
	rng_init(&r, 7, "test", 0, "", 0);
	double sum = 0, squares = 0, sum3 = 0, u = 0;
	for (int i = 0; i < N; i++) {
		double v = rng_normal(&r), w = rng_uniform(&r), q = rng_range(&r, -2, 3);
		assert_true(isfinite(v));
		assert_true(w >= 0 && w < 1);
		assert_true(q >= -2 && q < 3);
		sum += v;
		squares += v * v;
		sum3 += v * v * v;
		u += w;
	}
	/* Five standard errors. */
	assert_true(fabs(sum / N) < 5 / sqrt(N));
	assert_true(fabs(squares / N - 1) < 5 * sqrt(2. / N));
	assert_true(fabs(sum3 / N) < 5 * sqrt(15. / N));
	assert_true(fabs(u / N - 0.5) < 5 / sqrt(12. * N));
}

/* Its mean, its variance, and the mean of x ln x + (1 - x) ln (1 - x), psi(a + 1) - psi(2a + 1), which sees the ends. */
static void beta(void **state)
{
	(void)state;
	enum { N = 100000 };
	static const struct {
		double a, entropy;
	} known[] = { { 0.01, -0.0160961 }, { 0.2, -0.2276554 }, { 1, -0.5 }, { 30, -0.6848833 } };
	struct rng r;

	rng_init(&r, 9, "test", 0, "", 0);
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		const double variance = 1 / (4 * (2 * known[k].a + 1));
		double sum = 0, squares = 0, entropy = 0;
		for (int i = 0; i < N; i++) {
			const double x = rng_beta(&r, known[k].a);
			assert_true(x >= 0 && x <= 1);
			sum += x;
			squares += (x - 0.5) * (x - 0.5);
			entropy += (x > 0 ? x * log(x) : 0) + (x < 1 ? (1 - x) * log(1 - x) : 0);
		}
		assert_true(fabs(sum / N - 0.5) < 5 * sqrt(variance / N));
		assert_true(fabs(squares / N - variance) < 5 * 0.15 / sqrt(N));
		assert_true(fabs(entropy / N - known[k].entropy) < 5 * 0.25 / sqrt(N));
	}
}

static void integers(void **state)
{
	(void)state;
	enum { N = 60000, SIDES = 6 };
	struct rng r;
	int count[SIDES] = {0};
	rng_init(&r, 3, "test", 0, "", 0);
	for (int i = 0; i < N; i++) {
		int64_t v = rng_int(&r, -2, 3);
		assert_true(v >= -2 && v <= 3);
		count[v + 2]++;
	}
	double chi = 0;
	for (int i = 0; i < SIDES; i++)
		chi += pow(count[i] - N / (double)SIDES, 2) / (N / (double)SIDES);
	assert_true(chi < 25); /* 5 degrees of freedom: p = 1e-4 */
	assert_int_equal(rng_int(&r, 5, 5), 5);
	bool below = false, above = false, wide = false;
	for (int i = 0; i < 200; i++) {
		int64_t v = rng_int(&r, INT64_MIN, INT64_MAX);
		below |= v < 0;
		above |= v > 0;
		v = rng_int(&r, 0, 1ll << 40);
		assert_true(v >= 0 && v <= 1ll << 40);
		wide |= v > 1ll << 36;
	}
	assert_true(below && above && wide);
}

static void shuffle(void **state)
{
	(void)state;
	enum { N = 4, ROUNDS = 24000 };
	int first[N][N] = {{0}};
	struct rng r;
	rng_init(&r, 11, "test", 0, "", 0);
	for (int k = 0; k < ROUNDS; k++) {
		int64_t index[N];
		unsigned seen = 0;
		rng_shuffle(&r, index, N);
		for (int i = 0; i < N; i++) {
			assert_true(index[i] >= 0 && index[i] < N);
			seen |= 1u << index[i];
			first[i][index[i]]++;
		}
		assert_int_equal(seen, (1u << N) - 1);
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			assert_true(fabs(first[i][j] - ROUNDS / (double)N) < 5 * sqrt(ROUNDS * 3. / 16));
	rng_shuffle(&r, NULL, 0);
}

/* Whatever was drawn before, a skip is as many draws, and a word that far away is the one drawn then. */
static void skipping(void **state)
{
	(void)state;
	for (int before = 0; before < 6; before++)
		for (int n = 0; n < 12; n++) {
			struct rng a, b;
			uint32_t word = 0;
			rng_init(&a, 5, "test", 0, "", 0);
			for (int i = 0; i < before; i++)
				rng_u32(&a);
			b = a;
			for (int i = 0; i <= n; i++)
				word = rng_u32(&b);
			assert_int_equal(rng_word(&a, (uint32_t)n), word);
			rng_skip(&a, n + 1);
			assert_int_equal(rng_u32(&a), rng_u32(&b));
		}
}

static void many_words(void **state)
{
	(void)state;
	uint32_t to[70];

	for (int before = 0; before < 5; before++)
		for (int n = 0; n <= 70; n++) {
			struct rng a, b;

			rng_init(&a, 3, "words", 0, "", 0);
			for (int i = 0; i < before; i++)
				rng_u32(&a);
			b = a;
			rng_words(&a, to, n);
			for (int i = 0; i < n; i++)
				assert_int_equal(to[i], rng_u32(&b));
			assert_int_equal(rng_u32(&a), rng_u32(&b));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers), cmocka_unit_test(names), cmocka_unit_test(uniform_and_normal),
		cmocka_unit_test(beta), cmocka_unit_test(integers), cmocka_unit_test(shuffle), cmocka_unit_test(skipping),
		cmocka_unit_test(many_words),
	};
	return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
