/*
 * fuzz.h: what a fuzz program tests/fuzz/NAME_fuzz.c defines. driver.c makes it a program that mutates the seeds itself;
 * with FUZZ=1 libFuzzer takes the driver's place.
 */
#ifndef PM_FUZZ_H
#define PM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feeds one input to the reader; it may be refused, but nothing may crash, hang, exit or take much memory. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes valid input number i (0, 1, ...) to data and returns its size, at most max; 0: there is none of that number. */
size_t fuzz_seed(int i, uint8_t *data, size_t max);

/* The most memory that the reader may need, in bytes. */
extern const size_t fuzz_memory;

#endif
