/* stream.h: what .cu files need of CUDA's own types. */
#ifndef PM_STREAM_H
#define PM_STREAM_H

#include <cuda_runtime.h>

#include "base/base.h"
#include "cuda/runtime.h"

/* Blocks of BLOCK threads for one thread per item. */
static inline unsigned blocks_for(int64_t items)
{
	if (items > UINT32_MAX)
		die(PM_FAIL, "a kernel of %lld threads: take smaller batches or crops", (long long)items);
	return (unsigned)((items + 255) / 256);
}

#endif
