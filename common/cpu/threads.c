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
	setenv("GOMP_SPINCOUNT", "5000", 1); /* some microseconds: as long as the gaps between our loops */
	execv("/proc/self/exe", argv);
}

int threads_use(int n)
{
	n = n ? n : cpu_count();
	omp_set_num_threads(n);
	return n;
}
