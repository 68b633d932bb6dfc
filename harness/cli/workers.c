#include "workers.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct work_list {
    atomic_size_t next;
    size_t num;
    void (*work)(void *ctx, size_t index);
    void *ctx;
} work_list;

static void *worker(void *ctx)
{
    work_list *list = ctx;
    for (size_t i; (i = atomic_fetch_add(&list->next, 1)) < list->num;)
        list->work(list->ctx, i);
    return NULL;
}

void cli_work(size_t num, long threads, void (*work)(void *ctx, size_t index), void *ctx)
{
    pthread_t others[CLI_WORKERS_MAX];
    work_list list = {.num = num, .work = work, .ctx = ctx};
    long started = 0;
    while (started + 1 < threads && started < CLI_WORKERS_MAX && (size_t)started + 1 < num &&
           pthread_create(&others[started], NULL, worker, &list) == 0)
        started++;
    worker(&list);
    for (long i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}
