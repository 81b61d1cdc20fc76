/* threads.c: see threads.h. */
#include "cpu/threads.h"

#include "base/base.h"

#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

void threads_settle(char **argv)
{
	if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
		return;
	setenv("GOMP_SPINCOUNT", "20000", 1); /* up to a millisecond: as long as one of our loops makes another wait */
	execv("/proc/self/exe", argv);
}

void threads_use(int n) { omp_set_num_threads(n ? n : cpu_count()); }
