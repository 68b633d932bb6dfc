#include "tests/world.h"

static world w;

typedef struct caller {
    rig_simhost *host;
    rig_stream *stream;
    rig_listener *listener;
    rig_stream_event act_on;
    rig_close_how how;
    int left; /* connections still to make */
    int failed;
    int closed;
} caller;

static void connect_again(caller *c);

static int no_space(void *ctx, struct iovec *iov, int max)
{
    (void)ctx;
    (void)iov;
    (void)max;
    return 0;
}

static void never_received(void *ctx, size_t len, uint64_t now)
{
    (void)ctx;
    (void)len;
    (void)now;
    CU_FAIL("bytes without a place");
}

static int close_in_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    caller *c = ctx;
    (void)iov;
    (void)max;
    (void)now;
    if (c->act_on == RIG_STREAM_FAILED && c->stream) {
        rig_close(c->stream, RIG_CLOSE_RESET);
        c->stream = NULL;
    }
    return 0;
}

static void never_sent(void *ctx, size_t len, uint64_t now)
{
    never_received(ctx, len, now);
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    caller *c = ctx;
    (void)why;
    (void)now;
    c->failed += event == RIG_STREAM_FAILED;
    c->closed += event == RIG_STREAM_CLOSED;
    if (event == c->act_on && event != RIG_STREAM_FAILED)
        rig_close(c->stream, c->how);
    bool over = event == RIG_STREAM_FAILED || event == RIG_STREAM_CLOSED;
    if ((over || c->how == RIG_CLOSE_RESET) && c->left-- > 0)
        connect_again(c);
}

static const rig_stream_user_ops caller_ops = {no_space, never_received, close_in_output, never_sent,
                                               on_event};

static void connect_again(caller *c)
{
    rig_portal portal = {.host = "10.0.0.2", .port = 3260};
    rig_stream_user user = {&caller_ops, c};
    CU_ASSERT_EQUAL(rig_connect(rig_simhost_transport(c->host), NULL, &portal, &user, &c->stream), RIG_OK);
}

static void reconnecting_from_inside_events(void)
{
    world_start(&w, 1, 0, NULL);
    caller c = {.host = w.client, .act_on = RIG_STREAM_CONNECTED, .how = RIG_CLOSE_RESET, .left = 3};
    connect_again(&c);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(w.num_b, 4);
    for (size_t i = 0; i < w.num_b; i++)
        CU_ASSERT(w.b[i].failed && w.b[i].why == RIG_E_RESET);
    world_stop(&w);
}

static void reset_from_inside_output(void)
{
    world_start(&w, 1, 0, NULL);
    caller c = {.host = w.client, .act_on = RIG_STREAM_FAILED};
    connect_again(&c);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.num_b == 1 && w.b[0].failed);
    CU_ASSERT_EQUAL(c.failed, 0);
    world_stop(&w);
}

static void refused_connections_that_try_again(void)
{
    world_start(&w, 1, 0, NULL);
    rig_unlisten(w.listener);
    caller c = {.host = w.client, .left = 9};
    connect_again(&c);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(c.failed, 10);
    world_stop(&w);
}

static bool accept_and_close(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    caller *c = ctx;
    (void)now;
    rig_address local, remote;
    rig_ends(stream, &local, &remote);
    CU_ASSERT(local.port == 860 && remote.port >= 32768);
    rig_unlisten(c->listener);
    rig_close(stream, c->how);
    *out_user = (rig_stream_user){&caller_ops, c};
    return true;
}

static void closing_from_inside_accept(void)
{
    for (int how = RIG_CLOSE_FLUSH; how <= RIG_CLOSE_RESET; how++) {
        world_start(&w, 1, 0, NULL);
        caller c = {.host = w.server, .how = (rig_close_how)how};
        rig_address at = {.port = 860};
        const rig_transport *server = rig_simhost_transport(w.server);
        CU_ASSERT_EQUAL(rig_listen(server, &at, accept_and_close, &c, &c.listener), RIG_OK);
        rig_portal portal = {.host = "fd00::2", .port = 860};
        rig_stream_user user = {&peer_ops, &w.a};
        peer_start(&w.a, &w);
        w.a.close_on_fin = true;
        CU_ASSERT_EQUAL(rig_connect(rig_simhost_transport(w.client), NULL, &portal, &user, &w.a.stream),
                        RIG_OK);
        CU_ASSERT(world_run(&w, RIG_NEVER));
        CU_ASSERT_EQUAL(w.a.closed, how != RIG_CLOSE_RESET);
        CU_ASSERT_EQUAL(w.a.failed, how == RIG_CLOSE_RESET);
        CU_ASSERT_EQUAL(c.closed, how != RIG_CLOSE_RESET);
        world_stop(&w);
    }
}

static void listening_twice(void)
{
    world_start(&w, 1, 0, NULL);
    const rig_transport *server = rig_simhost_transport(w.server);
    rig_listener *listener;
    rig_address same = {.port = 3260}, part = {world_ip("10.0.0.2"), 3260}, other = {world_ip("10.0.0.1"), 1},
                any = {0};
    CU_ASSERT_EQUAL(rig_listen(server, &same, world_accept, &w, &listener), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(rig_listen(server, &part, world_accept, &w, &listener), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(rig_listen(server, &other, world_accept, &w, &listener), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_listen(server, &any, world_accept, &w, &listener), RIG_OK);
    rig_bound(listener, &any);
    CU_ASSERT(any.port != 0);
    world_stop(&w);
}

static void local_ends_can_be_chosen(void)
{
    world_start(&w, 1, 0, NULL);
    rig_portal portal = {.host = "10.0.0.2", .port = 3260};
    rig_address local = {world_ip("10.0.0.1"), 1234}, wrong = {world_ip("10.0.0.9"), 0},
                other = {world_ip("fd00::1"), 0};
    rig_stream_user user = {&peer_ops, &w.a};
    const rig_transport *client = rig_simhost_transport(w.client);
    rig_stream *second;
    peer_start(&w.a, &w);
    CU_ASSERT_EQUAL(rig_connect(client, &wrong, &portal, &user, &w.a.stream), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(rig_connect(client, &other, &portal, &user, &w.a.stream), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(rig_connect(client, &local, &portal, &user, &w.a.stream), RIG_OK);
    CU_ASSERT_EQUAL(rig_connect(client, &local, &portal, &user, &second), RIG_E_EXISTS);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    rig_address a, b;
    rig_ends(w.b[0].stream, &a, &b);
    CU_ASSERT_EQUAL(b.port, 1234);
    CU_ASSERT(rig_ip_eq(&b.ip, &local.ip));
    world_stop(&w);
}

static void the_clock_moves_with_events_and_by_hand(void)
{
    world_start(&w, 1, 5 * RIG_MILLISECOND, NULL);
    CU_ASSERT_EQUAL(rig_simnet_next(w.net), RIG_NEVER);
    CU_ASSERT(!rig_simnet_step(w.net));
    rig_simnet_advance(w.net, 7);
    rig_simnet_advance(w.net, 3);
    CU_ASSERT_EQUAL(rig_simnet_now(w.net), 7);
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT_EQUAL(rig_simnet_next(w.net), 7);
    CU_ASSERT(rig_simnet_step(w.net));
    CU_ASSERT_EQUAL(rig_simnet_next(w.net), 7 + 5 * RIG_MILLISECOND);
    world_stop(&w);
}

RIG_SUITE("net reentry", {"reconnecting from inside events", reconnecting_from_inside_events},
          {"reset from inside output", reset_from_inside_output},
          {"refused connections that try again", refused_connections_that_try_again},
          {"closing from inside accept", closing_from_inside_accept}, {"listening twice", listening_twice},
          {"local ends can be chosen", local_ends_can_be_chosen},
          {"the clock moves with events and by hand", the_clock_moves_with_events_and_by_hand})
