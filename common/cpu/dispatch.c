/* dispatch.c: which compilation of the kernels runs here. */
#include "cpu/kernels.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static const struct kernels *const table[] = { &kernels_base, &kernels_avx2, &kernels_avx512, &kernels_avx512bf16 };
static const struct kernels *chosen;

static int best(void)
{
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
		return 0;
	if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl")
			|| !__builtin_cpu_supports("avx512dq"))
		return 1;
	return __builtin_cpu_supports("avx512bf16") ? 3 : 2;
}

static void choose(void)
{
	int have = best();
	const char *want = getenv("PYMIC_ISA");
	if (!want || !*want) {
		chosen = table[have];
		return;
	}
	for (int i = 0; i < (int)PM_COUNT(table); i++) {
		if (strcmp(want, table[i]->isa))
			continue;
		if (i > have)
			die(PM_USAGE, "PYMIC_ISA=%s: this processor has only %s", want, table[have]->isa);
		chosen = table[i];
		return;
	}
	die(PM_USAGE, "PYMIC_ISA=%s: not one of base, avx2, avx512, avx512bf16", want);
}

const struct kernels *kernels(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, choose);
	return chosen;
}
