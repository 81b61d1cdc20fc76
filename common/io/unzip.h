/* unzip.h: a plain or deflated file, read in bounded pieces; all that is wrong with what is deflated is an error. */
#ifndef PM_UNZIP_H
#define PM_UNZIP_H

#include "base/base.h"

struct unzip;
/* Auto: gzip is known by its first bytes. Deflated: gzip or zlib. */
enum unzip_as { UNZIP_AUTO, UNZIP_PLAIN, UNZIP_DEFLATED };

struct unzip *unzip_open(const char *path, struct err *e);
struct unzip *unzip_open_at(const char *path, int64_t offset, enum unzip_as as, struct err *e);
int64_t unzip_read(struct unzip *z, void *dst, int64_t n, struct err *e); /* bytes got, fewer only at the end; -1 with e */
int unzip_skip(struct unzip *z, int64_t n, struct err *e);
int64_t unzip_justifies(const struct unzip *z); /* the most bytes that can come out of this file */
int unzip_end(struct unzip *z, struct err *e);  /* the data must end here, with the right checksum */
void unzip_close(struct unzip *z);

#endif
