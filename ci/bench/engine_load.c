/* Reads, writes or logins with the initiator engine over sockets, one client of the datapath bench. */
#include "load.h"
#include "rig/cdb.h"
#include "rig/initiator.h"
#include "rig/socket.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define READ_AHEAD (256u << 10)

typedef struct perf_slot {
    rig_task task;
    struct iovec iov;
    uint8_t cdb[RIG_CDB_MAX];
} perf_slot;

typedef struct perf_login {
    rig_session *session;
    rig_task logout;
} perf_login;

typedef struct perf {
    load load;
    rig_loop *loop;
    rig_initiator *initiator;
    rig_session_config config;
    rig_session *session;
    const rig_cdb_row *row;
    const rig_cdb_field *lba_field;
    uint32_t running;
    bool up, failed;
    rig_alloc_meter meter;
    uint64_t taken; /* allocations before the measured part */
    uint64_t lun;
    perf_slot *slots;
    perf_login *logins;
} perf;

static void submit(perf *p, perf_slot *slot, uint64_t now)
{
    rig_cdb_set(slot->cdb, p->lba_field, load_next(&p->load, slot->iov.iov_base));
    p->failed = p->failed || rig_session_submit(p->session, &slot->task, now) != RIG_OK;
    p->running += !p->failed;
}

static void one_more_done(perf *p)
{
    if (++p->load.done == LOAD_WARM)
        p->taken = p->meter.num_calls;
}

static void io_done(rig_task *task, uint64_t now)
{
    perf *p = task->user;
    p->running--;
    one_more_done(p);
    p->load.errors += task->status || task->response || task->scsi_status;
    if (!p->failed && load_more(&p->load))
        submit(p, (perf_slot *)(void *)((char *)task - offsetof(perf_slot, task)), now);
}

static void log_in(perf *p, perf_login *login);

static void on_login_event(perf *p, perf_login *login, const rig_event *event)
{
    if (event->kind == RIG_EVENT_SESSION_UP) {
        p->failed =
            p->failed || rig_session_submit(event->session, &login->logout, rig_loop_now(p->loop)) != RIG_OK;
    } else if (event->kind == RIG_EVENT_SESSION_DOWN) {
        rig_session_free(login->session);
        login->session = NULL;
        p->running--;
        one_more_done(p);
        if (!p->failed && load_more(&p->load))
            log_in(p, login);
    }
}

static void on_event(void *ctx, const rig_event *event)
{
    perf *p = ctx;
    perf_login *login = event->session ? rig_session_user(event->session) : NULL;
    p->up = p->up || event->kind == RIG_EVENT_SESSION_UP;
    p->failed = p->failed || event->kind == RIG_EVENT_LOGIN_FAILED ||
                (event->kind == RIG_EVENT_SESSION_DOWN && !login);
    if (event->error && event->error->text[0])
        fprintf(stderr, "%s\n", event->error->text);
    if (login)
        on_login_event(p, login, event);
}

static void turn(perf *p)
{
    if (rig_loop_run_once(p->loop, rig_initiator_next_deadline(p->initiator)))
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
static uint64_t read_capacity(perf *p)
{
    uint8_t data[32] = {0}, cdb[16] = {0x9e, 0x10};
    struct iovec iov = {data, sizeof data};
    cdb[13] = sizeof data;
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
        if (rig_session_submit(p->session, &task, rig_loop_now(p->loop)))
            return 0;
        while (!over)
            turn(p);
        if (!task.status && !task.scsi_status)
            return rig_be_get(data, 8) + 1;
    }
    return 0;
}

static bool make_slots(perf *p)
{
    p->slots = calloc(p->load.depth, sizeof *p->slots);
    p->row = rig_cdb_find(rig_view_str(p->load.write ? "write-16" : "read-16"));
    p->lba_field = rig_cdb_field_find(p->row, rig_view_str("lba"));
    for (uint32_t i = 0; p->slots && i < p->load.depth; i++) {
        perf_slot *slot = &p->slots[i];
        size_t len = (size_t)p->load.blocks * LOAD_BLOCK;
        slot->iov = (struct iovec){calloc(1, len), len};
        if (!slot->iov.iov_base)
            return false;
        rig_cdb_init(slot->cdb, p->row);
        rig_cdb_set(slot->cdb, rig_cdb_field_find(p->row, rig_view_str("blocks")), p->load.blocks);
        slot->task = (rig_task){.kind = RIG_TASK_SCSI,
                                .lun = p->lun,
                                .cdb = rig_view_of(slot->cdb, 16),
                                .read = !p->load.write,
                                .write = p->load.write,
                                .edtl = (uint32_t)len,
                                .in = &slot->iov,
                                .num_in = 1,
                                .out = &slot->iov,
                                .num_out = 1,
                                .attr = 1,
                                .done = io_done,
                                .user = p};
    }
    return p->slots != NULL;
}

static bool finish(perf *p)
{
    while (p->running > 0 && !p->failed)
        turn(p);
    p->load.counted = !p->load.logins; /* a login may ask for memory */
    p->load.allocations = p->load.done > LOAD_WARM ? p->meter.num_calls - p->taken : 0;
    return !p->failed;
}

static bool measure_ios(perf *p)
{
    rig_error error = {0};
    if (rig_session_new(p->initiator, &p->config, &p->session, &error) ||
        rig_session_login(p->session, rig_loop_now(p->loop)))
        return false;
    while (!p->up && !p->failed)
        turn(p);
    uint64_t num_blocks = p->failed ? 0 : read_capacity(p);
    if (num_blocks < p->load.blocks || !make_slots(p))
        return false;
    load_begin(&p->load, num_blocks);
    for (uint32_t i = 0; i < p->load.depth; i++)
        submit(p, &p->slots[i], rig_loop_now(p->loop));
    return finish(p);
}

static void logout_done(rig_task *task, uint64_t now)
{
    (void)now;
    perf *p = task->user;
    p->load.errors += task->status || task->response;
}

static void log_in(perf *p, perf_login *login)
{
    rig_error error = {0};
    p->config.user = login;
    login->logout = (rig_task){.kind = RIG_TASK_LOGOUT, .done = logout_done, .user = p};
    p->failed = p->failed || rig_session_new(p->initiator, &p->config, &login->session, &error) ||
                rig_session_login(login->session, rig_loop_now(p->loop));
    p->running += !p->failed;
}

static bool measure_logins(perf *p)
{
    p->logins = calloc(p->load.depth, sizeof *p->logins);
    if (!p->logins)
        return false;
    load_begin(&p->load, p->load.blocks);
    for (uint32_t i = 0; i < p->load.depth; i++)
        log_in(p, &p->logins[i]);
    return finish(p);
}

static bool make_node(perf *p)
{
    rig_error error = {0};
    const rig_initiator_config node = {.alloc = &p->meter.alloc,
                                       .transport = rig_loop_transport(p->loop),
                                       .read_ahead = {malloc(READ_AHEAD), READ_AHEAD},
                                       .name = rig_view_str(LOAD_IQN),
                                       .event = on_event,
                                       .ctx = p};
    if (!node.read_ahead.iov_base || rig_initiator_new(&node, &p->initiator, &error))
        return false;
    rig_session_config_init(&p->config);
    p->config.target = rig_view_str(p->load.where.target);
    p->config.portal = p->load.where.portal;
    p->config.start_operational = true; /* one exchange, as the others do */
    p->lun = rig_lun_encode(p->load.where.lun);
    return true;
}

int main(int argc, char **argv)
{
    static perf p;
    if (!load_options(&p.load, argc, argv))
        return 2;
    rig_alloc_meter_init(&p.meter, rig_alloc_libc());
    if (rig_loop_new(&p.meter.alloc, &p.loop) || !make_node(&p))
        return 1;
    bool well = p.load.logins ? measure_logins(&p) : measure_ios(&p);
    int bad = load_end(&p.load);
    rig_initiator_free(p.initiator);
    rig_loop_free(p.loop);
    return !well || bad;
}
