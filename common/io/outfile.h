/*
 * outfile.h: a file that has its final name is complete. It is written beside, synced and renamed; what is not finished
 * is removed by die().
 */
#ifndef PM_OUTFILE_H
#define PM_OUTFILE_H

#include "base/base.h"

struct outfile;

/* NULL with e filled when it cannot be made. */
struct outfile *outfile_open(const char *path, struct err *e);
int outfile_fd(struct outfile *f);
FILE *outfile_stream(struct outfile *f);     /* a stdio stream on it; outfile_close flushes it */
const char *outfile_part(struct outfile *f); /* the unfinished name, for libraries that open by name */
int outfile_close(struct outfile *f, struct err *e); /* sync, rename, sync the folder; frees. -1: nothing is left behind */
void outfile_discard(struct outfile *f);

/* Makes the folder and those above it. 0, or -1. */
int make_folder(const char *path, struct err *e);

#endif
