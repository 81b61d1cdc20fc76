/*
 * runtime.h: the device under the kernels: its memory, its one stream, its errors. runtime.cu is CUDA's; twin.c is the host
 * in its place, where the same kernels run as loops, so that tests need no GPU. All functions die with one line that says
 * what is wrong and what to do.
 */
#ifndef PM_RUNTIME_H
#define PM_RUNTIME_H

#include "nn/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

void *device_alloc(size_t bytes); /* zeroed */
void device_free(void *p, size_t bytes);
void device_put(void *dst, const void *host, size_t bytes);
void device_get(void *host, const void *src, size_t bytes); /* waits for all that was started before */
void device_zero(void *dst, size_t bytes);
size_t device_available(void); /* bytes that are free */
size_t device_overhead(void);  /* bytes of the context and of the stages of copies */

/* Device memory for the length of one call of the backend; the next call may get the same. */
void *device_scratch(size_t bytes);

/* The stream that all work goes to, a cudaStream_t; are results allowed to differ from run to run? */
void *device_stream(void);
bool device_fast(void);
bool device_tf32(void); /* may convolutions round f32 maps for the tensor cores? */

/* After each start of a kernel: dies when it could not be started. */
void device_started(const char *kernel);

/* nn/backend.h says what these do. */
void device_record_begin(void);
struct record *device_record_end(void);
bool device_replay(const struct record *r);
void device_record_free(struct record *r);
/* Something failed: is that because of a recording? Then that one is given up, and the step will be run without. */
bool device_record_spoilt(void);

/*
 * Takes device number `index`. fast: kernels whose results may differ from run to run are allowed. tf32: see above. Returns -1 and says why
 * where there is none that will do.
 */
int device_open(int index, bool fast, bool tf32, char *why, size_t why_size);

#ifdef __cplusplus
}
#endif
#endif
