/* recorder.h: a backend that can write down what it is told, and do it again. */
#ifndef PM_RECORDER_H
#define PM_RECORDER_H

#include <stdbool.h>

struct record; /* the backend's own */

/*
 * From begin to end all that is called is written down and nothing is done; alloc, free, put and get are forbidden. end gives
 * NULL where it cannot be recorded. replay does it, with the same arguments; false: memory was freed since, and with it
 * perhaps some of the recording's.
 */
struct recorder {
	void (*begin)(void);
	struct record *(*end)(void);
	bool (*replay)(const struct record *r);
	void (*free)(struct record *r);
};

#endif
