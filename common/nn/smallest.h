/* smallest.h: how many elements a backend's `smallest` marks. Read by C and by CUDA. */
#ifndef PM_SMALLEST_H
#define PM_SMALLEST_H

#include "base/base.h"

/* That share of m, rounded down; one at least where there is a share of something. */
PM_ANYWHERE int64_t smallest_count(double share, int64_t m)
{
	const int64_t count = (int64_t)(share * (double)m);

	return count || share == 0 || !m ? count : 1;
}

#endif
