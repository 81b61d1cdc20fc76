/* given.h: models of files that a method is given as they are: its teachers. */
#ifndef GIVEN_H
#define GIVEN_H

#include "agent/agent.h"
#include "net/saved.h"

struct given {
	int files, nets; /* nets: of all files together */
	struct {
		const char *path;
		uint32_t crc; /* of the whole file */
		struct saved about;
	} file[PM_NETS];
	struct params ps[PM_NETS]; /* of each network */
};

/* What the files say; dies where they are no teachers for a run. Their networks are added to r, behind `at` others. */
void given_open(struct given *v, const struct agent *a, struct run *r, int at);
/* Runs dry, for images of so many channels: dies where these are not theirs. */
void given_declare(struct given *v, int64_t channels);
void given_read(struct given *v, const struct backend *be); /* their weights */

#endif
