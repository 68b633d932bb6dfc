/* Sessions that are held: logs so many in, says how long that took and what they need here, and holds them
 * until its input ends. */
#include "rig/initiator.h"
#include "rig/run.h"
#include "rig/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AT_ONCE 64 /* logins under way together */
#define SESSIONS_MAX 100000
#define READ_AHEAD (256u << 10)

typedef struct hold {
    rig_loop *loop;
    rig_initiator *initiator;
    rig_session_config config;
    uint32_t wanted, begun, up;
    bool failed;
    uint8_t ahead[READ_AHEAD];
} hold;

static void log_in(hold *h)
{
    rig_session *session;
    h->begun++;
    h->failed = h->failed || rig_session_new(h->initiator, &h->config, &session, NULL) ||
                rig_session_login(session, rig_loop_now(h->loop));
}

static void on_event(void *ctx, const rig_event *event)
{
    hold *h = ctx;
    if (event->kind == RIG_EVENT_LOGIN_FAILED || event->kind == RIG_EVENT_SESSION_DOWN) {
        fprintf(stderr, "%s %s\n", rig_status_name(event->status), event->error ? event->error->text : "");
        h->failed = true;
    }
    h->up += event->kind == RIG_EVENT_SESSION_UP;
}

static void turn(hold *h)
{
    while (h->begun < h->wanted && h->begun - h->up < AT_ONCE && !h->failed)
        log_in(h);
    if (rig_loop_run_once(h->loop, rig_initiator_next_deadline(h->initiator)))
        h->failed = true;
    if (rig_initiator_next_deadline(h->initiator) <= rig_loop_now(h->loop))
        rig_initiator_tick(h->initiator, rig_loop_now(h->loop));
}

static bool make_node(hold *h, const rig_run_url *where)
{
    if (rig_loop_new(rig_alloc_libc(), &h->loop))
        return false;
    const rig_initiator_config node = {.alloc = rig_alloc_libc(),
                                       .transport = rig_loop_transport(h->loop),
                                       .read_ahead = {h->ahead, READ_AHEAD},
                                       .name = rig_view_str("iqn.2026-01.example.host:hold"),
                                       .event = on_event,
                                       .ctx = h};
    rig_session_config_init(&h->config);
    h->config.target = rig_view_str(where->target);
    h->config.portal = where->portal;
    return rig_initiator_new(&node, &h->initiator, NULL) == RIG_OK;
}

static unsigned long long resident_kib(void)
{
    char text[128];
    uint64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    rig_view rest = rig_view_of(text, file ? fread(text, 1, sizeof text, file) : 0);
    if (file)
        fclose(file);
    rig_view_split(&rest, ' '); /* all of its memory */
    if (!rig_view_u64(rig_view_split(&rest, ' '), &pages))
        pages = 0;
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE) / 1024;
}

int main(int argc, char **argv)
{
    static hold h;
    rig_run_url where;
    uint64_t wanted = 0;
    char byte;
    if (argc != 3 || !rig_view_u64(rig_view_str(argv[1]), &wanted) || wanted == 0 || wanted > SESSIONS_MAX ||
        rig_run_url_parse(rig_view_str(argv[2]), &where, NULL)) {
        fprintf(stderr, "usage: %s SESSIONS iscsi://host:port/iqn/lun\n", argv[0]);
        return 2;
    }
    h.wanted = (uint32_t)wanted;
    if (!make_node(&h, &where))
        return 1;
    unsigned long long before = resident_kib();
    uint64_t began = rig_loop_now(h.loop);
    while (h.up < h.wanted && !h.failed)
        turn(&h);
    printf("up %u ms %llu kib %llu\n", h.up,
           (unsigned long long)((rig_loop_now(h.loop) - began) / RIG_MILLISECOND), resident_kib() - before);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    rig_initiator_free(h.initiator);
    rig_loop_free(h.loop);
    return h.failed;
}
