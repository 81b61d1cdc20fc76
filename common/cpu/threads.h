/* threads.h: OpenMP's threads in a pipeline, where other stages want the processors too. */
#ifndef PM_THREADS_H
#define PM_THREADS_H

/*
 * First thing in main: threads that wait for work sleep after a short spin. libgomp reads its settings before main, so
 * this sets GOMP_SPINCOUNT and starts the program once more, unless the environment says how to wait already.
 */
void threads_settle(char **argv);

/* Use n threads, or as many as the process may run at once when n is 0. */
void threads_use(int n);

#endif
