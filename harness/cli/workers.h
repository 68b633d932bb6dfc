/* The same work for each of many things, on as many threads as there are processors. */
#ifndef CLI_WORKERS_H
#define CLI_WORKERS_H

#include <stddef.h>

#define CLI_WORKERS_MAX 256

/* Calls work(ctx, 0) … work(ctx, num - 1), each once, in any order, on up to `threads` threads. */
void cli_work(size_t num, long threads, void (*work)(void *ctx, size_t index), void *ctx);

#endif
