/* log.h: a run as a table on stdout and as log.jsonl. */
#ifndef LOG_H
#define LOG_H

#include "train.h"

struct row {
	int64_t iter;
	double loss, lr, seconds, valid; /* valid: foreground mean */
	const double *dice, *valid_dice; /* [classes]; valid_dice NULL: no validation */
	int classes; /* 0: there are none, valid is an error */
};
void log_open(const struct conf *c, int64_t iter); /* lines after that iteration are cut */
void log_row(const struct row *r);
void log_close(void);

#endif
