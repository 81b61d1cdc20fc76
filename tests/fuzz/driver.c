/*
 * driver.c: NAME_fuzz [SEED [ONLY]] mutates the seeds $MUTATIONS times (2000 by default) and feeds each result to the
 * target, in a child: the parent tells which mutation crashed, hung, exited or took too much memory. ONLY: that one alone.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"

enum { MAX_SEEDS = 16, MAX_SIZE = 1 << 18, SECONDS = 10 };

struct input {
	uint8_t data[MAX_SIZE];
	size_t size;
};

static struct input seed[MAX_SEEDS], made;
static int seeds;

/* Numbers at which readers tend to break. */
static uint64_t number(struct rng *r)
{
	static const uint64_t nasty[] = { 0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x7f800000, 0x7fc00000 };
	return rng_int(r, 0, 3) ? nasty[rng_int(r, 0, sizeof nasty / sizeof *nasty - 1)] : rng_u32(r);
}

static void put_number(struct input *in, size_t at, struct rng *r)
{
	uint64_t v = number(r);
	int64_t width = 1 << rng_int(r, 0, 3), big = rng_int(r, 0, 1);
	for (int64_t i = 0; i < width && at + (size_t)i < in->size; i++)
		in->data[at + (size_t)i] = (uint8_t)(v >> 8 * (big ? width - 1 - i : i));
}

/* Puts n bytes from elsewhere (or, from == NULL, none) in the place of cut bytes. */
static void splice(struct input *in, size_t at, size_t cut, const uint8_t *from, size_t n)
{
	if (in->size - cut + n > MAX_SIZE)
		return;
	memmove(in->data + at + n, in->data + at + cut, in->size - at - cut);
	if (n)
		memmove(in->data + at, from, n);
	in->size += n - cut;
}

static void mutate(struct input *in, struct rng *r)
{
	if (in->size == 0)
		return;
	static uint8_t piece[64];
	const struct input *other = &seed[rng_int(r, 0, seeds - 1)];
	size_t at = (size_t)rng_int(r, 0, (int64_t)in->size - 1), left = in->size - at;
	size_t few = (size_t)rng_int(r, 1, left < sizeof piece ? (int64_t)left : (int64_t)sizeof piece);
	switch (rng_int(r, 0, 7)) {
	case 0:
	case 1:
		in->data[at] ^= (uint8_t)(1 << rng_int(r, 0, 7));
		break;
	case 2:
		in->data[at] = (uint8_t)rng_u32(r);
		break;
	case 3:
	case 4:
		put_number(in, at, r);
		break;
	case 5:
		splice(in, at, few, NULL, 0);
		break;
	case 6:
		memcpy(piece, in->data + at, few);
		splice(in, at, 0, piece, few);
		break;
	default:
		if (rng_int(r, 0, 3) == 0)
			in->size = at;
		else if (other->size > few)
			splice(in, at, few, other->data + rng_int(r, 0, (int64_t)(other->size - few)), few);
	}
}

static void run(uint64_t key, int64_t i)
{
	struct rng r;
	rng_init(&r, key, "fuzz", (uint64_t)i, "", 0);
	made = seed[rng_int(&r, 0, seeds - 1)];
	if (i >= seeds) /* the first ones are the seeds as they are */
		for (int64_t n = rng_int(&r, 1, 6); n > 0; n--)
			mutate(&made, &r);
	else
		made = seed[i];
	alarm(SECONDS);
	/* An exact copy, so that a sanitizer sees the first byte read behind it. */
	uint8_t *copy = malloc(made.size ? made.size : 1);
	memcpy(copy, made.data, made.size);
	LLVMFuzzerTestOneInput(copy, made.size);
	free(copy);
}

int main(int argc, char **argv)
{
	const char *many = getenv("MUTATIONS");
	uint64_t key = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	int64_t first = argc > 2 ? atoll(argv[2]) : 0, last = argc > 2 ? first + 1 : many ? atoll(many) : 2000;
	while (seeds < MAX_SEEDS && (seed[seeds].size = fuzz_seed(seeds, seed[seeds].data, MAX_SIZE)) > 0)
		seeds++;
	volatile int64_t *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seeds == 0 || at == MAP_FAILED)
		return 1;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		for (*at = first; *at < last; ++*at)
			run(key, *at);
		exit(0); /* with the search for leaks, where there is one */
	}
	int status = -1;
	struct rusage use = { 0 };
	wait4(child, &status, 0, &use);
	size_t most = (size_t)use.ru_maxrss << 10, allowed = fuzz_memory;
#ifdef __SANITIZE_ADDRESS__
	allowed += (size_t)256 << 20; /* its shadow and what it keeps of freed memory */
#endif
	bool ok = status == 0 && most <= allowed;
	printf("1..1\n%s 1 - %lld mutated inputs, at most %zu MiB\n", ok ? "ok" : "not ok", (long long)(last - first), most >> 20);
	if (status)
		printf("# %s %d: run %s %llu %lld\n", WIFSIGNALED(status) ? "signal" : "exit status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), argv[0], (unsigned long long)key, (long long)*at);
	return ok ? 0 : 1;
}
