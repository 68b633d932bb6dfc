/* Random or sequential reads or writes with the initiator engine over sockets, as iscsi-perf does them with
 * libiscsi: so that both can be timed side by side. Says how often memory was taken while it measured, once
 * the pools had grown. Usage: initiator_perf [-r] [-w] -m DEPTH -b BLOCKS -t SECONDS
 * iscsi://host:port/iqn/lun */
#include "rig/cdb.h"
#include "rig/initiator.h"
#include "rig/run.h"
#include "rig/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEPTH_MAX 1024
#define READ_AHEAD (256u << 10)
#define BLOCK 512
#define WARM 1000 /* I/Os after which no pool grows any more */

typedef struct perf_slot {
    rig_task task;
    struct iovec iov;
    uint8_t cdb[RIG_CDB_MAX];
} perf_slot;

typedef struct perf {
    rig_loop *loop;
    rig_initiator *initiator;
    rig_session *session;
    const rig_cdb_row *row;
    const rig_cdb_field *lba_field;
    rig_draws draws;
    uint64_t num_blocks, sequence, done, errors, deadline;
    uint32_t blocks, depth, running;
    bool random, write, up, failed;
    rig_alloc_meter meter;
    uint64_t taken; /* allocations before the measured part */
    uint64_t lun;
    perf_slot *slots;
} perf;

static void submit(perf *p, perf_slot *slot, uint64_t now);

static void read_done(rig_task *task, uint64_t now)
{
    perf *p = task->user;
    p->running--;
    if (++p->done == WARM)
        p->taken = p->meter.num_calls;
    p->errors += task->status || task->response || task->scsi_status;
    if (now < p->deadline && !p->failed)
        submit(p, (perf_slot *)(void *)((char *)task - offsetof(perf_slot, task)), now);
}

static void submit(perf *p, perf_slot *slot, uint64_t now)
{
    uint64_t places = p->num_blocks / p->blocks;
    uint64_t place = p->random ? rig_draw(&p->draws, "place", p->sequence) % places : p->sequence % places;
    p->sequence++;
    rig_cdb_set(slot->cdb, p->lba_field, place * p->blocks);
    p->failed = p->failed || rig_session_submit(p->session, &slot->task, now) != RIG_OK;
    p->running += !p->failed;
}

static void on_event(void *ctx, const rig_event *event)
{
    perf *p = ctx;
    p->up = p->up || event->kind == RIG_EVENT_SESSION_UP;
    p->failed = p->failed || event->kind == RIG_EVENT_LOGIN_FAILED || event->kind == RIG_EVENT_SESSION_DOWN;
    if (event->error && event->error->text[0])
        fprintf(stderr, "%s\n", event->error->text);
}

static void turn(perf *p, uint64_t until)
{
    uint64_t next = rig_initiator_next_deadline(p->initiator);
    if (rig_loop_run_once(p->loop, next < until ? next : until))
        p->failed = true;
    if (rig_initiator_next_deadline(p->initiator) <= rig_loop_now(p->loop))
        rig_initiator_tick(p->initiator, rig_loop_now(p->loop));
}

static void one_done(rig_task *task, uint64_t now)
{
    (void)now;
    *(bool *)task->user = true;
}

/* A unit attention may be waiting; then the size. */
static bool prepare(perf *p)
{
    uint8_t data[32] = {0}, cdb[16] = {0x9e, 0x10};
    struct iovec iov = {data, sizeof data};
    for (int attempt = 0; attempt < 3 && !p->failed; attempt++) {
        bool over = false;
        rig_task task = {.kind = RIG_TASK_SCSI,
                         .lun = p->lun,
                         .cdb = rig_view_of(cdb, 16),
                         .read = true,
                         .edtl = sizeof data,
                         .in = &iov,
                         .num_in = 1,
                         .attr = 1,
                         .done = one_done,
                         .user = &over};
        cdb[13] = sizeof data;
        if (rig_session_submit(p->session, &task, rig_loop_now(p->loop)))
            return false;
        while (!over)
            turn(p, RIG_NEVER);
        if (!task.status && !task.scsi_status)
            break;
    }
    p->num_blocks = rig_be_get(data, 8) + 1;
    return p->num_blocks > p->blocks;
}

static bool make_slots(perf *p)
{
    p->slots = calloc(p->depth, sizeof *p->slots);
    p->row = rig_cdb_find(rig_view_str(p->write ? "write-16" : "read-16"));
    p->lba_field = rig_cdb_field_find(p->row, rig_view_str("lba"));
    for (uint32_t i = 0; p->slots && i < p->depth; i++) {
        perf_slot *slot = &p->slots[i];
        size_t len = (size_t)p->blocks * BLOCK;
        slot->iov = (struct iovec){malloc(len), len};
        if (!slot->iov.iov_base)
            return false;
        rig_cdb_init(slot->cdb, p->row);
        rig_cdb_set(slot->cdb, rig_cdb_field_find(p->row, rig_view_str("blocks")), p->blocks);
        slot->task = (rig_task){.kind = RIG_TASK_SCSI,
                                .lun = p->lun,
                                .cdb = rig_view_of(slot->cdb, 16),
                                .read = !p->write,
                                .write = p->write,
                                .edtl = (uint32_t)len,
                                .in = &slot->iov,
                                .num_in = 1,
                                .out = &slot->iov,
                                .num_out = 1,
                                .attr = 1,
                                .done = read_done,
                                .user = p};
    }
    return p->slots != NULL;
}

static int measure(perf *p, double seconds)
{
    if (!prepare(p) || !make_slots(p))
        return 1;
    uint64_t began = rig_loop_now(p->loop);
    p->deadline = began + (uint64_t)(seconds * (double)RIG_SECOND);
    for (uint32_t i = 0; i < p->depth; i++)
        submit(p, &p->slots[i], began);
    while (p->running > 0 && !p->failed)
        turn(p, RIG_NEVER);
    double took = (double)(rig_loop_now(p->loop) - began) / (double)RIG_SECOND;
    printf("iops average %.0f (%.0f MB/s) errors %llu allocations %llu\n", (double)p->done / took,
           (double)p->done * p->blocks * BLOCK / took / 1e6, (unsigned long long)p->errors,
           (unsigned long long)(p->done > WARM ? p->meter.num_calls - p->taken : 0));
    return p->failed || p->errors ? 1 : 0;
}

static int log_in(perf *p, const rig_run_url *url)
{
    rig_error error = {0};
    rig_session_config config;
    rig_alloc_meter_init(&p->meter, rig_alloc_libc());
    const rig_initiator_config node = {.alloc = &p->meter.alloc,
                                       .transport = rig_loop_transport(p->loop),
                                       .read_ahead = {malloc(READ_AHEAD), READ_AHEAD},
                                       .name = rig_view_str("iqn.2026-01.example.host:perf"),
                                       .event = on_event,
                                       .ctx = p};
    if (!node.read_ahead.iov_base || rig_initiator_new(&node, &p->initiator, &error))
        return 1;
    rig_session_config_init(&config);
    config.target = rig_view_str(url->target);
    config.portal = url->portal;
    p->lun = rig_lun_encode(url->lun);
    if (rig_session_new(p->initiator, &config, &p->session, &error) ||
        rig_session_login(p->session, rig_loop_now(p->loop)))
        return 1;
    while (!p->up && !p->failed)
        turn(p, RIG_NEVER);
    return p->failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    static perf p;
    double seconds = 2;
    rig_error error = {0};
    rig_run_url url;
    p.depth = 32;
    p.blocks = 8;
    for (int c; (c = getopt(argc, argv, "rwm:b:t:")) != -1;) {
        if (c == 'r')
            p.random = true;
        else if (c == 'w')
            p.write = true;
        else if (c == 'm')
            p.depth = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 'b')
            p.blocks = (uint32_t)strtoul(optarg, NULL, 10);
        else if (c == 't')
            seconds = strtod(optarg, NULL);
        else
            return 2;
    }
    bool sane = p.depth >= 1 && p.depth <= DEPTH_MAX && p.blocks >= 1 && p.blocks <= 32768;
    if (optind + 1 != argc || !sane || rig_run_url_parse(rig_view_str(argv[optind]), &url, &error))
        return 2;
    if (rig_loop_new(rig_alloc_libc(), &p.loop) || log_in(&p, &url))
        return 1;
    int bad = measure(&p, seconds);
    rig_initiator_free(p.initiator);
    rig_loop_free(p.loop);
    return bad;
}
