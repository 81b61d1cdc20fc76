/* checkpoint.h: a run's files. */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "train.h"

void settings_init(const struct trainer *t); /* the settings that decide a run's result; they become the history */
bool checkpoint_resume(const struct conf *c, struct meta *about); /* is there a run? dies when it is another */
void checkpoint_read(struct trainer *t, const struct meta *about); /* state and schedule alone */
void checkpoint_weights(struct trainer *t); /* and optimizers, of the run that is resumed */
void checkpoint_init(struct trainer *t);    /* init.c: weights alone, of --init, all or in parts */
void checkpoint_write(struct trainer *t);
void checkpoint_best(struct trainer *t);
void checkpoint_position(const char *path); /* prints it */

#endif
