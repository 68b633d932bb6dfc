/* Discovery: asks a portal for its targets in one session, each of PREFIX0 … has to come once, and says how
 * long the answer took. */
#include "rig/initiator.h"
#include "rig/run.h"
#include "rig/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_AHEAD (256u << 10)
#define TARGETS_MAX 1000000
#define SEGMENT 8192 /* what the initiator takes in one PDU, the default of the standard */

typedef struct find {
    rig_loop *loop;
    rig_initiator *initiator;
    rig_session *session;
    rig_task task;
    const char *prefix;
    uint64_t wanted, found, bytes;
    uint8_t *seen;
    uint8_t ahead[READ_AHEAD];
    bool up, over, failed;
} find;

static void turn(find *f)
{
    if (rig_loop_run_once(f->loop, rig_initiator_next_deadline(f->initiator)))
        f->failed = true;
    if (rig_initiator_next_deadline(f->initiator) <= rig_loop_now(f->loop))
        rig_initiator_tick(f->initiator, rig_loop_now(f->loop));
}

static void on_event(void *ctx, const rig_event *event)
{
    find *f = ctx;
    f->up = f->up || event->kind == RIG_EVENT_SESSION_UP;
    f->failed = f->failed || event->kind == RIG_EVENT_LOGIN_FAILED || event->kind == RIG_EVENT_SESSION_DOWN;
}

static bool note(find *f, rig_view name)
{
    uint64_t number;
    size_t len = strlen(f->prefix);
    if (name.len <= len || memcmp(name.ptr, f->prefix, len) != 0 ||
        !rig_view_u64(rig_view_of(name.ptr + len, name.len - len), &number) || number >= f->wanted ||
        f->seen[number])
        return false;
    f->seen[number] = 1;
    f->found++;
    return true;
}

static void answered(rig_task *task, uint64_t now)
{
    find *f = task->user;
    rig_view rest = task->text, name = {0};
    rig_target_record record;
    rig_status status;
    (void)now;
    f->over = true;
    f->bytes = task->text.len;
    while ((status = rig_sendtargets_next(&rest, &name, &record, NULL)) == RIG_OK)
        f->failed = f->failed || !note(f, record.name);
    f->failed = f->failed || task->status || status != RIG_E_NOT_FOUND || f->found != f->wanted;
}

static bool build(find *f, const char *portal)
{
    rig_session_config config;
    f->seen = calloc(f->wanted, 1);
    if (!f->seen || rig_loop_new(rig_alloc_libc(), &f->loop))
        return false;
    const rig_initiator_config node = {.alloc = rig_alloc_libc(),
                                       .transport = rig_loop_transport(f->loop),
                                       .read_ahead = {f->ahead, READ_AHEAD},
                                       .name = rig_view_str("iqn.2026-01.example.host:find"),
                                       .event = on_event,
                                       .ctx = f};
    rig_session_config_init(&config);
    config.discovery = true;
    config.offer[RIG_KEY_MAX_RECV_DATA].value = SEGMENT;
    return !rig_portal_parse(rig_view_str(portal), &config.portal, NULL) &&
           !rig_initiator_new(&node, &f->initiator, NULL) &&
           !rig_session_new(f->initiator, &config, &f->session, NULL) &&
           !rig_session_login(f->session, rig_loop_now(f->loop));
}

static bool ask(find *f)
{
    static char all[] = "SendTargets=All";
    static const struct iovec text = {all, sizeof all};
    f->task = (rig_task){.kind = RIG_TASK_TEXT,
                         .out = &text,
                         .num_out = 1,
                         .done = answered,
                         .user = f,
                         .timeout = 60 * RIG_SECOND};
    return rig_session_submit(f->session, &f->task, rig_loop_now(f->loop)) == RIG_OK;
}

int main(int argc, char **argv)
{
    static find f;
    if (argc != 4 || !rig_view_u64(rig_view_str(argv[1]), &f.wanted) || f.wanted == 0 ||
        f.wanted > TARGETS_MAX) {
        fprintf(stderr, "usage: %s TARGETS PREFIX ADDR:PORT\n", argv[0]);
        return 2;
    }
    f.prefix = argv[2];
    f.failed = !build(&f, argv[3]);
    while (!f.up && !f.failed)
        turn(&f);
    uint64_t began = f.loop ? rig_loop_now(f.loop) : 0;
    f.failed = f.failed || !ask(&f);
    while (!f.over && !f.failed)
        turn(&f);
    uint64_t took = f.loop ? rig_loop_now(f.loop) - began : 0;
    printf("targets %llu bytes %llu pdus %llu us %llu\n", (unsigned long long)f.found,
           (unsigned long long)f.bytes, (unsigned long long)((f.bytes + SEGMENT - 1) / SEGMENT),
           (unsigned long long)(took / 1000));
    rig_initiator_free(f.initiator);
    rig_loop_free(f.loop);
    free(f.seen);
    return f.failed;
}
