/* deflate.h: voxels into a file, compressed. */
#ifndef PM_DEFLATE_H
#define PM_DEFLATE_H

#include "tensor/tensor.h"

#include <zlib.h>

enum { DEFLATE_RATIO = 1040 }; /* the most that it unpacks to: 1032:1, and some */

/* Labels shrink well; noise does not, and is not worth the time. */
int deflate_level(enum dtype t);
int put_plain(FILE *fp, const void *data, size_t n);
/* last: the stream ends here. 0, or -1: errno says why. */
int put_deflated(FILE *fp, z_stream *z, const void *data, size_t n, bool last);

#endif
