/* Work in other threads, whose end the loop tells. */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "rig/socket.h"
#include "suite.h"

#define MANY 64
#define TURNS 200000 /* of the loop, before a test counts as hanging */

typedef struct job {
    rig_loop *loop;
    pthread_t in;
    sem_t go;       /* work waits for it … */
    bool waits;     /* … where it does */
    uint32_t works; /* each written by one thread at a time: work first, done behind it */
    uint32_t dones;
    rig_status status;
    pthread_t told_in;
    rig_status again; /* what more work from inside done came to */
} job;

static void work(void *ctx)
{
    job *j = ctx;
    j->in = pthread_self();
    if (j->waits)
        sem_wait(&j->go);
    j->works++;
}

static void done(void *ctx, rig_status status)
{
    job *j = ctx;
    j->dones++;
    j->status = status;
    j->told_in = pthread_self();
}

static void job_init(job *j, rig_loop *loop, bool waits)
{
    *j = (job){.loop = loop, .waits = waits, .status = RIG_E_STATE};
    CU_ASSERT_EQUAL_FATAL(sem_init(&j->go, 0, 0), 0);
}

static rig_loop *new_loop(const rig_alloc *alloc)
{
    rig_loop *loop = NULL;
    CU_ASSERT_EQUAL_FATAL(rig_loop_new(alloc, &loop), RIG_OK);
    return loop;
}

static void run_until(rig_loop *loop, const uint32_t *count, uint32_t wanted)
{
    for (uint32_t i = 0; i < TURNS && *count < wanted; i++)
        CU_ASSERT_EQUAL_FATAL(rig_loop_run_once(loop, RIG_NEVER), RIG_OK);
    CU_ASSERT_EQUAL(*count, wanted);
}

/* The loop goes on meanwhile, and waits for nothing but the work. */
static void in_another_thread(void)
{
    rig_loop *loop = new_loop(rig_alloc_libc());
    job j;
    job_init(&j, loop, true);
    CU_ASSERT_EQUAL(rig_loop_work(loop, work, done, &j), RIG_OK);
    CU_ASSERT_EQUAL(rig_loop_run_once(loop, 0), RIG_OK);
    CU_ASSERT_EQUAL(j.dones, 0);
    sem_post(&j.go);
    run_until(loop, &j.dones, 1);
    CU_ASSERT(j.works == 1 && j.status == RIG_OK);
    CU_ASSERT(!pthread_equal(j.in, pthread_self()) && pthread_equal(j.told_in, pthread_self()));
    CU_ASSERT_EQUAL(rig_loop_run_once(loop, RIG_NEVER), RIG_E_STATE);
    rig_loop_free(loop);
}

static uint32_t ended;

static void count(void *ctx, rig_status status)
{
    done(ctx, status);
    ended++;
}

static void many(void)
{
    rig_loop *loop = new_loop(rig_alloc_libc());
    job jobs[MANY];
    ended = 0;
    for (int i = 0; i < MANY; i++) {
        job_init(&jobs[i], loop, false);
        CU_ASSERT_EQUAL(rig_loop_work(loop, work, count, &jobs[i]), RIG_OK);
    }
    run_until(loop, &ended, MANY);
    for (int i = 0; i < MANY; i++)
        CU_ASSERT(jobs[i].works == 1 && jobs[i].dones == 1 && jobs[i].status == RIG_OK);
    rig_loop_free(loop);
}

static void want_more(void *ctx, rig_status status)
{
    job *j = ctx;
    done(ctx, status);
    sem_post(&j->go);
    j->again = rig_loop_work(j->loop, work, done, j);
}

static void work_behind_work(void)
{
    rig_loop *loop = new_loop(rig_alloc_libc());
    job j;
    job_init(&j, loop, false);
    CU_ASSERT_EQUAL(rig_loop_work(loop, work, want_more, &j), RIG_OK);
    run_until(loop, &j.dones, 2);
    CU_ASSERT(j.again == RIG_OK && j.works == 2);
    rig_loop_free(loop);
}

/* Whatever has begun is waited for, and everybody is told, but no more work is taken. */
static void freed_meanwhile(void)
{
    rig_loop *loop = new_loop(rig_alloc_libc());
    job jobs[MANY];
    for (int i = 0; i < MANY; i++) {
        job_init(&jobs[i], loop, true);
        sem_post(&jobs[i].go);
        CU_ASSERT_EQUAL(rig_loop_work(loop, work, want_more, &jobs[i]), RIG_OK);
    }
    rig_loop_free(loop);
    for (int i = 0; i < MANY; i++) {
        CU_ASSERT(jobs[i].works <= 1 && jobs[i].dones == 1 && jobs[i].status == RIG_E_ABORTED);
        CU_ASSERT_EQUAL(jobs[i].again, RIG_E_STATE);
    }
}

static void no_memory(void)
{
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_loop *loop = new_loop(&meter.alloc);
    job j;
    job_init(&j, loop, false);
    meter.fail_at = meter.num_calls + 1;
    CU_ASSERT_EQUAL(rig_loop_work(loop, work, done, &j), RIG_E_NOMEM);
    meter.fail_at = 0;
    CU_ASSERT_EQUAL(rig_loop_work(loop, work, done, &j), RIG_OK);
    run_until(loop, &j.dones, 1);
    rig_loop_free(loop);
    CU_ASSERT(j.works == 1 && meter.num_live == 0);
}

RIG_SUITE("net work", {"work is done in another thread, and told in the loop", in_another_thread},
          {"many at once", many}, {"the end of one may begin another", work_behind_work},
          {"a loop that is freed tells everybody", freed_meanwhile}, {"no memory for it", no_memory})
